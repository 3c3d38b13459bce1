"""One tick of a schedule: the runs to request, or why there are none.

What is due is found out in `requesting`, which the sensor of Fivetran uses as well.
"""

from __future__ import annotations

from datetime import timezone

import dagster as dg

from kada_dagster.collector.catch_up import begin
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import windows_from
from kada_dagster.collector.requesting import Due, due_windows, run_request, span_key
from kada_dagster.hwm.window import format_hwm


def requests_at_tick(
    context: dg.ScheduleEvaluationContext, instance: CollectorInstance
) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs that bring the mark up to the present, or why there are none.

    The present is the time the tick was scheduled for.

    Raises:
        WatermarkError: the mark cannot be read. That is never taken for a missing mark.
    """
    marks = getattr(context.resources, instance.marks_resource)
    now = context.scheduled_execution_time.astimezone(timezone.utc)
    due = due_windows(context.instance, instance, marks, now)
    if due.stretches:
        # The key tells apart the runs of one tick; other ticks do not see it.
        return [run_request(one, instance, run_key=span_key(one)) for one in due.stretches]
    return dg.SkipReason(_why_none(due, instance))


def _why_none(due: Due, instance: CollectorInstance) -> str:
    mark, closed = due.state.mark, due.closed
    place = "no mark yet" if mark is None else f"the mark is at {format_hwm(mark)}"
    at = max(begin(due.state, instance.first), closed)
    upcoming = next(windows_from(instance.partitions, at))
    if due.is_held:
        return (
            f"{instance.name}: {place}; a run waits in the queue, and what is missing beyond it up "
            f"to {format_hwm(closed)} is asked for when it has begun"
        )
    working = ", ".join(str(span) for span in sorted(due.at_work) if span.start < closed)
    return (
        f"{instance.name}: {place}, nothing is missing up to {format_hwm(closed)}"
        + (f" but what runs are working on: {working}" if working else "")
        + f"; window {upcoming} is extracted from {format_hwm(upcoming.end + instance.delay)} on "
        "(UTC)"
    )
