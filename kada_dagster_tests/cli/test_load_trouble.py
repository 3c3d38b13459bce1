"""`kada load run` when something breaks in the middle: the next run makes it right."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.cli.load_project import Load

ROWS = 3000
SOURCE = f"""
CREATE TABLE a (id int PRIMARY KEY, note text);
INSERT INTO a SELECT i, repeat('x', 200) FROM generate_series(1, {ROWS}) i;
CREATE TABLE b AS SELECT * FROM a;
"""
SLOW = "SELECT id, note FROM a CROSS JOIN LATERAL (SELECT pg_sleep(0.002 * (id - id + 1))) s"


@pytest.fixture
def slow(load: Load) -> Load:
    """Two tasks; one takes seconds, the other is split in ranges."""
    load.ends.at_source(SOURCE)
    load.ends.at_target("CREATE TABLE a (id int PRIMARY KEY, note text)")
    load.ends.at_target("INSERT INTO a VALUES (-1, 'old')")
    load.write(
        {
            "erp/route.yaml": "source: erp\n",
            "erp/public/a/task.yaml": "mode: full\nsource: {query: a.sql}\n",
            "erp/public/a/a.sql": SLOW,
            "erp/public/b/task.yaml": "mode: full\nsource: {table: public.b}\n"
            "target: {ddl: auto}\nsplit: {by: id, size: 1000, start: 0, end: 4000}\n",
        }
    )
    return load


def same(load: Load, table: str) -> bool:
    query = f"SELECT count(*), sum(hashtext(t::text)) FROM {table} t"
    return load.ends.at_target(query) == load.ends.at_source(query)


def test_a_process_that_is_killed_leaves_what_it_had_committed_and_nothing_else(slow: Load) -> None:
    kada = Kada(slow.folder)
    process = subprocess.Popen(
        kada.command("load", "run", "-p", ".", "--all", "--jobs", "2"),
        cwd=slow.folder,
        env=kada.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert _until(process, "public.b 3000: loaded")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert slow.ends.at_target("SELECT id FROM a") == [(-1,)]
    assert same(slow, "b")
    (slow.folder / "routes/erp/public/a/a.sql").write_text("SELECT id, note FROM a")
    said = slow("run", "--all", "--jobs", "2")
    assert said.code == 0, said.err
    assert same(slow, "a")
    assert same(slow, "b")


def _until(process: subprocess.Popen[str], text: str) -> bool:
    assert process.stderr is not None
    return any(text in line for line in iter(process.stderr.readline, ""))


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_connection_that_is_cut_in_the_middle_is_made_again_and_the_load_is_whole(
    slow: Load, end: str
) -> None:
    file = slow.folder / "routes/erp/public/a/task.yaml"
    file.write_text(file.read_text() + "retries: {max_retries: 1, delay_seconds: 0}\n")
    few = SLOW.replace("FROM a", "FROM (SELECT * FROM a WHERE id <= 500) a")
    (file.parent / "a.sql").write_text(few)
    kada = Kada(slow.folder)
    process = subprocess.Popen(
        kada.command("load", "run", "-p", ".", "public.a", "--json"),
        cwd=slow.folder,
        env=kada.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert _until(process, "copy public.a")
    time.sleep(0.2)
    (slow.folder / "routes/erp/public/a/a.sql").write_text("SELECT id, note FROM a")
    slow.ends.at_target(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s "
        "AND query LIKE '%%COPY%%' AND pid <> pg_backend_pid()",
        getattr(slow.ends, end),
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert '"attempts": 2' in out
    assert "again in 0 s (1 of 1)" in err
    assert same(slow, "a")
