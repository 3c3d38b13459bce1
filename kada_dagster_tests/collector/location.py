"""A code location on a folder source, with its own Dagster instance: what the tests work on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from kada_dagster.collector.build import build_definitions

_EVENTS = {
    dg.DagsterRunStatus.QUEUED: dg.DagsterEventType.PIPELINE_ENQUEUED,
    dg.DagsterRunStatus.STARTING: dg.DagsterEventType.PIPELINE_STARTING,
    dg.DagsterRunStatus.STARTED: dg.DagsterEventType.PIPELINE_START,
    dg.DagsterRunStatus.CANCELING: dg.DagsterEventType.PIPELINE_CANCELING,
    dg.DagsterRunStatus.CANCELED: dg.DagsterEventType.PIPELINE_CANCELED,
    dg.DagsterRunStatus.SUCCESS: dg.DagsterEventType.PIPELINE_SUCCESS,
    dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.PIPELINE_FAILURE,
}
STEPS = ("extract", "extract_checks", "upload", "high_water_mark")


@dataclass
class Location:
    """One kada.yaml and the Dagster instance its runs go to.

    Attributes:
        folder: holds kada.yaml, and below it what the sources read and write.
        instance: a file-based Dagster instance.
    """

    folder: Path
    instance: dg.DagsterInstance
    sources: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, name: str = "docs", **settings: Any) -> None:
        """Add a source to kada.yaml."""
        source: dict[str, Any] = {
            "type": "folder",
            "name": name,
            "folder": f"{name}_source",
            "window": {"start": "2024-01-01 00:00:00"},
            "landing": {"type": "local", "path": f"{name}_landing"},
            "retries": {"max_retries": 2, "delay_seconds": 0},
        }
        self.sources.append({**source, **settings})
        (self.folder / f"{name}_source").mkdir(exist_ok=True)

    def put(self, count: int, name: str = "docs", **columns: str) -> None:
        """Make the source hold exactly this many objects."""
        source = self.folder / f"{name}_source"
        for old in source.glob("*.json"):
            old.unlink()
        for number in range(count):
            row = {"OBJECT_TYPE": "TABLE", "OBJECT_ID": f"h.{number}", "NAME": f"t{number}"}
            (source / f"{number:04d}.json").write_text(json.dumps({**row, **columns}))

    def definitions(self) -> dg.Definitions:
        """What Dagster loads."""
        path = self.folder / "kada.yaml"
        path.write_text(json.dumps({"sources": self.sources}))  # JSON is YAML
        return build_definitions(path)

    def run(
        self,
        first: str,
        last: str | None = None,
        *,
        name: str = "docs",
        assets: Sequence[str] | None = None,
        config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run the job of a source for one window or a range.

        Args:
            first: key of the (first) window.
            last: key of the last window; one window without it.
            name: of the source.
            assets: to run these alone, without the checks.
            config: run configuration.
            tags: of the run, beside those that say its windows.
        """
        job = self.definitions().resolve_job_def(f"{name}_job")
        selection = None if assets is None else [dg.AssetKey([name, asset]) for asset in assets]
        return job.execute_in_process(
            instance=self.instance,
            partition_key=first if last is None else None,
            asset_selection=selection,
            tags={**({} if last is None else range_tags(first, last)), **(tags or {})},
            run_config=dict(config or {}),
            raise_on_error=False,
        )

    def tick(self, moment: datetime, name: str = "docs") -> ScheduleExecutionData:
        """What the schedule of a source asks for at a moment."""
        repository = self.definitions().get_repository_def()
        with dg.build_schedule_context(
            scheduled_execution_time=moment,
            instance=self.instance,
            repository_def=repository,
            resources=repository.get_top_level_resources(),
        ) as context:
            return repository.get_schedule_def(f"{name}_schedule").evaluate_tick(context)

    def run_tick(self, moment: datetime, name: str = "docs") -> list[dg.ExecuteInProcessResult]:
        """Run what the schedule asks for at a moment, at that moment."""
        with dg.partition_loading_context(effective_dt=moment):
            job = self.definitions().resolve_job_def(f"{name}_job")
            return [
                job.execute_in_process(
                    instance=self.instance, tags=dict(request.tags), raise_on_error=False
                )
                for request in self.tick(moment, name).run_requests or []
            ]

    def launched(
        self,
        tags: Mapping[str, str],
        status: dg.DagsterRunStatus,
        name: str = "docs",
        *,
        assets: Sequence[str] | None = None,
        job_name: str | None = None,
    ) -> dg.DagsterRun:
        """A run Dagster knows of, in this state; nothing executes it.

        Args:
            tags: say its windows.
            status: of the run.
            name: of the source.
            assets: which it selects; without them, it is of the source's job.
            job_name: another job than the source's.
        """
        job = self.definitions().resolve_job_def(job_name or f"{name}_job")
        keys = None if assets is None else {dg.AssetKey([name, asset]) for asset in assets}
        if keys is not None:
            job = job.get_subset(asset_selection=keys)
        place = RegisteredCodeLocationOrigin("here")  # without one no run can be queued
        run = self.instance.create_run_for_job(
            job,
            tags=dict(tags),
            status=dg.DagsterRunStatus.NOT_STARTED,
            asset_selection=keys,
            remote_job_origin=RemoteRepositoryOrigin(place, "__repository__").get_job_origin(
                job.name
            ),
        )
        if status in _EVENTS:
            event = dg.DagsterEvent(_EVENTS[status].value, job.name)
            self.instance.report_dagster_event(event, run.run_id)
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        assert found.status is status
        return found

    def calls(self, name: str = "docs") -> list[str]:
        """What the extractor did to the source, in order."""
        path = self.folder / f"{name}_source" / "calls.txt"
        return path.read_text().splitlines() if path.exists() else []

    def reads(self, name: str = "docs") -> list[str]:
        """The windows the source was read for."""
        return [call[5:] for call in self.calls(name) if call.startswith("read ")]

    def landed(self, name: str = "docs") -> list[str]:
        """Names of the files in the landing."""
        return sorted(path.name for path in (self.folder / f"{name}_landing").glob("*"))

    def mark(self, name: str = "docs") -> str | None:
        """The mark file's one line."""
        path = self.folder / "hwm" / f"{name}_hwm.txt"
        return path.read_text().strip() if path.exists() else None


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags a single-run backfill gives its run."""
    return {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }


def succeeded(result: dg.ExecuteInProcessResult, name: str = "docs") -> list[str]:
    """The steps that succeeded, in order, without the source's name."""
    events = result.filter_events(lambda event: event.is_step_success)
    return [str(event.step_key).removeprefix(f"{name}__") for event in events]


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Everything the failed steps' events say."""
    events = result.filter_events(lambda event: event.is_step_failure)
    return "\n".join(
        f"{event.step_failure_data.error_display_string}\n{event.step_failure_data.user_failure_data}"
        for event in events
    )


def metadata(result: dg.ExecuteInProcessResult, asset: str, name: str = "docs") -> list[Any]:
    """The metadata of each materialization of an asset, as plain values, by window."""
    found = result.asset_materializations_for_node(f"{name}__{asset}")
    by_window = sorted(found, key=lambda one: str(one.partition))
    return [
        {"key": one.partition, **{k: v.value for k, v in one.metadata.items()}} for one in by_window
    ]
