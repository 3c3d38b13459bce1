"""The job of a pipeline: from the documented variables to one action."""

from __future__ import annotations

from kada_dagster.cli.fivetran.access import Access, reach
from kada_dagster.cli.fivetran.actions import Errand, resync_tables, show_status, start_sync, test
from kada_dagster.cli.session import Session
from kada_dagster.fivetran.environment import PipelineJob, pipeline_job

ERRANDS = {
    "STATUS": show_status,
    "START": start_sync,
    "TEST": test,
    "FORCE_RESYNC": resync_tables,
}


def run_job(session: Session, *, strict_compat: bool, as_json: bool) -> int:
    """Do what the environment asks for.

    Args:
        session: gets the secrets, to keep them out of what is printed.
        strict_compat: STATUS and TEST set the schedule to manual, too, as the page has it.
        as_json: print the outcome.

    Returns:
        The exit code.

    Raises:
        KadaError: see `pipeline_job` and the actions.
    """
    job = pipeline_job()
    access = Access.of(session, job.credentials, job.base_url)
    errand = _errand(job, strict=strict_compat or job.strict_compat, as_json=as_json)
    return reach(access, ERRANDS[job.action], errand)


def _errand(job: PipelineJob, *, strict: bool, as_json: bool) -> Errand:
    return Errand(
        job.connection_id,
        job.options,
        {job.schema: job.tables} if job.tables else {},
        sets_schedule=strict and not job.keep_schedule,
        as_json=as_json,
        waits=job.action in ("START", "FORCE_RESYNC"),
    )
