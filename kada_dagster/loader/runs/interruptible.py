"""Work with servers that Ctrl-C can end: drivers that wait for a server hear no signal."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from kada_dagster.loader.engine.stopping import Stop, stoppable

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds that what was broken off may take to notice."""


def interruptible(work: Callable[[], T]) -> T:
    """Do something in a thread of its own, and break it off when this one is interrupted.

    Args:
        work: what to do; its transactions are rolled back when it is broken off.

    Raises:
        BaseException: what `work` raised, or what interrupted this thread.
    """
    stop = Stop()
    results: SimpleQueue[T] = SimpleQueue()
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            with stoppable(stop):
                results.put(work())
        except BaseException as error:
            ended.put(error)
        else:
            ended.put(None)

    thread = Thread(target=run, daemon=True)
    try:
        thread.start()
        error = ended.get()
    except BaseException:
        stop.set()
        join(thread)
        raise
    if error is not None:
        raise error
    return results.get()


def join(thread: Thread) -> None:
    """Wait for the end of a thread that was broken off, perhaps before it began."""
    if thread.is_alive():
        thread.join(PATIENCE)
