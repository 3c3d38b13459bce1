"""A clock whose waits take no time, for tests that wait for hours."""

from __future__ import annotations

import threading


class ManualClock:
    """Time passes where somebody sleeps, and nowhere else.

    Attributes:
        slept: seconds, all threads together.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.slept = 0.0
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept += seconds
            self._now += seconds
