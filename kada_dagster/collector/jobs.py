"""The job that brings a window from the source to the mark, and the schedule that launches it."""

# No `from __future__ import annotations` here: Dagster looks at the annotation of `context`.

from typing import Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.tick import requests_at_tick


def build_job(instance: CollectorInstance) -> Any:
    """Extract, checks, upload and mark of one window or of a range, in one process.

    A step takes seconds and waits for the network; a process for each would take longer to start
    than to work.
    """
    return dg.define_asset_job(  # pyright: ignore[reportUnknownMemberType]
        instance.job_name,
        selection=[instance.extract_key, instance.sent_key, instance.mark_key],
        executor_def=dg.in_process_executor,
        description=f"Brings windows of {instance.name} to the landing and moves its mark.",
    )


def build_schedule(instance: CollectorInstance, job: Any) -> dg.ScheduleDefinition:
    """Launches the job for all windows that are missing, from the mark on.

    Dagster does not make up for ticks missed while its daemon was down; a tick of this schedule
    asks for whatever is not uploaded, so that the next one closes every gap.
    """
    settings = instance.settings
    crons = settings.schedule_crons

    @dg.schedule(  # pyright: ignore[reportUnknownMemberType]
        name=instance.schedule_name,
        job=job,
        cron_schedule=crons[0] if len(crons) == 1 else list(crons),  # the UI shows a list as such
        execution_timezone=settings.window.timezone,
        required_resource_keys={instance.marks_resource},
        description=f"Extracts the windows of {instance.name} that are not uploaded yet.",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.schedule.enabled
            else dg.DefaultScheduleStatus.STOPPED
        ),
    )
    def missing_windows(context: dg.ScheduleEvaluationContext) -> Any:
        return requests_at_tick(context, instance)

    return missing_windows
