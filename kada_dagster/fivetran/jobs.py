"""The jobs of an account: one for each action, one for the snapshot; and the snapshot's schedule.

They are launched with the id of a connection in the run configuration:

```yaml
ops: {fivetran_start: {config: {connection_id: warm_salad, timeout: 3600}}}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.fivetran.ops import resync_op, snapshot_op, start_op, status_op, test_op

if TYPE_CHECKING:
    from kada_dagster.fivetran.account_assets import AccountAssets


def build_jobs(assets: AccountAssets, note: str = "") -> list[dg.JobDefinition]:
    """The jobs of an account.

    Args:
        assets: of the account.
        note: what is to be said of its snapshot; shown with the job that refreshes it.
    """
    ops = {
        "status": status_op(assets),
        "start": start_op(assets),
        "test": test_op(assets),
        "resync": resync_op(assets),
        "snapshot": snapshot_op(assets),
    }
    notes = {"snapshot": note}
    return [
        _job(op, assets.settings.job_name(action), notes.get(action, ""))
        for action, op in ops.items()
    ]


def build_schedules(
    assets: AccountAssets, jobs: list[dg.JobDefinition]
) -> list[dg.ScheduleDefinition]:
    """The schedule that refreshes the snapshot, where one is configured."""
    settings = assets.settings
    if settings.snapshot_cron is None:
        return []
    wanted = settings.job_name("snapshot")
    return [
        dg.ScheduleDefinition(
            name=f"{settings.name}_snapshot_schedule",
            job=next(job for job in jobs if job.name == wanted),
            cron_schedule=settings.snapshot_cron,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Reads what the account looks like; reload the code location to see it.",
        )
    ]


def _job(op: dg.OpDefinition, name: str, note: str) -> dg.JobDefinition:
    """One op, in one process."""

    @dg.job(  # pyright: ignore[reportUnknownMemberType]
        name=name,
        description="\n\n".join(filter(None, (op.description, note))),
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        op()

    return job
