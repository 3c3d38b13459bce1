"""The Celery app of the workers: `celery -A kada_dagster.celery.app worker`.

It is that of the launcher in dagster.yaml, so that broker, backend and settings are said once.
dagster-celery's own command for workers would write the broker's password to a file.
"""

from __future__ import annotations

import time
from typing import Any

import dagster as dg
from celery.signals import task_prerun  # pyright: ignore[reportMissingTypeStubs]
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import unpack_value
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import (
    create_execute_job_task,  # pyright: ignore[reportUnknownVariableType]
)

WORKER_TAG = "kada/worker"
"""Run tag with the name of the worker that executes the run."""

_LAUNCHED_SECONDS = 5.0


def launcher_app() -> Any:
    """The app of the instance's launcher, with the task that executes a run.

    Raises:
        SystemExit: dagster.yaml names another launcher.
    """
    with dg.DagsterInstance.get() as instance:
        launcher = instance.run_launcher
    if not isinstance(launcher, CeleryRunLauncher):
        raise SystemExit(
            f"run_launcher in dagster.yaml is {type(launcher).__name__}, which hands no run to "
            "workers of Celery. Is DAGSTER_HOME the folder of the right dagster.yaml?"
        )
    create_execute_job_task(launcher.celery)
    return launcher.celery


@task_prerun.connect  # pyright: ignore[reportUnknownMemberType]
def note_worker(task: Any, kwargs: dict[str, Any], **_: Any) -> None:
    """Tag the run that begins with the name of this worker."""
    args = unpack_value(kwargs["execute_job_args_packed"], as_type=ExecuteRunArgs)
    with dg.DagsterInstance.get() as instance:
        _await_launcher(instance, args.run_id)
        instance.add_run_tags(args.run_id, {WORKER_TAG: task.request.hostname})


def _await_launcher(instance: dg.DagsterInstance, run_id: str) -> None:
    """Until the launcher has tagged the run, which it does after sending it here: tags are read
    and written back as a whole, and those of two who do that at once do not all stay."""
    deadline = time.monotonic() + _LAUNCHED_SECONDS
    while time.monotonic() < deadline:
        run = instance.get_run_by_id(run_id)
        if run is None or DAGSTER_CELERY_TASK_ID_TAG in run.tags:
            return
        time.sleep(0.02)


app = launcher_app()
