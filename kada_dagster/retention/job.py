"""The job that removes what is too old, and its schedule: Dagster's face of this room."""

# No `from __future__ import annotations` here: Dagster looks at the annotation of `context`.

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.config.models import SourceSettings
from kada_dagster.config.retention import RetentionSettings
from kada_dagster.errors import KadaError
from kada_dagster.hwm.window import utc_now
from kada_dagster.retention.decision import counted
from kada_dagster.retention.logs import prune_logs
from kada_dagster.retention.staged import Pruned, prune_staging

if TYPE_CHECKING:
    from kada_dagster.collector.mark_resource import HighWaterMarkResource

JOB, SCHEDULE = "kada_retention_job", "kada_retention_schedule"


def retention_definitions(
    settings: RetentionSettings, sources: Sequence[SourceSettings]
) -> dg.Definitions:
    """The job and the schedule; the resources its steps need are those of the sources.

    Args:
        settings: how long what is kept.
        sources: whose staged runs.
    """
    ops: list[dg.OpDefinition] = []
    if settings.staging_days is not None and sources:
        ops.append(_staging_op(settings.staging_days, [CollectorInstance(one) for one in sources]))
    if settings.logs_days is not None:
        ops.append(_logs_op(settings.logs_days))
    if not ops:
        return dg.Definitions()

    @dg.job(  # pyright: ignore[reportUnknownMemberType]
        name=JOB,
        executor_def=dg.in_process_executor,
        description="Removes staged runs that are uploaded and old, and old compute logs.",
    )
    def remove_old() -> None:
        for op in ops:
            op()

    schedule = dg.ScheduleDefinition(
        name=SCHEDULE,
        job=remove_old,
        cron_schedule=settings.schedule.cron,
        execution_timezone="UTC",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.schedule.enabled
            else dg.DefaultScheduleStatus.STOPPED
        ),
    )
    return dg.Definitions(jobs=[remove_old], schedules=[schedule])


def _staging_op(days: int, instances: Sequence[CollectorInstance]) -> dg.OpDefinition:
    @dg.op(
        name="remove_staged_runs",
        description=f"Staged runs uploaded more than {days} days ago and behind the mark.",
        required_resource_keys={instance.marks_resource for instance in instances},
    )
    def remove_staged_runs(context: dg.OpExecutionContext) -> None:
        before, failed = utc_now() - timedelta(days=days), list[str]()
        done: list[Pruned] = []
        for instance in instances:
            marks: HighWaterMarkResource = getattr(context.resources, instance.marks_resource)
            sends = instance.settings.landing is not None
            try:
                done.append(
                    prune_staging(instance.staging, marks.store(), before=before, sends=sends)
                )
            except KadaError as error:  # of one source: the others are none the worse
                failed.append(f"{instance.name}: {error}")
                continue
            context.log.info(_line(done[-1]))
        context.add_output_metadata(_facts(done))
        if failed:
            raise dg.Failure("\n".join(failed), allow_retries=False)

    return remove_staged_runs


def _logs_op(days: int) -> dg.OpDefinition:
    @dg.op(
        name="remove_compute_logs",
        description=f"Compute logs of runs that ended more than {days} days ago.",
    )
    def remove_compute_logs(context: dg.OpExecutionContext) -> None:
        before = utc_now() - timedelta(days=days)
        count = prune_logs(context.instance, before=before, report=context.log.debug)
        context.add_output_metadata({"runs": count})

    return remove_compute_logs


def _line(pruned: Pruned) -> str:
    removed = f"{len(pruned.removed):,} removed, {pruned.bytes:,} bytes"
    kept = "; ".join(f"{count:,} {reason.value}" for reason, count in counted(pruned.kept))
    return f"{pruned.name}: {removed}" + (f"; kept: {kept}" if kept else "")


def _facts(done: Sequence[Pruned]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "removed": sum(len(one.removed) for one in done),
        "bytes": sum(one.bytes for one in done),
    }
    kept = counted([reason for one in done for reason in one.kept])
    return facts | {f"kept/{reason.name.lower()}": count for reason, count in kept}
