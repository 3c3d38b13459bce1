"""What happens at a moment of the clock, in order."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from heapq import heappop, heappush
from threading import RLock

from kada_dagster.sandbox.fivetran.clock import Clock


class Timeline:
    """Lets things happen when their moment has come, whoever looks first.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._coming: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._now: int | None = None
        self._lock = RLock()

    @property
    def now(self) -> int:
        """The moment; while something happens, the moment of that."""
        return self.clock.moment() if self._now is None else self._now

    def at(self, moment: int, happens: Callable[[], None]) -> None:
        """Let something happen at a moment; things of one moment in the order they were told."""
        self._order += 1
        heappush(self._coming, (moment, self._order, happens))

    @contextmanager
    def settled(self) -> Generator[int, None, None]:
        """Let happen what is due, then hold the world still. Yields the moment."""
        with self._lock:
            if self._now is not None:
                yield self._now
                return
            moment = self.clock.moment()
            self._settle(moment)
            self._now = moment
            try:
                yield moment
            finally:
                self._now = None

    def _settle(self, until: int) -> None:
        try:
            while self._coming and self._coming[0][0] <= until:
                moment, _, happens = heappop(self._coming)
                # What was told late does not turn the time back.
                self._now = max(moment, self._now or moment)
                happens()
        finally:
            self._now = None
