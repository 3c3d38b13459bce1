"""Work that is watched: its reports and its end arrive here, and what arrives here ends it."""

from __future__ import annotations

import signal
import threading
from threading import Event, Thread, get_ident
from types import FrameType

import pytest

from kada_dagster.loader.engine.context import Report
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.stopping import breakable
from kada_dagster.loader.engine.watching import watched
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.engine.test_stopping import sleepers, wait_for


class InterruptedRunError(Exception):
    """What a signal handler raises."""


def test_what_is_reported_arrives_in_the_thread_that_waits() -> None:
    said: list[tuple[str, int]] = []

    def work(report: Report) -> int:
        report("first")
        report("second")
        return get_ident()

    other = watched(work, lambda what: said.append((what, get_ident())))
    assert said == [("first", get_ident()), ("second", get_ident())]
    assert other != get_ident()


def test_what_the_work_raises_is_raised() -> None:
    def work(report: Report) -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        watched(work, print)


def test_an_error_of_a_report_breaks_the_work_off() -> None:
    broken = Event()

    def work(report: Report) -> None:
        with breakable(broken.set):
            report("begin")
            assert broken.wait(10)

    def refuse(what: str) -> None:
        raise InterruptedRunError(what)

    with pytest.raises(InterruptedRunError, match="begin"):
        watched(work, refuse)
    assert broken.is_set()


def test_a_signal_breaks_off_what_a_server_computes_and_no_thread_is_left(ends: Ends) -> None:
    files = {"public/t/task.yaml": "mode: sql\nsql: q.sql\n"}
    project = ends.project(**files, **{"public/t/q.sql": "SELECT 1 AS id FROM pg_sleep(300)"})
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")

    def handler(number: int, frame: FrameType | None) -> None:
        raise InterruptedRunError

    def interrupt() -> None:
        wait_for(ends, 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        Thread(target=interrupt).start()
        with pytest.raises(InterruptedRunError):
            watched(lambda report: run_task(project.tasks["public.t"], project), print)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sleepers(ends) == 0
    assert ends.at_target("SELECT id FROM t") == [(7,)]
    assert not [thread for thread in threading.enumerate() if thread.name == "load"]
