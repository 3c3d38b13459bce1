"""Reading several streams ahead, each in a thread of its own, none of them far."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Thread
from typing import Generic, TypeVar

from kada_dagster.api.stopping import GLANCE, Stop, StoppedError, current

_PATIENCE = 0.5  # seconds that each thread is given to notice that it was stopped
T = TypeVar("T")
Stream = Callable[[], Iterator[T]]


def ahead(
    streams: Iterable[Stream[T]], *, width: int, depth: int
) -> Generator[Iterator[T], None, None]:
    """Start streams before it is their turn.

    Args:
        streams: each makes an iterator, whose items are made in a thread of its own.
        width: streams that are under way at the same time, at most.
        depth: items of one stream that are held, at most.

    Yields:
        The items of each stream, in the order of the streams. One must be read to its end, or
        the generator closed. What a stream raises comes out where it was reached.
    """
    stop = Stop(current.get())
    running: deque[_Running[T]] = deque()
    try:
        for stream in streams:
            running.append(_Running(stream, stop, depth))
            if len(running) == width:
                yield running[0].items()
                running.popleft()
        while running:
            yield running[0].items()
            running.popleft()
    finally:
        stop.set()
        for one in running:
            one.join(_PATIENCE)


class _End:
    """The end of a stream, and what ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Running(Generic[T]):
    def __init__(self, stream: Stream[T], stop: Stop, depth: int) -> None:
        self._stop, self._queue = stop, Queue["T | _End"](depth)
        context = copy_context()
        context.run(current.set, stop)
        self._thread = Thread(target=context.run, args=(self._fill, stream), daemon=True)
        self._thread.start()

    def items(self) -> Iterator[T]:
        """The items, in the thread that asks."""
        while True:
            try:
                item = self._queue.get(timeout=GLANCE)
            except Empty:
                current.get().check()
                continue
            if isinstance(item, _End):
                self.join()
                if item.error is not None:
                    raise item.error
                return
            yield item

    def join(self, seconds: float | None = None) -> None:
        """Wait for the thread's end, or so long."""
        self._thread.join(seconds)

    def _fill(self, stream: Stream[T]) -> None:
        end = _End()
        try:
            for item in stream():
                self._put(item)
        except BaseException as error:
            end = _End(error)
        with suppress(StoppedError):
            self._put(end)

    def _put(self, item: T | _End) -> None:
        while True:
            self._stop.check()
            try:
                return self._queue.put(item, timeout=GLANCE)
            except Full:
                continue
