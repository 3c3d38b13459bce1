"""Two loads at once: one waits or fails cleanly, and nothing is there twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine import commits
from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.errors import LoadBusyError
from kada_dagster_tests.loader.databases import Ends

ROWS = "CREATE TABLE t AS SELECT i AS id, md5(i::text) AS v FROM generate_series(1, 4000) AS i"
MODES = {
    "full, rename": "mode: full\ntarget: {swap: rename}\n",
    "full, delete": "mode: full\ntarget: {swap: delete}\n",
    "full, truncate": "mode: full\ntarget: {swap: truncate}\n",
    "upsert": "mode: upsert\nkey: [id]\n",
    "incremental, with a key": "mode: incremental\ncursor: id\nlag: 3\nkey: [id]\n",
    "incremental, without": "mode: incremental\ncursor: id\nlag: 3\n",
    "diff": "mode: diff\nkey: [id]\n",
    "history": "mode: history\nkey: [id]\ntarget: {ddl: auto}\n",
}
SOURCE = "source: {table: public.t}\n"
SPLIT = f"mode: full\n{SOURCE}split: {{by: id, size: 1000, start: 0, end: 4000}}\n"
PARTS = [Part("0", 0, 1000, includes_null=True), Part("1000", 1000, 2000), Part("2000", 2000, None)]
SAME = "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM t"


def at_once(*loads: Callable[[], Any]) -> list[Any]:
    """What they give, or the errors they end with."""

    def result(load: Callable[[], Any]) -> Any:
        try:
            return load()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(loads)) as pool:
        return list(pool.map(result, loads))


def in_processes(number: int, load: Callable[[], Any]) -> list[int]:
    """Return codes of processes of their own; 75 where another one was in the way."""
    sys.stdout.flush()
    pids = [_process(load) for _ in range(number)]
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def _process(load: Callable[[], Any]) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        load()
        code = 0
    except LoadBusyError:
        code = 75
    finally:
        os._exit(code)


def loading(project: Project, part: Part | None = None) -> Callable[[], LoadResult]:
    return lambda: run_task(project.tasks["public.t"], project, part=part)


@pytest.fixture
def filled(ends: Ends) -> Ends:
    """4,000 rows at the source, and an empty table at the target."""
    ends.at_source(ROWS)
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v text)")
    return ends


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
@pytest.mark.parametrize("mode", MODES)
def test_two_loads_of_a_task_come_to_the_same_as_one(
    filled: Ends, mode: str, isolation: str
) -> None:
    default = f"default_transaction_isolation = '{isolation}'"
    filled.at_target(f"ALTER DATABASE {filled.target} SET {default}")
    project = filled.project(**{"public/t/task.yaml": MODES[mode] + SOURCE})
    if mode == "incremental, without":
        filled.at_target("ALTER TABLE t DROP CONSTRAINT t_pkey")
    done = at_once(loading(project), loading(project))
    assert all(isinstance(one, LoadResult) for one in done), done
    assert filled.at_target(SAME) == [(4000, 4000, 1, 4000)]


def test_a_load_that_had_to_wait_too_long_says_so_and_did_nothing(
    filled: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_WAIT_SECONDS", 0.3)
    slow = "INSERT INTO t SELECT 1 FROM pg_sleep(1.5)"
    files = {"public/t/task.yaml": "mode: sql\nbefore: slow.sql\n", "public/t/slow.sql": slow}
    project = filled.project(**files)
    done = at_once(loading(project), loading(project))
    busy = [one for one in done if isinstance(one, LoadBusyError)]
    assert len(busy) == 1
    assert busy[0].transient
    assert filled.at_target("SELECT id FROM t") == [(1,)]


def test_ranges_are_loaded_side_by_side_into_a_table_that_one_of_them_makes(ends: Ends) -> None:
    ends.at_source(ROWS)
    project = ends.project(**{"public/t/task.yaml": f"{SPLIT}target: {{ddl: auto}}\n"})
    done = at_once(*(loading(project, part) for part in PARTS))
    assert [one.counts.inserted for one in done] == [999, 1000, 2001]
    assert sorted(bool(one.notes.get("ddl")) for one in done) == [False, False, True]
    assert ends.at_target(SAME) == [(4000, 4000, 1, 4000)]


def test_ranges_add_a_column_once(filled: Ends) -> None:
    filled.at_source("ALTER TABLE t ADD COLUMN more int DEFAULT 5")
    project = filled.project(**{"public/t/task.yaml": f"{SPLIT}target: {{ddl: auto}}\n"})
    done = at_once(*(loading(project, part) for part in PARTS))
    assert all(isinstance(one, LoadResult) for one in done), done
    assert sorted(one.notes.get("ddl", "") for one in done) == ["", "", "add more integer"]
    assert filled.at_target("SELECT count(*), sum(more) FROM t") == [(4000, 20000)]


def test_the_same_range_and_the_whole_are_not_loaded_twice(filled: Ends) -> None:
    filled.at_target("ALTER TABLE t DROP CONSTRAINT t_pkey")
    project = filled.project(**{"public/t/task.yaml": f"{SPLIT}target: {{swap: delete}}\n"})
    parts = [PARTS[0], PARTS[0], None, PARTS[2], None]
    done = at_once(*(loading(project, part) for part in parts))
    assert all(isinstance(one, LoadResult) for one in done), done
    assert filled.at_target(SAME) == [(4000, 4000, 1, 4000)]


def test_eight_processes_find_a_database_without_anything(ends: Ends) -> None:
    ends.at_source(ROWS)
    auto = f"mode: upsert\nkey: [id]\n{SOURCE}target: {{ddl: auto}}\n"
    project = ends.project(**{"public/t/task.yaml": auto})
    assert in_processes(8, loading(project)) == [0] * 8
    assert ends.at_target(SAME) == [(4000, 4000, 1, 4000)]
    assert ends.at_target("SELECT task, rows FROM kada_loader.state") == [("public.t", 4000)]


def test_a_range_whose_column_has_another_name_in_the_target_is_replaced(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1500)")
    ends.at_target("CREATE TABLE t (number int); INSERT INTO t VALUES (2), (1500)")
    project = ends.project(**{"public/t/task.yaml": f"{SPLIT}columns: {{number: id}}\n"})
    loading(project, PARTS[0])()
    assert ends.at_target("SELECT number FROM t ORDER BY 1") == [(1,), (1500,)]
