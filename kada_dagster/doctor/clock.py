"""How far this machine's clock is from those of the servers it works with.

A clock that is fast ends windows before their time: what happens meanwhile is in no extract. S3
and Azure refuse requests that are more than 15 minutes off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from threading import Lock

from kada_dagster.api.auth import NoAuth
from kada_dagster.doctor.check import Verdict, fail, ok, skip, warn

MOST, SUSPICIOUS = 60.0, 5.0
"""Seconds beyond which a clock is wrong, and from which it is worth a look."""


@dataclass(frozen=True)
class Reading:
    """What a server's clock said.

    Attributes:
        server: for people.
        theirs: its time, seconds since 1970.
        before, after: ours, before it was asked and after it answered.
    """

    server: str
    theirs: float
    before: float
    after: float

    @property
    def ahead(self) -> float:
        """Seconds we are ahead of it at least; less than 0 behind. A second is as exact as HTTP."""
        if self.theirs + 1 < self.before:
            return self.before - self.theirs - 1
        return min(0.0, self.after - self.theirs)


@dataclass
class Clocks:
    """Readings, from any thread."""

    _readings: list[Reading] = field(default_factory=list[Reading])
    _lock: Lock = field(default_factory=Lock)

    def note(self, server: str, theirs: datetime | None, before: float, after: float) -> None:
        """Keep what a server said, if it said something; see `Reading`."""
        if theirs is not None:
            with self._lock:
                self._readings.append(Reading(server, theirs.timestamp(), before, after))

    def ask(self, server: str, url: str, timeout: float) -> None:
        """Keep the time a web server puts on its answer, whatever it answers."""
        import time

        import requests

        before = time.time()
        with suppress(requests.RequestException, ValueError, TypeError):
            answer = requests.head(url, timeout=timeout, allow_redirects=False, auth=NoAuth())
            said = parsedate_to_datetime(answer.headers.get("Date", ""))
            theirs = said if said.tzinfo else said.replace(tzinfo=timezone.utc)
            self.note(server, theirs, before, time.time())

    def verdicts(self) -> Iterator[Verdict]:
        """One for each clock that differs; one for all where none does."""
        readings = sorted(self._readings, key=lambda reading: reading.server)
        apart = [reading for reading in readings if abs(reading.ahead) > SUSPICIOUS]
        if not readings:
            yield skip("not checked: no server told its time")
        for reading in apart:
            yield (fail if abs(reading.ahead) > MOST else warn)(_told(reading))
        if readings and not apart:
            count = f"{len(readings)} server{'' if len(readings) == 1 else 's'}"
            yield ok(f"agrees with {count}, within {SUSPICIOUS:g} s")


def _told(reading: Reading) -> str:
    seconds, theirs = abs(reading.ahead), datetime.fromtimestamp(reading.theirs, timezone.utc)
    side = "ahead of" if reading.ahead > 0 else "behind"
    return (
        f"this machine is {seconds:,.0f} s {side} {reading.server}, where it is "
        f"{theirs:%Y-%m-%d %H:%M:%S} UTC: have NTP set the clock that is wrong"
    )
