"""The job that removes what is too old, in the real Dagster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import load_config_file
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.staging import Staging
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.retention.job import JOB, SCHEDULE
from kada_dagster.retention.logs import prune_logs
from kada_dagster_tests.retention.staged import DAYS, FIRST, ago, extract, note_age, upload

BOTH = {"staging_days": 30, "logs_days": 14}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance in memory."""
    with dg.DagsterInstance.ephemeral() as instance:  # pyright: ignore[reportUnknownMemberType]
        yield instance


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with its records and logs in files."""
    home = tmp_path / "home"
    home.mkdir()
    logs = {"module": "dagster._core.storage.local_compute_log_manager"}
    logs |= {"class": "LocalComputeLogManager", "config": {"base_dir": str(home / "logs")}}
    (home / "dagster.yaml").write_text(yaml.safe_dump({"compute_logs": logs}))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def definitions(folder: Path, retention: Mapping[str, Any] | None = BOTH) -> dg.Definitions:
    """Those of two sources."""
    sources = [
        {
            "type": "postgres",
            "name": name,
            "server": "127.0.0.1",
            "username": "nobody",
            "output_path": "extracts",
            "window": {"start": FIRST, "cron": "0 0 * * *", "timezone": "UTC"},
            "landing": {"type": "local", "path": f"landing/{name}"},
        }
        for name in ("shop", "dwh")
    ]
    config: dict[str, Any] = {"sources": sources, "high_water_marks": {"path": "marks"}}
    if retention is not None:
        config["retention"] = dict(retention)
    file = folder / "kada.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return build_definitions(load_config_file(file))


def test_without_a_number_of_days_nothing_is_there(tmp_path: Path) -> None:
    repository = definitions(tmp_path, retention=None).get_repository_def()
    assert not repository.has_job(JOB)
    assert not [one for one in repository.schedule_defs if one.name == SCHEDULE]


@pytest.mark.parametrize(
    ("retention", "steps"),
    [
        (BOTH, {"remove_staged_runs", "remove_compute_logs"}),
        ({"staging_days": 1}, {"remove_staged_runs"}),
        ({"logs_days": 1}, {"remove_compute_logs"}),
    ],
)
def test_there_is_a_step_for_each_number_of_days(
    tmp_path: Path, retention: dict[str, int], steps: set[str]
) -> None:
    job = definitions(tmp_path, retention).resolve_job_def(JOB)
    assert {node.name for node in job.nodes} == steps


def test_the_schedule_runs_once_a_day_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    schedule = definitions(tmp_path).resolve_schedule_def(SCHEDULE)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 3 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    off = definitions(tmp_path, {**BOTH, "schedule": {"enabled": False, "cron": "0 1 * * 0"}})
    schedule = off.resolve_schedule_def(SCHEDULE)
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "0 1 * * 0"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"staging_days": 0}, "retention.staging_days"),
        ({"logs_days": "soon"}, "retention.logs_days"),
        ({"run_days": 3}, "run_days"),
        ({**BOTH, "schedule": {"cron": "every day"}}, "retention.schedule.cron"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        definitions(tmp_path, wrong)


def test_old_runs_of_every_source_go_and_the_job_says_how_many(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    marks = FileMarkStore(tmp_path / "marks")
    for name in ("shop", "dwh"):
        staging = Staging(tmp_path / "extracts", name)
        for window in DAYS[:3]:
            extract(staging, window)
            upload(staging, window, marks)
            note_age(staging, window, days=31)
    job = definitions(tmp_path, {"staging_days": 30}).resolve_job_def(JOB)
    done = job.execute_in_process(instance=instance)
    assert done.success
    for name in ("shop", "dwh"):
        assert list(Staging(tmp_path / "extracts", name).runs()) == [DAYS[2]]
    assert _facts(done)["removed"] == 4
    assert _facts(done)["kept/newest"] == 2


def test_a_source_whose_mark_cannot_be_read_holds_up_no_other(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    marks = FileMarkStore(tmp_path / "marks")
    for name in ("shop", "dwh"):
        staging = Staging(tmp_path / "extracts", name)
        for window in DAYS[:2]:
            extract(staging, window)
            upload(staging, window, marks)
            note_age(staging, window, days=31)
    (tmp_path / "marks" / "shop_hwm.txt").write_text("yesterday\n")
    job = definitions(tmp_path, {"staging_days": 30}).resolve_job_def(JOB)
    done = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not done.success
    (failed,) = [event for event in done.all_events if event.is_step_failure]
    assert "shop_hwm.txt" in str(failed.step_failure_data.error)
    assert len(Staging(tmp_path / "extracts", "shop").runs()) == 2
    assert len(Staging(tmp_path / "extracts", "dwh").runs()) == 1


def test_logs_of_old_runs_go_once_and_events_and_partitions_stay(
    tmp_path: Path, keeping: dg.DagsterInstance
) -> None:
    partitions = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset(partitions_def=partitions)
    def noisy() -> None:
        print("said")

    done = [dg.materialize([noisy], instance=keeping, partition_key=key) for key in "ab"]
    folders = [tmp_path / "home" / "logs" / one.run_id for one in done]
    assert all(folder.is_dir() for folder in folders)
    ended = [keeping.get_run_record_by_id(one.run_id) for one in done]
    last = ended[1].update_timestamp.replace(tzinfo=timezone.utc)  # pyright: ignore
    gone: list[str] = []
    assert prune_logs(keeping, before=last, report=gone.append) == 1
    assert gone == [done[0].run_id]
    assert [folder.is_dir() for folder in folders] == [False, True]
    assert prune_logs(keeping, before=last, report=gone.append) == 0, "each is looked at once"
    later = datetime.now(timezone.utc) + timedelta(seconds=1)
    assert prune_logs(keeping, before=later, report=gone.append) == 1
    assert keeping.get_materialized_partitions(noisy.key) == {"a", "b"}
    assert all(keeping.all_logs(one.run_id) for one in done)


def test_every_run_is_found_once_however_many_fit_into_one_query(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kada_dagster.retention.logs._BATCH", 1)

    @dg.job  # pyright: ignore[reportUnknownMemberType]
    def nothing() -> None:
        pass

    runs = [nothing.execute_in_process(instance=instance).run_id for _ in range(3)]
    found: list[str] = []
    later = datetime.now(timezone.utc) + timedelta(seconds=1)
    assert prune_logs(instance, before=later, report=found.append) == 3
    assert found == runs


@pytest.mark.parametrize(("days", "runs"), [(13, 0), (15, 1)])
def test_the_job_counts_the_days_from_the_end_of_a_run(
    days: int,
    runs: int,
    tmp_path: Path,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = definitions(tmp_path, {"logs_days": 14}).resolve_job_def(JOB)
    job.execute_in_process(instance=instance)
    monkeypatch.setattr("kada_dagster.retention.job.utc_now", lambda: ago(-days))
    assert _facts(job.execute_in_process(instance=instance)) == {"runs": runs}


def _facts(done: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (output,) = [e for e in done.all_events if e.is_successful_output]
    metadata = output.step_output_data.metadata
    return json.loads(json.dumps({key: value.value for key, value in metadata.items()}))
