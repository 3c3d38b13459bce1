"""How many calls a server lets in, counted over a sliding span of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class CallBudget:
    """A sliding window of calls.

    Attributes:
        calls: how many a window holds; None: any number.
        seconds: how long it is.
        clock: seconds that never go back.
        refused: calls that were over the budget so far.
    """

    calls: int | None
    seconds: float
    clock: Callable[[], float]
    refused: int = 0
    _moments: deque[float] = field(default_factory=deque[float], repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def admits(self) -> bool:
        """Count one call; false if it is one too many (it is then not counted)."""
        return self.wait() <= 0

    def wait(self) -> float:
        """Count one call and return 0; else the seconds until one may come (it is not counted)."""
        if self.calls is None:
            return 0.0
        with self._lock:
            now = self.clock()
            while self._moments and self._moments[0] <= now - self.seconds:
                self._moments.popleft()
            if len(self._moments) < self.calls:
                self._moments.append(now)
                return 0.0
            self.refused += 1
            return self._moments[0] + self.seconds - now if self._moments else self.seconds
