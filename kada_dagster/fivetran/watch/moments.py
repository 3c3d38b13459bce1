"""Moments as whole microseconds, which is how the API gives them and how they are compared."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import overload

SECOND = 1_000_000
_ZERO = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


@overload
def micros(moment: datetime) -> int: ...
@overload
def micros(moment: datetime | None) -> int | None: ...
def micros(moment: datetime | None) -> int | None:
    """Microseconds since 1970 of an aware datetime."""
    return None if moment is None else (moment - _ZERO) // _MICROSECOND


def moment(value: int) -> datetime:
    """The UTC datetime of microseconds since 1970."""
    return _ZERO + value * _MICROSECOND


def spelled(value: int) -> str:
    """ISO 8601 in UTC, as the API writes it: `2026-05-22T00:06:08.638000Z`."""
    return moment(value).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_spelled(text: str) -> int | None:
    """What `spelled`, or any ISO 8601 with a time zone, says; None where it is none."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return None if found.tzinfo is None else micros(found)
