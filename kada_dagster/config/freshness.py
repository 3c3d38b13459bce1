"""How old the high water mark of a source may be. Plain arithmetic on cron expressions.

The age of a mark is the present minus the mark. All being well it grows to the length of a window,
what the window waits for (its delay, the next look of the schedule), and the time a run takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from kada_dagster.config.cron import Cron
from kada_dagster.config.fields import Settings
from kada_dagster.config.window import WindowSettings
from kada_dagster.loader.definition.spans import Span

_LEAST_GRACE, _MOST_GRACE = timedelta(minutes=30), timedelta(hours=6)
_GRACE_SHARE = 4  # of a window
_SHORTEST = timedelta(minutes=1)
"""Dagster's freshness policies take nothing shorter."""

_ONE_DAY = timedelta(days=1)
_FIRST_DAY = datetime(2023, 1, 1)  # noqa: DTZ001 - wall clock
_DAYS = 366 * 9
"""In so many there are two of every day a cron expression can name, 29 February among them."""


@dataclass(frozen=True)
class AllowedLag:
    """How old a mark may be.

    Attributes:
        fail_after: older than this, it lags.
        warn_after: older than this, it is about to; None without such a limit.
    """

    fail_after: timedelta
    warn_after: timedelta | None = None


class FreshnessSettings(Settings):
    """When a source's high water mark is too old. `false` in place of it: never."""

    enabled: bool = Field(default=True, description="Whether the mark's age is looked at.")
    fail_after: Span | None = Field(
        default=None,
        description="Age from which the mark lags; without it, the longest window, its delay, the "
        "wait for the schedule, and a quarter of the window (30 minutes to 6 hours).",
    )
    warn_after: Span | None = Field(default=None, description="Age from which there is a warning.")

    @model_validator(mode="before")
    @classmethod
    def _switched_off(cls, given: Any) -> Any:
        return {"enabled": given} if isinstance(given, bool) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler.resolve_ref_schema(handler(core_schema)), {"type": "boolean"}]}

    def allowed(
        self, window: WindowSettings, schedule_cron: str | None = None
    ) -> AllowedLag | None:
        """How old the mark of a source may be; None where nobody minds.

        Args:
            window: which windows the source has.
            schedule_cron: when its schedule looks, where that is not behind each window.

        Raises:
            ValueError: a limit is below what is reached when all is well, or the warning is not
                before the failure.
        """
        if not self.enabled:
            return None
        longest = longest_pause(window.cron)
        least = longest + window.delay
        grace = min(max(longest / _GRACE_SHARE, _LEAST_GRACE), _MOST_GRACE)
        usual = least + (longest_pause(schedule_cron) if schedule_cron else timedelta())
        fail = self.fail_after or usual + grace
        warn = self.warn_after or (None if self.fail_after else usual + grace / 2)
        _require_above(least, fail_after=self.fail_after, warn_after=self.warn_after)
        if warn is not None and warn >= fail:
            raise ValueError(f"warn_after: must be shorter than fail_after, which is {fail}")
        return AllowedLag(fail, warn)


def _require_above(least: timedelta, **limits: timedelta | None) -> None:
    for name, limit in limits.items():
        if limit is not None and limit <= max(least, _SHORTEST):
            raise ValueError(
                f"{name}: must be longer than {max(least, _SHORTEST)}: so old is the mark before "
                "each extract when all is well (the longest window and window.delay_minutes)"
            )


@lru_cache(maxsize=1000)  # a thousand sources have few expressions
def longest_pause(cron: str) -> timedelta:
    """The longest time between two ticks of a cron expression, by the wall clock."""
    parsed = Cron.parse(cron)
    times = sorted(
        timedelta(hours=hour, minutes=minute) for hour in parsed.hours for minute in parsed.minutes
    )
    within = [later - earlier for earlier, later in pairwise(times)]
    days = list(_days(parsed, _FIRST_DAY, _DAYS if _skips_days(parsed) else 2))
    across = [later - earlier - times[-1] + times[0] for earlier, later in pairwise(days)]
    return max(within + across)


def ticks_between(cron: str, start: datetime, end: datetime) -> int:
    """How many ticks there are after a moment, up to and at another one, by the wall clock.

    Args:
        cron: the expression.
        start: without time zone, in the expression's.
        end: likewise.
    """
    parsed = Cron.parse(cron)
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    times = [
        timedelta(hours=hour, minutes=minute) for hour in parsed.hours for minute in parsed.minutes
    ]
    return sum(
        len(times) if start < day and day + _ONE_DAY <= end else _within(day, times, start, end)
        for day in _days(parsed, first, max((end - first).days + 1, 0))
    )


def _within(day: datetime, times: Sequence[timedelta], start: datetime, end: datetime) -> int:
    return sum(start < day + time <= end for time in times)


def _days(cron: Cron, first: datetime, count: int) -> Iterator[datetime]:
    """The days on which it ticks."""
    for number in range(count):
        day = first + timedelta(days=number)
        if cron.ticks_at(day.replace(hour=min(cron.hours), minute=min(cron.minutes))):
            yield day


def _skips_days(cron: Cron) -> bool:
    return (len(cron.days), len(cron.months), len(cron.weekdays)) != (31, 12, 7)
