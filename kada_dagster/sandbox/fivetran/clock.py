"""The server's time: moved by hand, or running. Moments are whole microseconds since 1970, UTC."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import Protocol

from kada_dagster.sandbox.fivetran.times import SECOND, datetime_of, moment_of

START = datetime(2026, 11, 2, tzinfo=timezone.utc)
"""When worlds begin unless told otherwise: a Monday."""


class Clock(Protocol):
    """What a world asks for the time."""

    def moment(self) -> int:
        """Microseconds since 1970; they never go back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let the time pass that the vendor takes for something."""
        ...


class ManualClock:
    """A clock that stands still until it is moved.

    Args:
        start: when it begins.
    """

    def __init__(self, start: datetime = START) -> None:
        self._moment = moment_of(start)
        self._lock = Lock()

    def moment(self) -> int:
        """Where it was moved to."""
        return self._moment

    def advance(self, seconds: float) -> None:
        """Move it on.

        Raises:
            ValueError: backwards.
        """
        if seconds < 0:
            raise ValueError(f"{seconds} seconds: the time of a server does not go back")
        with self._lock:
            self._moment += round(seconds * SECOND)

    def advance_to(self, moment: datetime) -> None:
        """Move it on to a moment.

        Raises:
            ValueError: it is past.
        """
        self.advance((moment - datetime_of(self._moment)) / timedelta(seconds=1))

    def wait(self, seconds: float) -> None:
        """Move it on: waiting takes no real time."""
        self.advance(seconds)


class RunningClock:
    """A clock that runs by itself, for the demo and for programs of their own.

    Args:
        speed: seconds of the server in a real one.
        start: when it begins; None: now.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self._speed = speed
        self._from = moment_of(start or datetime.now(timezone.utc))
        self._began = time.monotonic()

    def moment(self) -> int:
        """The start and what has passed since."""
        return self._from + int((time.monotonic() - self._began) * self._speed * SECOND)

    def wait(self, seconds: float) -> None:
        """Sleep through it."""
        time.sleep(seconds / self._speed)
