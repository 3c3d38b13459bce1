"""HWM windows as Dagster partitions: a partition key is the start of its window.

Keys are written like high water marks, in the time zone of the window settings; the windows they
stand for are UTC. Not here: what is done with a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import HWM_FORMAT, Window

if TYPE_CHECKING:
    from kada_dagster.config import WindowSettings

_KEY = "dagster/partition"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def window_partitions(settings: WindowSettings) -> dg.TimeWindowPartitionsDefinition:
    """The partitions a source's window settings describe.

    Args:
        settings: `start` (`YYYY-MM-DD HH:MM:SS` in `timezone`), `cron`, `timezone` (IANA name).

    Returns:
        Windows `[tick, next tick)`; the last one is the last that has closed.

    Raises:
        ConfigError: Dagster cannot make partitions of the settings.
    """
    try:
        return dg.TimeWindowPartitionsDefinition(
            start=settings.start,
            fmt=HWM_FORMAT,
            cron_schedule=settings.cron,
            timezone=settings.timezone,
        )
    except Exception as error:  # its own errors, those of the cron parser and of zoneinfo
        raise ConfigError(f"window: Dagster cannot make partitions of it: {error}") from None


def key_window(partitions: dg.TimeWindowPartitionsDefinition, key: str) -> Window:
    """The window a partition key stands for, UTC.

    Raises:
        ConfigError: it is not the key of a closed window. Dagster itself takes any text of the
            right format and moves it to the next tick.
    """
    try:
        span = partitions.time_window_for_partition_key(key)
    except ValueError:
        span = None
    if span is not None and _is_key_of(partitions, key, span):
        return Window(span.start, span.end)
    raise ConfigError(
        f"partition {key!r} is not the start of a closed window (cron "
        f"{partitions.cron_schedule}, {partitions.timezone}); pick one from the partitions list"
    )


def _is_key_of(
    partitions: dg.TimeWindowPartitionsDefinition, key: str, span: dg.TimeWindow
) -> bool:
    """Whether the window has closed, and is the one the key names, not the one after it."""
    if not partitions.has_partition_key(key):
        return False
    return partitions.get_partition_key_range_for_time_window(span).start == key


@dataclass(frozen=True)
class RunWindows:
    """The windows one run is about.

    Attributes:
        keys: their partition keys, oldest first, without a hole.
        window: all of them as one window: the first one's start, the last one's end.
    """

    keys: Sequence[str]
    window: Window


def run_windows(
    run: dg.DagsterRun, partitions: dg.TimeWindowPartitionsDefinition
) -> RunWindows | None:
    """The windows a run was launched for; `None` for a run without partitions.

    Raises:
        ConfigError: a bound is no key of the partitions, or the windows do not follow each other.
    """
    bounds = _bounds(run)
    if bounds is None:
        return None
    first, last = (key_window(partitions, key) for key in bounds)
    if first.start > last.start:
        raise ConfigError(f"partition range {bounds[0]!r} to {bounds[1]!r} runs backwards")
    keys = partitions.get_partition_keys_in_range(dg.PartitionKeyRange(*bounds))
    subset = run.partitions_subset
    if subset is not None and len(subset) != len(keys):
        raise ConfigError(
            f"the run's {len(subset)} windows do not follow each other; one extract covers one "
            "span without a hole, so launch a run for each"
        )
    return RunWindows(keys, Window(first.start, last.end))


def _bounds(run: dg.DagsterRun) -> tuple[str, str] | None:
    if key := run.tags.get(_KEY):
        return key, key
    start, end = (run.tags.get(tag) for tag in _RANGE)
    return (start, end) if start and end else None
