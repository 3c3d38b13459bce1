"""What the launcher says of a run under way, with a real broker and a worker in this process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from kada_dagster.celery import launcher as launching
from kada_dagster.celery.launcher import WatchingCeleryRunLauncher
from kada_dagster_tests.redis_server import RedisServer, RedisUnavailableError, redis_server

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("celery")]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    try:
        with redis_server() as server:
            yield server
    except RedisUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def launcher(redis: RedisServer) -> Iterator[WatchingCeleryRunLauncher]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launching, "_ANSWER_SECONDS", 20)  # whoever answers does so at once
        yield WatchingCeleryRunLauncher("dagster", redis.url(0), redis.url(1))


@dataclass(frozen=True)
class Waiting:
    """A task that ends when it is let."""

    task: Any
    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)


@pytest.fixture(scope="module")
def waiting(launcher: WatchingCeleryRunLauncher) -> Waiting:
    app: Any = launcher.celery

    def wait() -> None:
        made.begun.set()
        made.may_end.wait(60)

    made = Waiting(app.task(wait, name="wait", track_started=True))
    return made


@pytest.fixture(scope="module")
def worker(launcher: WatchingCeleryRunLauncher, waiting: Waiting) -> Iterator[str]:
    """The name of one that takes tasks, and by now answers questions: that begins later."""
    testing: Any = import_module("celery.contrib.testing.worker")
    control: Any = launcher.celery.control
    options = {"pool": "threads", "concurrency": 1, "perform_ping_check": False}
    with testing.start_worker(launcher.celery, loglevel="ERROR", **options) as running:
        running.ensure_started()
        while not control.ping([running.hostname], timeout=1):
            pass
        yield running.hostname


def run_of(task_id: str | None) -> dg.DagsterRun:
    tags = {} if task_id is None else {DAGSTER_CELERY_TASK_ID_TAG: task_id}
    return dg.DagsterRun("shop_job", tags=tags)


def noted(launcher: WatchingCeleryRunLauncher, state: str, worker: str) -> dg.DagsterRun:
    """A run whose task is in a state, as Celery's worker notes it."""
    task_id, app = uuid4().hex, launcher.celery
    result: Any = {"pid": 1, "hostname": worker} if state == "STARTED" else 0
    if state == "FAILURE":
        result = RuntimeError("the process died")
    app.backend.store_result(task_id, result, state)  # pyright: ignore
    return run_of(task_id)


def statuses(
    launcher: WatchingCeleryRunLauncher, run: dg.DagsterRun, times: int
) -> list[WorkerStatus]:
    return [launcher.check_run_worker_health(run).status for _ in range(times)]


def test_a_run_that_is_not_tagged_yet_is_left_alone(launcher: WatchingCeleryRunLauncher) -> None:
    assert statuses(launcher, run_of(None), 5) == [WorkerStatus.RUNNING] * 5


@pytest.mark.parametrize(
    ("state", "status"), [("SUCCESS", WorkerStatus.SUCCESS), ("FAILURE", WorkerStatus.FAILED)]
)
def test_what_has_ended_is_told_as_celery_knows_it(
    launcher: WatchingCeleryRunLauncher, state: str, status: WorkerStatus
) -> None:
    assert statuses(launcher, noted(launcher, state, ""), 1) == [status]


def test_a_worker_that_is_silent_has_three_chances(
    launcher: WatchingCeleryRunLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "_ANSWER_SECONDS", 0.2)
    run, other = (noted(launcher, "STARTED", "kada-1@gone") for _ in range(2))
    assert statuses(launcher, run, 2) == [WorkerStatus.RUNNING] * 2
    assert statuses(launcher, other, 1) == [WorkerStatus.RUNNING]
    lost = launcher.check_run_worker_health(run)
    assert lost.status is WorkerStatus.FAILED
    assert lost.msg == "worker kada-1@gone does not answer: the run is lost"


def test_a_worker_that_began_anew_has_lost_its_run_at_once(
    launcher: WatchingCeleryRunLauncher, worker: str
) -> None:
    lost = launcher.check_run_worker_health(noted(launcher, "STARTED", worker))
    assert lost.status is WorkerStatus.FAILED
    assert lost.msg == f"worker {worker} was restarted meanwhile: the run is lost"


def test_a_worker_that_works_on_a_run_is_asked_as_often_as_one_likes(
    launcher: WatchingCeleryRunLauncher, waiting: Waiting, worker: str
) -> None:
    result = waiting.task.apply_async()
    assert waiting.begun.wait(30)
    try:
        assert statuses(launcher, run_of(result.id), 4) == [WorkerStatus.RUNNING] * 4
    finally:
        waiting.may_end.set()
    result.get(timeout=30)
    assert statuses(launcher, run_of(result.id), 1) == [WorkerStatus.SUCCESS]


def test_a_worker_with_the_wrong_instance_says_so_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match="DefaultRunLauncher") as refused:
        import_module("kada_dagster.celery.app")
    assert "DAGSTER_HOME" in str(refused.value)
    assert "kada_dagster.celery.app" not in sys.modules
