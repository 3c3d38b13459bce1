"""The ranges of a split task as Dagster partitions: a partition key is the name of a `Part`.

Ranges of time go up to the one the present is in; where the task says that they end in the future,
they are a list, because Dagster's time windows do not go there. What a range holds is in
`engine.split`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from functools import lru_cache

import dagster as dg

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.engine.split import Part, following, moment_of, parts_of


def partitions_of(split: SplitSettings) -> dg.PartitionsDefinition[str]:
    """The partitions of a split.

    Raises:
        ConfigError: there would be too many, or none.
    """
    return _partitions(split.model_dump_json())


@lru_cache(maxsize=1000)  # tasks that are split alike share one object
def _partitions(text: str) -> dg.PartitionsDefinition[str]:
    split = SplitSettings.model_validate_json(text)
    now = datetime.now(timezone.utc)
    if split.every is not None:
        first = moment_of(str(split.start))
        if split.end is None:
            return _windows(split.every, first, None)
        if (end := _last_end(split, first)) <= now.replace(tzinfo=None):
            return _windows(split.every, first, end)
    return dg.StaticPartitionsDefinition([part.name for part in parts_of(split, now)])


def chosen_parts(split: SplitSettings, keys: Sequence[str], now: datetime) -> list[Part]:
    """The ranges of partition keys, in the order of the ranges.

    Args:
        split: of the task.
        keys: of the run.
        now: the present moment.

    Raises:
        ConfigError: a key is the name of no range.
    """
    wanted = {*keys}
    found = [part for part in parts_of(split, now) if part.name in wanted]
    if len(found) < len(wanted):
        unknown = min(wanted - {part.name for part in found})
        raise ConfigError(f"partition {unknown!r} is no range of split: {split.by}")
    return found


def _windows(
    every: str, first: datetime, end: datetime | None
) -> dg.TimeWindowPartitionsDefinition:
    """Windows in UTC. `end_offset=1`: the one that the present is in is a partition, too."""
    return dg.TimeWindowPartitionsDefinition(
        start=first,
        end=end,
        fmt="%Y-%m-%d %H:%M:%S" if every == "hour" else "%Y-%m-%d",
        cron_schedule=_cron(every, first),
        timezone="UTC",
        end_offset=0 if end else 1,
    )


def _cron(every: str, first: datetime) -> str:
    """When a range begins."""
    hour = "*" if every == "hour" else first.hour
    day = first.day if every in ("month", "year") else "*"
    month = first.month if every == "year" else "*"
    weekday = first.isoweekday() % 7 if every == "week" else "*"
    return f"{first.minute} {hour} {day} {month} {weekday}"


def _last_end(split: SplitSettings, first: datetime) -> datetime:
    """Where the last range ends, at or after `end`."""
    end, lower = moment_of(str(split.end)), first
    while lower < end:
        lower = following(lower, split.every or "day")
    return lower
