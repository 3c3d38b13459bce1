"""Work in a thread of its own, watched from this one, so that a signal ends it.

A driver that waits for a server hears no signal: an interrupt would be noticed when the load is
over. Here it reaches a thread that waits in Python, and breaks the load off.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from kada_dagster.loader.engine.context import Report
from kada_dagster.loader.engine.stopping import Stop, stoppable

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that what was broken off may take to notice; what does not ends with the process."""


def watched(work: Callable[[Report], T], report: Report) -> T:
    """Do a piece of work, and come back when it is done or broken off.

    Args:
        work: called in another thread, with what it reports to.
        report: called in this one, with what the work reports.

    Returns:
        What the work gives; what it raises is raised.
    """
    stop, said, result = Stop(), SimpleQueue[str | None](), Future[T]()
    thread = Thread(target=_do, args=(work, stop, said, result), name="load", daemon=True)
    try:
        thread.start()
        while (what := said.get()) is not None:
            report(what)
        return result.result()
    finally:
        stop.set()
        join(thread)


def join(thread: Thread) -> None:
    """Wait for the end of a thread that was broken off, perhaps before it began."""
    if thread.is_alive():
        thread.join(PATIENCE)


def _do(
    work: Callable[[Report], T], stop: Stop, said: SimpleQueue[str | None], result: Future[T]
) -> None:
    try:
        with stoppable(stop):
            result.set_result(work(said.put))
    except BaseException as error:
        result.set_exception(error)
    finally:
        said.put(None)
