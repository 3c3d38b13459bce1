"""A load is killed while the target computes: the server notices, and another one can go on."""

from __future__ import annotations

import os
import signal
import time

from kada_dagster_tests.copies import original
from kada_dagster_tests.loader.databases import Ends

RUNNER = "kada_dagster_tests.loader.faults.runner:main"


def test_the_server_gives_up_what_it_computes_for_a_process_that_is_gone(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int); CREATE TABLE slow AS SELECT 300 AS seconds")
    query = "SELECT 1 AS id FROM slow, pg_sleep(seconds)"
    ends.project(
        **{"public/t/task.yaml": "mode: sql\nsql: build.sql\n", "public/t/build.sql": query}
    )
    arguments, runner = [str(ends.folder), "one"], original(RUNNER)
    killed = runner.run([*arguments, str(-300_000)], cwd=ends.folder, env=os.environ)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ends.at_target("UPDATE slow SET seconds = 0")
    began = time.monotonic()
    done = runner.run(arguments, cwd=ends.folder, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 20
    assert ends.at_target("SELECT id FROM t") == [(1,)]
