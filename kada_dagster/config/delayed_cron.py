"""A cron expression that ticks a while after another one. Wall-clock time, as cron itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kada_dagster.config.cron import Cron, fields

_HOUR, _DAY = 60, 24 * 60
_MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS = 60, 24, 31, 12, 7


def delayed(text: str, minutes: int) -> tuple[str, ...]:
    """The cron expressions that together tick so long after each tick of another one.

    On a day the clock is changed they may tick earlier or later by what it is changed.

    Args:
        text: a cron expression.
        minutes: the delay, 0 or more.

    Returns:
        As few as are needed, usually one; none where no expression says it: the delay leads into
        another day, and days of the month or months are named.
    """
    if minutes == 0:
        return (text,)
    cron = Cron.parse(text)
    expressions: list[str] = []
    for later, hours, at in _times(cron, minutes):
        days = _days(text, cron, later)
        if days is None:
            return ()
        expressions.append(f"{_field(at, _MINUTES)} {_field(hours, _HOURS)} {days}")
    return tuple(expressions)


def _times(cron: Cron, minutes: int) -> list[tuple[int, frozenset[int], set[int]]]:
    """When it ticks then: so many days later, at these hours, at each of these minutes."""
    hours_of: dict[tuple[int, int], set[int]] = defaultdict(set)
    for hour in cron.hours:
        for minute in cron.minutes:
            later, time = divmod(hour * _HOUR + minute + minutes, _DAY)
            hours_of[0 if _is_every_day(cron) else later, time % _HOUR].add(time // _HOUR)
    minutes_of: dict[tuple[int, frozenset[int]], set[int]] = defaultdict(set)
    for (later, minute), hours in sorted(hours_of.items()):
        minutes_of[later, frozenset(hours)].add(minute)
    return [(later, hours, at) for (later, hours), at in minutes_of.items()]


def _days(text: str, cron: Cron, later: int) -> str | None:
    """The day fields of an expression so many days later; None where they cannot be written."""
    if later == 0:
        return " ".join(fields(text)[2:])
    if len(cron.days) < _DAYS or len(cron.months) < _MONTHS or cron.either_day:
        return None
    return f"* * {_field({(day + later) % _WEEKDAYS for day in cron.weekdays}, _WEEKDAYS)}"


def _is_every_day(cron: Cron) -> bool:
    found = (len(cron.days), len(cron.months), len(cron.weekdays))
    return found == (_DAYS, _MONTHS, _WEEKDAYS)


def _field(values: Iterable[int], full: int) -> str:
    ordered = sorted(values)
    return "*" if len(ordered) == full else ",".join(map(str, ordered))
