"""HWM windows as Dagster partitions: a partition key is the start of its window.

Keys are written like high water marks, in the time zone of the window settings; the windows they
stand for are UTC. Not here: what is done with a window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import HWM_FORMAT, Window, parse_hwm

if TYPE_CHECKING:
    from kada_dagster.config import WindowSettings

START_TAG, END_TAG = "kada/start_hwm", "kada/end_hwm"
"""Run tags that narrow a run to a part of its first or last window: `YYYY-MM-DD HH:MM:SS`, UTC.
Missing parts of windows come to be when windows are cut anew below a mark."""

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
        window: what is extracted: from the first one's start to the last one's end, or as much
            of that as the run's tags say.
    """

    keys: Sequence[str]
    window: Window

    def part(self, window: Window) -> Window:
        """As much of one of the windows as is extracted."""
        return Window(max(window.start, self.window.start), min(window.end, self.window.end))


def run_windows(
    run: dg.DagsterRun, partitions: dg.TimeWindowPartitionsDefinition
) -> RunWindows | None:
    """The windows a run was launched for; `None` for a run without partitions.

    Raises:
        ConfigError: a bound is no key of the partitions, the windows do not follow each other,
            or a tag that narrows them is malformed or lies outside.
    """
    bounds = _bounds(run)
    if bounds is None:
        return None
    first, last = (key_window(partitions, key) for key in bounds)
    if first.start > last.start:
        raise ConfigError(f"partition range {bounds[0]!r} to {bounds[1]!r} runs backwards")
    # by time: by keys, Dagster leaves out the first of two windows that are called the same
    keys = partitions.get_partition_keys_in_time_window(dg.TimeWindow(first.start, last.end))
    subset = run.partitions_subset
    if subset is not None and len(subset) != len(keys):
        raise ConfigError(
            f"the run's {len(subset)} windows do not follow each other; one extract covers one "
            "span without a hole, so launch a run for each"
        )
    return RunWindows(keys, narrowed(run.tags, first, last))


def narrowed(tags: Mapping[str, str], first: Window, last: Window) -> Window:
    """From the start of one window to the end of another, or as much of it as a run's tags say.

    Raises:
        ConfigError: a tag is malformed, or not within its window.
    """
    start = parse_hwm(tags[START_TAG], f"tag {START_TAG}") if START_TAG in tags else first.start
    end = parse_hwm(tags[END_TAG], f"tag {END_TAG}") if END_TAG in tags else last.end
    if not first.start <= start < first.end:
        raise ConfigError(f"tag {START_TAG} {tags[START_TAG]!r} is not in the run's {first}")
    if not max(start, last.start) < end <= last.end:
        raise ConfigError(f"tag {END_TAG} {tags[END_TAG]!r} is not in the run's {last}")
    return Window(start, end)


def narrowing_tags(span: Window, first: Window, last: Window) -> dict[str, str]:
    """The tags by which a run over these windows, first to last, is about this span."""
    tags = {START_TAG: span.start_hwm} if span.start != first.start else {}
    return tags | ({END_TAG: span.end_hwm} if span.end != last.end else {})


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags of a run for a range of partition keys, as a backfill in a single run has them."""
    return dict(zip(_RANGE, (first, last), strict=True))


def key_of(partitions: dg.TimeWindowPartitionsDefinition, window: Window) -> str:
    """The partition key of a window."""
    return partitions.get_partition_key_for_timestamp(window.start.timestamp())


def windows_from(
    partitions: dg.TimeWindowPartitionsDefinition, moment: datetime
) -> Iterator[Window]:
    """The windows from the one that holds a moment on, whether closed or not, without end."""
    key = partitions.get_partition_key_for_timestamp(moment.timestamp())
    span: dg.TimeWindow | None = partitions.time_window_for_partition_key(key)
    while span is not None:
        yield Window(span.start, span.end)
        span = partitions.get_next_partition_window(span.end, respect_bounds=False)


def closed_until(
    partitions: dg.TimeWindowPartitionsDefinition, moment: datetime
) -> datetime | None:
    """End of the last window that has ended by a moment, UTC; None before the first one has."""
    with dg.partition_loading_context(effective_dt=moment):
        last = partitions.get_last_partition_window()
    return None if last is None else Window(last.start, last.end).end


def current_moment() -> datetime:
    """The moment by which Dagster decides which windows have closed."""
    with dg.partition_loading_context() as loading:
        return loading.effective_dt


def _bounds(run: dg.DagsterRun) -> tuple[str, str] | None:
    if key := run.tags.get(_KEY):
        return key, key
    start, end = (run.tags.get(tag) for tag in _RANGE)
    return (start, end) if start and end else None
