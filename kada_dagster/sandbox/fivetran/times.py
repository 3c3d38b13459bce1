"""Moments as numbers and as the API writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

SECOND = 1_000_000
"""Microseconds of a second."""

MINUTE = 60 * SECOND
"""Microseconds of a minute."""

DAY = 24 * 60 * MINUTE
"""Microseconds of a day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment_of(given: datetime) -> int:
    """Microseconds since 1970 of an aware moment.

    Raises:
        ValueError: it has no time zone.
    """
    if given.tzinfo is None:
        raise ValueError(f"{given.isoformat()}: moments have a time zone")
    return (given - _EPOCH) // timedelta(microseconds=1)


def datetime_of(moment: int) -> datetime:
    """The moment as a datetime, UTC."""
    return _EPOCH + timedelta(microseconds=moment)


def to_milliseconds(moment: int) -> int:
    """The moment without what is less than a millisecond, as the vendor keeps ends of syncs."""
    return moment - moment % 1000


def written(moment: int, digits: int = 6) -> str:
    """The moment in ISO 8601 with `Z`: `2025-10-06T22:55:45.275000Z`.

    Args:
        moment: microseconds since 1970.
        digits: of the fraction, 0, 3 or 6.
    """
    text = datetime_of(moment).isoformat(timespec="microseconds")
    return text[: 20 + digits if digits else 19] + "Z"


def written_or_none(moment: int | None, digits: int = 6) -> str | None:
    """As `written`; None for never."""
    return None if moment is None else written(moment, digits)


def read_moment(text: str) -> int:
    """The moment in an ISO 8601 text, with `Z`, an offset or neither (UTC).

    Raises:
        ValueError: it is none.
    """
    head, dot, rest = text.replace("Z", "+00:00").partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        head += f".{rest[:digits]:0<6.6}{rest[digits:]}"
    read = datetime.fromisoformat(head)
    return moment_of(read if read.tzinfo else read.replace(tzinfo=timezone.utc))
