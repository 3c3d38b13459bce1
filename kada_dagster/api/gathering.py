"""Many fetches at once: in order, with a bounded number of them begun, and quick to stop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from itertools import chain
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Generic, TypeVar

from kada_dagster.api.lookahead import Stream, ahead
from kada_dagster.api.stopping import GLANCE, Stop, StoppedError, current

T = TypeVar("T")
R = TypeVar("R")
U = TypeVar("U")
_AHEAD = 4  # times the concurrency: one slow fetch does not leave the others without work
_SPARE = 2  # threads beyond the concurrency: they send while others read what they were answered


@dataclass
class Begun(Generic[T, R]):
    """A fetch that was asked for.

    Attributes:
        job: what for.
        result: empty until it is there.
    """

    job: T
    result: list[R]


class Gathering(Generic[T, R]):
    """The threads of one `gather`; see `ApiClient.gather`.

    The threads are daemons: a fetch that hangs keeps neither the caller nor the process waiting.
    """

    def __init__(self, fetch: Callable[[T], R], concurrency: int, *above: Stop) -> None:
        self._fetch, self._concurrency = fetch, concurrency
        self._stop = Stop(*above)
        self._changed = Condition()
        self._error: BaseException | None = None
        self._waiting: SimpleQueue[Begun[T, R] | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def run(self, jobs: Iterable[T]) -> Generator[tuple[T, R]]:
        """Each job and its result, in the order of the jobs."""
        begun: deque[Begun[T, R]] = deque()
        source = iter(jobs)
        try:
            while coming := self._next(source):
                begun.append(self._begin(coming[0]))
                if begun[0].result or len(begun) >= self._concurrency * _AHEAD:
                    yield self._finished(begun.popleft())
            while begun:
                yield self._finished(begun.popleft())
        finally:
            self._end()

    def run_streams(
        self, streams: Iterable[Stream[T]], *, width: int, depth: int
    ) -> Generator[tuple[T, R]]:
        """Each job of several streams and its result, in the order of the streams.

        A job is begun when its stream gives it, not when it is its turn: while one stream waits
        for a page of its list, those behind it have work.

        Args:
            streams, width, depth: see `ahead`.
        """
        with closing(ahead(map(self._begun, streams), width=width, depth=depth)) as groups:
            source = chain.from_iterable(groups)
            try:
                while coming := self._next(source):
                    yield self._finished(coming[0])
            finally:
                self._end()

    def _begun(self, stream: Stream[T]) -> Stream[Begun[T, R]]:
        return lambda: map(self._begin, stream())

    def _end(self) -> None:
        self._stop.set()
        for _ in self._threads:
            self._waiting.put(None)

    def _next(self, source: Iterator[U]) -> tuple[U] | None:
        """Sources may make calls themselves: those, too, end when a fetch fails."""
        before = current.set(self._stop)
        try:
            return (next(source),)
        except StopIteration:
            return None
        except StoppedError:
            if self._error:
                raise self._error from None
            raise
        finally:
            current.reset(before)

    def _begin(self, job: T) -> Begun[T, R]:
        slot = Begun[T, R](job, [])
        self._waiting.put(slot)
        with self._changed:
            if len(self._threads) < self._concurrency + _SPARE:
                thread = Thread(target=copy_context().run, args=(self._work,), daemon=True)
                self._threads.append(thread)
                thread.start()
        return slot

    def _finished(self, slot: Begun[T, R]) -> tuple[T, R]:
        with self._changed:
            while not self._changed.wait_for(lambda: slot.result or self._error, GLANCE):
                self._stop.check()  # the threads end without a word when one above is stopped
        if self._error:
            raise self._error
        return slot.job, slot.result[0]

    def _work(self) -> None:
        current.set(self._stop)
        while (slot := self._waiting.get()) is not None and not self._stop.is_set:
            try:
                found = [self._fetch(slot.job)]
            except BaseException as error:  # it belongs to whoever waits for the result
                self._fail(error)
                return
            with self._changed:
                slot.result = found
                self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._stop.set()
            self._changed.notify_all()
