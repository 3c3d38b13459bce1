"""Breaking off a load from another thread: what it waits for is cut, and its transaction ends.

A driver that waits for a server hears no signal. So whoever wants to be able to stop loads runs
them in threads of their own, each within `stoppable`, and waits for them where signals arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock

from kada_dagster.loader.errors import LoaderError

Break = Callable[[], None]
"""Ends a wait from another thread; may be called when nothing waits any more."""


class LoadStoppedError(LoaderError):
    """Somebody asked for the end of a load before it came to its end."""


class Stop:
    """Stops everything that runs within `stoppable`, in any number of threads; once."""

    def __init__(self) -> None:
        self._event, self._lock = Event(), Lock()
        self._breaks: list[Break] = []

    @property
    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._event.is_set()

    def set(self) -> None:
        """Break off what runs, and refuse what would begin."""
        with self._lock:
            self._event.set()
            found = list(self._breaks)
        for end in found:
            end()

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            LoadStoppedError: it was stopped meanwhile.
        """
        self._event.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raise LoadStoppedError if it was stopped."""
        if self.is_set:
            raise LoadStoppedError("stopped; the target is as it was")

    @contextmanager
    def breaking(self, end: Break) -> Generator[None]:
        """Have `set` call something as long as this lasts."""
        with self._lock:
            self.check()
            self._breaks.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._breaks.remove(end)


_CURRENT: ContextVar[Stop | None] = ContextVar("stop", default=None)


@contextmanager
def stoppable(stop: Stop) -> Generator[None]:
    """Let `stop` break off what this thread does in here."""
    token = _CURRENT.set(stop)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def breakable(end: Break) -> Generator[None]:
    """Say how what is done in here is broken off; does nothing outside of `stoppable`."""
    stop = _CURRENT.get()
    if stop is None:
        yield
        return
    with stop.breaking(end):
        yield
