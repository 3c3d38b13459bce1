"""The ranges a large table is loaded in: half-open, next to each other, named by their begin.

Together they hold every row from `start` on: rows without a value belong to the first range, and
the last range of numbers has no end, because ids go on growing. The last range of time is the one
that the present is in; it is loaded again when it is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.parts import SplitSettings

MOST = 100_000
"""Ranges of one table."""

_FORMAT = "%Y-%m-%d %H:%M:%S"
_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


@dataclass(frozen=True)
class Part:
    """A range of a table.

    Attributes:
        name: as partitions are called: `2026-01-01`, `2026-01-01 05:00:00`, `0`, `1000000`.
        lower: first value.
        upper: first value after it; None where the last range has no end.
        includes_null: whether rows without a value belong to it.
    """

    name: str
    lower: str | int
    upper: str | int | None
    includes_null: bool = False


def parts_of(split: SplitSettings, now: datetime) -> list[Part]:
    """All ranges up to the present, or to `end`.

    Args:
        split: as the task says.
        now: the present moment, UTC.

    Raises:
        ConfigError: there would be too many, or none.
    """
    made: list[Part] = []
    for part in _numbers(split) if split.size else _moments(split, now):
        made.append(part)
        if len(made) > MOST:
            raise ConfigError(f"split: more than {MOST:,} ranges; make them longer")
    if not made:
        raise ConfigError("split: there is no range before the end")
    return made


def _numbers(split: SplitSettings) -> Iterator[Part]:
    size, first, end = split.size or 1, int(split.start), int(split.end or 0)
    for lower in range(first, end, size):
        upper = lower + size if lower + size < end else None
        yield Part(str(lower), lower, upper, includes_null=lower == first)


def _moments(split: SplitSettings, now: datetime) -> Iterator[Part]:
    first = lower = moment_of(str(split.start))
    end = now.replace(tzinfo=None) if split.end is None else moment_of(str(split.end))
    form = _FORMAT if split.every == "hour" else "%Y-%m-%d"
    while lower < end:
        upper = following(lower, split.every or "day")
        bounds = lower.strftime(_FORMAT), upper.strftime(_FORMAT)
        yield Part(lower.strftime(form), *bounds, includes_null=lower == first)
        lower = upper


def moment_of(text: str) -> datetime:
    """A moment in UTC, without its zone.

    Raises:
        ConfigError: it is written otherwise than YYYY-MM-DD[ HH:MM:SS].
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"split: {text!r} must be written as YYYY-MM-DD") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment


def following(moment: datetime, every: str) -> datetime:
    """Where the next range begins."""
    if every in _SPANS:
        return moment + _SPANS[every]
    if every == "year":
        return moment.replace(year=moment.year + 1)
    year, month = divmod(moment.month, 12)
    return moment.replace(year=moment.year + year, month=month + 1)
