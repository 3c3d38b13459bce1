"""The job that brings a window from the source to the mark, and the schedule that launches it."""

from __future__ import annotations

from typing import Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance


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


def build_schedule(instance: CollectorInstance, job: Any) -> Any:
    """Launches the job for each window as it closes.

    Dagster does not make up for ticks missed while its daemon was down; the mark then says which
    windows it waits for, and a backfill of them lets it move on.
    """
    enabled = instance.settings.schedule.enabled
    return dg.build_schedule_from_partitioned_job(  # pyright: ignore[reportUnknownMemberType]
        job,
        name=instance.schedule_name,
        description=f"Extracts {instance.name} at the end of each window.",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING if enabled else dg.DefaultScheduleStatus.STOPPED
        ),
    )
