"""One tick of a schedule: from the mark and the runs there are to the runs to request.

What is missing is decided in `catch_up`; here the inputs are gathered and the outcome is put
into Dagster's words.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.collector.catch_up import Stretch, begin, missing_spans, stretches
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import (
    closed_until,
    key_of,
    narrowing_tags,
    range_tags,
    windows_from,
)
from kada_dagster.collector.run_history import spans_at_work, spans_begun
from kada_dagster.errors import KadaError, WatermarkError
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window, format_hwm

if TYPE_CHECKING:
    from kada_dagster.hwm.resource import HighWaterMarkResource


def requests_at_tick(
    context: dg.ScheduleEvaluationContext, instance: CollectorInstance
) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs that bring the mark up to the present, or why there are none.

    The present is the time the tick was scheduled for.

    Raises:
        WatermarkError: the mark cannot be read. That is never taken for a missing mark.
    """
    state = _read_mark(context, instance)
    now = context.scheduled_execution_time.astimezone(timezone.utc)
    closed = closed_until(instance.partitions, now - instance.delay) or instance.first
    busy = spans_at_work(context.instance, instance)
    missing = missing_spans(
        state,
        instance.first,
        closed,
        at_work=busy,
        begun=spans_begun(context.instance, instance),
    )
    found = stretches(
        missing,
        partial(windows_from, instance.partitions),
        instance.settings.schedule.max_windows,
    )
    if found:
        return [_request(stretch, instance) for stretch in found]
    return dg.SkipReason(_why_none(state, closed, busy, instance))


def _read_mark(context: dg.ScheduleEvaluationContext, instance: CollectorInstance) -> MarkState:
    resource: HighWaterMarkResource = getattr(context.resources, instance.marks_resource)
    try:
        return resource.store().read(instance.name)
    except KadaError as error:
        raise WatermarkError(
            f"{instance.name}: no run was requested, because its high water mark could not be "
            f"read: {error}"
        ) from None  # what a driver put into the cause stays out of the tick


def _request(stretch: Stretch, instance: CollectorInstance) -> dg.RunRequest:
    """The run for a stretch. The key tells apart the runs of one tick; others do not see it."""
    first, last = stretch.windows[0], stretch.windows[-1]
    keys = [key_of(instance.partitions, window) for window in (first, last)]
    tags = narrowing_tags(stretch.span, first, last)
    run_key = f"{stretch.span.start_hwm}/{stretch.span.end_hwm}"
    if first == last:
        return dg.RunRequest(run_key, partition_key=keys[0], tags=tags)
    return dg.RunRequest(run_key, tags={**range_tags(*keys), **tags})


def _why_none(
    state: MarkState, closed: datetime, busy: list[Window], instance: CollectorInstance
) -> str:
    mark = "no mark yet" if state.mark is None else f"the mark is at {format_hwm(state.mark)}"
    at = max(begin(state, instance.first), closed)
    upcoming = next(windows_from(instance.partitions, at))
    working = ", ".join(str(span) for span in sorted(busy) if span.start < closed)
    return (
        f"{instance.name}: {mark}, nothing is missing up to {format_hwm(closed)}"
        + (f" but what runs are working on: {working}" if working else "")
        + f"; window {upcoming} is extracted from {format_hwm(upcoming.end + instance.delay)} on "
        "(UTC)"
    )
