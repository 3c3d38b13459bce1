"""Ctrl-C, SIGTERM and a terminal: loads that are broken off, and results that are drawn."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time

import pytest

from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.cli.load_project import Load, tables
from kada_dagster_tests.cli.test_interrupt import _all_of

SLOW = "SELECT i AS id, 'x' AS note FROM generate_series(1, 3) i, pg_sleep(100)"


@pytest.fixture
def slow(load: Load) -> Load:
    """A task that is quick, and two that would take minutes, at the source and at the target."""
    load.ends.at_source(tables("a"))
    load.ends.at_target(tables("b", "c"))
    load.write(
        {
            "erp/route.yaml": "source: erp\n",
            "erp/public/a/task.yaml": "mode: full\nsource: {table: public.a}\n"
            "target: {ddl: auto}\n",
            "erp/public/b/task.yaml": "mode: full\nsource: {query: b.sql}\n",
            "erp/public/b/b.sql": SLOW,
            "erp/public/c/task.yaml": "mode: sql\nsql: c.sql\n",
            "erp/public/c/c.sql": SLOW,
        }
    )
    return load


def sleepers(load: Load) -> int:
    return load.ends.at_target(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%pg_sleep%%'"
        " AND pid <> pg_backend_pid() AND datname IN (%s, %s)",
        load.ends.source,
        load.ends.target,
    )[0][0]


def wait_for(load: Load, number: int) -> None:
    end = time.monotonic() + 30
    while sleepers(load) != number:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_leaves_nothing_half_written(
    slow: Load, sent: signal.Signals
) -> None:
    kada = Kada(slow.folder)
    process = subprocess.Popen(
        kada.command("load", "run", "-p", ".", "--all", "--jobs", "3"),
        cwd=slow.folder,
        env=kada.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert any("public.a: loaded" in line for line in iter(process.stderr.readline, ""))
    wait_for(slow, 2)
    began = time.monotonic()
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert "interrupted: nothing was left half-written" in err
    assert "Traceback" not in err
    assert "public.a" in out  # what was loaded before is told
    wait_for(slow, 0)
    assert slow.ends.at_target("SELECT count(*) FROM b") == [(3,)]
    assert slow.ends.at_target("SELECT note FROM c WHERE id = 1") == [("row 1",)]
    assert [row[0] for row in slow.ends.at_target("SELECT task FROM kada_loader.state")] == [
        "public.a"
    ]


def test_on_a_terminal_the_result_is_a_drawn_table_and_no_name_steers_it(load: Load) -> None:
    evil = "\x1b]0;owned\x07"
    load.ends.at_source(f'CREATE TABLE "{evil}" AS SELECT 1234 AS id FROM generate_series(1, 1500)')
    load.write({"erp/route.yaml": "source: erp\n"})
    assert load("generate", "public", "-r", "erp").code == 0
    kada = Kada(load.folder)
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        kada.command("load", "run", "-p", ".", "--all"),
        cwd=load.folder,
        env={**kada.environment, "TERM": "xterm-256color"},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = _all_of(master)
    assert process.wait(timeout=60) == 0
    assert "━━━" in shown or "───" in shown
    assert "1,500" in shown
    assert "]0;owned" not in shown.replace("\N{REPLACEMENT CHARACTER}]0;owned", "")
