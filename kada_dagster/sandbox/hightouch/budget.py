"""The vendor's budget of calls: so many in any span of so many seconds, counted by workspace."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class CallBudget:
    """A sliding window of calls.

    Attributes:
        calls: how many a window holds.
        seconds: how long it is.
        clock: seconds that never go back.
        refused: calls that were over the budget so far.
    """

    calls: int
    seconds: float
    clock: Callable[[], float]
    refused: int = 0
    _moments: deque[float] = field(default_factory=deque[float], repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def admits(self) -> bool:
        """Count one call; false if it is one too many (it is then not counted)."""
        with self._lock:
            now = self.clock()
            while self._moments and self._moments[0] <= now - self.seconds:
                self._moments.popleft()
            if len(self._moments) >= self.calls:
                self.refused += 1
                return False
            self._moments.append(now)
            return True
