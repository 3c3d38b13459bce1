"""dagster-celery's launcher, which also notices that a worker is gone with its run, and cancels.

Celery never says the first: the result of a task whose machine lost its power is STARTED for ever.
So the worker is asked whether it still works on it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dagster import DagsterRunStatus
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from typing_extensions import override

if TYPE_CHECKING:
    from dagster import DagsterRun

_ANSWER_SECONDS = 3.0
_MISSES = 3
"""Checks in a row without a word of the worker, until its run counts as lost."""


class WatchingCeleryRunLauncher(CeleryRunLauncher):
    """The same settings, in dagster.yaml, as `dagster_celery.launcher.CeleryRunLauncher`.

    Run monitoring (`run_monitoring.enabled`) asks it about every run under way, each
    `poll_interval_seconds`. A run is failed, and by `run_retries` launched again, when its worker
    answers that it does not know the task, or has not answered three times in a row.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # pyright: ignore[reportUnknownMemberType]
        self._app: Any = self.celery
        self._misses: Counter[str] = Counter()

    @property
    @override
    def supports_resume_run(self) -> bool:
        """No: the task would get an argument it does not take, and fail."""
        return False

    @override
    def terminate(self, run_id: str) -> bool:
        """End a run, which then counts as cancelled: without a word of that it would count as
        failed, and be launched again.

        Returns:
            Whether its worker was told.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return False
        if run.status is not DagsterRunStatus.CANCELING:
            self._instance.report_run_canceling(run)
        return super().terminate(run_id)

    @override
    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """What Celery knows of the run; where that is STARTED, what its worker says."""
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:  # the run was quicker than the launcher, which tags it last
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        worker = self._worker_of(task_id)
        known = None if worker is None else self._knows(worker, task_id)
        if worker is None or known or self._worker_of(task_id) != worker:
            self._misses.pop(task_id, None)
            return super().check_run_worker_health(run)
        self._misses[task_id] += 1
        if known is None and self._misses[task_id] < _MISSES:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._misses.pop(task_id)
        said = "does not answer" if known is None else "was restarted meanwhile"
        return CheckRunHealthResult(WorkerStatus.FAILED, f"worker {worker} {said}: the run is lost")

    def _worker_of(self, task_id: str) -> str | None:
        """The worker a task has begun on, as long as it has not ended."""
        known: dict[str, Any] = self._app.backend.get_task_meta(task_id)
        facts = known.get("result")
        return facts["hostname"] if known["status"] == "STARTED" and facts else None

    def _knows(self, worker: str, task_id: str) -> bool | None:
        """Whether a worker says that it has a task; None where it says nothing."""
        inspect: Any = self._app.control.inspect(destination=[worker], timeout=_ANSWER_SECONDS)
        answer: dict[str, dict[str, Any]] | None = inspect.query_task(task_id)
        return None if not answer else task_id in answer[worker]
