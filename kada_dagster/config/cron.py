"""Cron expressions, as far as the configuration must understand them: when do they tick?

Five fields (minute, hour, day of month, month, day of week) with `*`, lists, ranges, steps and
English names, or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`;
https://man7.org/linux/man-pages/man5/crontab.5.html. Schedules themselves are Dagster's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS = 31
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?\Z")
_LONGEST_PAUSE = timedelta(days=366 * 9)
"""29 February may be eight years away, around the year 2100."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()

    def values(self, text: str) -> frozenset[int]:
        """The numbers a field stands for."""
        parts = text.split(",")
        if "*" in parts and len(parts) > 1:
            raise ValueError(f"{self.name} {text!r}: '*' stands alone")
        return frozenset(value for part in parts for value in self._part(part))

    def _part(self, text: str) -> range:
        match = _PART.match(text)
        if match is None:
            raise ValueError(f"{self.name} {text!r} is not a number, range or step")
        first, last, step = match.groups()
        low = self.low if first is None else self._number(first)
        high = self.high if first is None or (step and not last) else self._number(last or first)
        if low > high or (last and low == high) or step == "0":  # schedulers differ over these
            raise ValueError(f"{self.name} {text!r} is not a range")
        return range(low, high + 1, int(step or 1))

    def _number(self, text: str) -> int:
        lower = text.lower()
        if lower in self.words:
            return self.words.index(lower) + self.low
        if not (text.isascii() and text.isdecimal()) or not self.low <= int(text) <= self.high:
            raise ValueError(f"{self.name} {text!r} is not within {self.low}-{self.high}")
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _WEEKDAYS),
)


def fields(text: str) -> list[str]:
    """The five fields of an expression as they are written; those a name such as `@daily` means.

    Raises:
        ValueError: there are not five.
    """
    parts = _NAMED.get(text.strip().lower(), text).split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"{text!r} is not a cron expression: five fields, minute hour day month weekday"
        )
    return parts


@dataclass(frozen=True)
class Cron:
    """When a cron expression ticks, in local wall-clock time."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both day fields are restricted, so that one of them will do (crontab(5)). What counts as
    a restriction, `*/1` for one, is as in croniter, which Dagster uses."""

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read an expression.

        Raises:
            ValueError: it is not a cron expression; says which field and why.
        """
        parts = fields(text)
        minutes, hours, days, months, weekdays = (
            field.values(part) for field, part in zip(_FIELDS, parts, strict=True)
        )
        week = frozenset(day % 7 for day in weekdays)
        any_day = parts[2] == "*" or (len(days) == _DAYS and "*" in parts[4])
        any_weekday = parts[4] == "*" or (len(week) == len(_WEEKDAYS) and "*" in parts[2])
        return cls(minutes, hours, days, months, week, not (any_day or any_weekday))

    def ticks_at(self, moment: datetime) -> bool:
        """Whether a window may begin at this moment."""
        at_time = moment.hour in self.hours and moment.minute in self.minutes
        return at_time and not moment.second and self._on_day(moment)

    def next_tick(self, moment: datetime) -> datetime | None:
        """The first tick at or after a moment; None where there is none (31 February)."""
        last = moment + _LONGEST_PAUSE
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= last:
            if self._on_day(day):
                for tick in self._ticks_on(day):
                    if tick >= moment:
                        return tick
            day += timedelta(days=1)
        return None

    def last_tick(self, moment: datetime) -> datetime | None:
        """The last tick at or before a moment; None where there is none."""
        first = moment - _LONGEST_PAUSE
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while day >= first:
            if self._on_day(day):
                for tick in reversed([*self._ticks_on(day)]):
                    if tick <= moment:
                        return tick
            day -= timedelta(days=1)
        return None

    def _ticks_on(self, day: datetime) -> Iterator[datetime]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                yield day.replace(hour=hour, minute=minute)

    def _on_day(self, moment: datetime) -> bool:
        in_month, in_week = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        on_day = in_month or in_week if self.either_day else in_month and in_week
        return on_day and moment.month in self.months
