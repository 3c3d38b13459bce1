"""What is launched on a running `dagster dev`, and waited for: runs, backfills, schedule ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kada_dagster_tests.live.dev_server import LOCATION, DevServer, DevServerError

STEPS = ("extract", "upload", "high_water_mark")
RUN_SECONDS = 240.0
_FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
_BACKFILL_FINISHED = {"COMPLETED_SUCCESS", "COMPLETED_FAILED", "COMPLETED", "FAILED", "CANCELED"}


def launch_run(server: DevServer, name: str, key: str) -> str:
    """Launch the job of a source for one window; gives the id of the run."""
    selector = {**LOCATION, "jobName": f"{name}_job"}
    tags = [{"key": "dagster/partition", "value": key}]
    params = {"selector": selector, "executionMetadata": {"tags": tags}}
    answer = server.ask("LaunchRun", params=params)["launchRun"]
    return str(_expected(answer, "LaunchRunSuccess")["run"]["runId"])


def launch_backfill(server: DevServer, name: str, keys: Sequence[str]) -> str:
    """Backfill all assets of a source, as the UI's "Materialize" does; gives the backfill's id."""
    selection = [{"path": [name, step]} for step in STEPS]
    params = {"assetSelection": selection, "partitionNames": list(keys)}
    answer = server.ask("LaunchBackfill", params=params)["launchPartitionBackfill"]
    return str(_expected(answer, "LaunchBackfillSuccess")["backfillId"])


def finished_run(server: DevServer, run_id: str) -> dict[str, Any]:
    """Wait for a run to end; gives what Dagster knows about it."""

    def look() -> dict[str, Any] | None:
        (run,) = runs(server, runIds=[run_id])
        return run if run["status"] in _FINISHED else None

    return server.wait_for(f"end of run {run_id}", look, RUN_SECONDS)


def finished_backfill(
    server: DevServer, backfill_id: str, seconds: float = RUN_SECONDS
) -> dict[str, Any]:
    """Wait at most so long for a backfill to end; gives what Dagster knows about it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = server.ask("Backfill", id=backfill_id)["partitionBackfillOrError"]
        return found if found["status"] in _BACKFILL_FINISHED else None

    return server.wait_for(f"end of backfill {backfill_id}", look, seconds)


def finished_tick(server: DevServer, schedule: str) -> dict[str, Any]:
    """Wait for a schedule to have launched a run; gives its newest such tick."""

    def look() -> dict[str, Any] | None:
        repository = server.ask("Jobs", location=LOCATION)["repositoryOrError"]
        (found,) = (s for s in repository["schedules"] if s["name"] == schedule)
        ticks = (t for t in found["scheduleState"]["ticks"] if t["runIds"])
        return next(ticks, None)

    return server.wait_for(f"tick of {schedule}", look, RUN_SECONDS)


def runs(server: DevServer, **wanted: Any) -> list[dict[str, Any]]:
    """The runs a `RunsFilter` finds, newest first."""
    found: list[dict[str, Any]] = server.ask("Runs", filter=wanted)["runsOrError"]["results"]
    return found


def events(server: DevServer, run_id: str) -> list[dict[str, Any]]:
    """All events of a run, in order."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"hasMore": True, "cursor": None}
    while page["hasMore"]:
        page = server.ask("Events", run=run_id, after=page["cursor"])["logsForRun"]
        found += page["events"]
    return found


def materializations(server: DevServer, name: str, step: str) -> dict[str, dict[str, Any]]:
    """The metadata of the newest materialization of each window of an asset, by key."""
    key = {"path": [name, step]}
    asset = server.ask("Materializations", key=key, limit=5000)["assetNodeOrError"]
    newest_last = reversed(asset["assetMaterializations"])
    return {event["partition"]: values(event["metadataEntries"]) for event in newest_last}


def values(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Metadata entries as a mapping of label to value."""
    kept = {"__typename", "label", "description"}
    return {e["label"]: next((v for k, v in e.items() if k not in kept), None) for e in entries}


def _expected(answer: dict[str, Any], typename: str) -> dict[str, Any]:
    if answer["__typename"] != typename:
        raise DevServerError(f"not launched: {answer}")
    return answer
