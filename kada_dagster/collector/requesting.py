"""From the mark and the runs there are to the runs that extract what is missing.

What is missing is decided in `catch_up`; here the inputs are gathered, and what was decided is
put into Dagster's words. Who asks, a schedule or a sensor, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.collector.catch_up import Missing, Stretch, begin, missing_spans, stretches
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import (
    closed_until,
    key_of,
    narrowing_tags,
    range_tags,
    windows_from,
)
from kada_dagster.collector.run_history import is_run_queued, spans_at_work, spans_begun
from kada_dagster.errors import KadaError, WatermarkError
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window

if TYPE_CHECKING:
    from kada_dagster.collector.mark_resource import HighWaterMarkResource


@dataclass(frozen=True)
class Due:
    """What of a source is to be extracted at a moment.

    Attributes:
        state: the mark.
        closed: end of the last window that may be extracted.
        at_work: spans that runs are busy with.
        stretches: what to ask for, a run each, oldest first.
        is_all: whether nothing more is missing.
        is_held: whether nothing is asked for because a run of the source is still in the queue,
            where another one would stand behind it. When it has begun, one run is asked for over
            all that was missed: a source whose runs take longer than its windows gets wider runs,
            and no queue that grows.
    """

    state: MarkState
    closed: datetime
    at_work: Sequence[Window]
    stretches: Sequence[Stretch]
    is_all: bool
    is_held: bool = False


def due_windows(
    dagster: dg.DagsterInstance,
    instance: CollectorInstance,
    marks: HighWaterMarkResource,
    moment: datetime,
) -> Due:
    """The windows that are closed, not uploaded, and not being worked on.

    Args:
        dagster: knows the runs.
        instance: the source.
        marks: reaches its mark.
        moment: the present.

    Raises:
        WatermarkError: the mark cannot be read. That is never taken for a missing mark.
    """
    state = _read_mark(instance, marks)
    closed = closed_until(instance.partitions, moment - instance.delay) or instance.first
    busy = spans_at_work(dagster, instance)
    begun = spans_begun(dagster, instance)
    missing = missing_spans(state, instance.first, closed, at_work=busy, begun=begun)
    if missing and is_run_queued(dagster, instance, begin(state, instance.first)):
        return Due(state, closed, busy, [], is_all=False, is_held=True)
    limit = instance.settings.schedule.max_windows
    found = stretches(missing, partial(windows_from, instance.partitions), limit)
    return Due(state, closed, busy, found, _length(missing) == _length(found))


def run_request(
    stretch: Stretch, instance: CollectorInstance, *, run_key: str, job_name: str | None = None
) -> dg.RunRequest:
    """The run for a stretch.

    Args:
        stretch: what it is to extract.
        instance: of which source.
        run_key: tells it apart from other runs of whoever asks.
        job_name: for a sensor, which may launch several jobs.
    """
    first, last = stretch.windows[0], stretch.windows[-1]
    keys = [key_of(instance.partitions, window) for window in (first, last)]
    tags = narrowing_tags(stretch.span, first, last)
    if first == last:
        return dg.RunRequest(run_key, job_name=job_name, partition_key=keys[0], tags=tags)
    return dg.RunRequest(run_key, job_name=job_name, tags={**range_tags(*keys), **tags})


def span_key(stretch: Stretch) -> str:
    """Names a stretch within a run key."""
    return f"{stretch.span.start_hwm}/{stretch.span.end_hwm}"


def _read_mark(instance: CollectorInstance, marks: HighWaterMarkResource) -> MarkState:
    try:
        return marks.store().read(instance.name)
    except KadaError as error:
        raise WatermarkError(
            f"{instance.name}: no run was requested, because its high water mark could not be "
            f"read: {error}"
        ) from None  # what a driver put into the cause stays out of the tick


def _length(parts: Sequence[Missing | Stretch]) -> timedelta:
    return sum((part.span.end - part.span.start for part in parts), timedelta())
