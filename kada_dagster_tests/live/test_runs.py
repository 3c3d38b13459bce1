"""What users launch in the UI, and what the schedule launches for them, under the real daemon."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kada_dagster.extracts.checks import CHECK_NAMES
from kada_dagster.extracts.manifest import read_manifest
from kada_dagster.hwm.window import format_hwm, parse_hwm
from kada_dagster.sandbox import sample_database
from kada_dagster_tests.live.conftest import History
from kada_dagster_tests.live.dev_server import LOCATION, DevServer, DevServerError
from kada_dagster_tests.live.launching import STEPS, events, launch_run, materializations
from kada_dagster_tests.live.site import FIRST, Site

pytestmark = pytest.mark.timeout(600)


def path(key: dict[str, Any]) -> str:
    return "/".join(key["path"])


def test_the_location_loads_though_a_variable_and_a_host_do_not_exist(server: DevServer) -> None:
    (entry,) = server.ask("Location")["workspaceOrError"]["locationEntries"]
    assert entry["loadStatus"] == "LOADED"
    assert entry["locationOrLoadError"]["__typename"] == "RepositoryLocation"


def test_the_graph_of_every_source_reads_extract_upload_mark(server: DevServer, site: Site) -> None:
    nodes = {path(node["assetKey"]): node for node in server.ask("Assets")["assetNodes"]}
    assert set(nodes) == {f"{name}/{step}" for name in site.sources for step in STEPS}
    for name in site.sources:
        extract, upload, mark = (nodes[f"{name}/{step}"] for step in STEPS)
        assert extract["dependencyKeys"] == []
        assert [path(key) for key in upload["dependencyKeys"]] == [f"{name}/extract"]
        assert [path(key) for key in mark["dependencyKeys"]] == [f"{name}/upload"]
        assert mark["dependedByKeys"] == []
        assert {node["groupName"] for node in (extract, upload, mark)} == {name}
        checks = extract["assetChecksOrError"]["checks"]
        assert {check["name"] for check in checks if check["blocking"]} == set(CHECK_NAMES)


def test_every_source_has_a_job_and_a_schedule(server: DevServer, site: Site) -> None:
    repository = server.ask("Jobs", location=LOCATION)["repositoryOrError"]
    assert {job["name"] for job in repository["jobs"]} >= {f"{name}_job" for name in site.sources}
    status = {s["name"]: s["scheduleState"]["status"] for s in repository["schedules"]}
    off = {f"{name}_schedule": "STOPPED" for name in site.sources if name != "ticking"}
    assert status == {**off, "ticking_schedule": "RUNNING"}


def test_a_backfill_over_many_windows_is_one_successful_run(
    history: History, server: DevServer
) -> None:
    assert history.backfill["status"] == "COMPLETED_SUCCESS"
    assert history.backfill["numPartitions"] == len(history.keys) >= 100
    (run,) = history.backfill["runs"]
    assert run["status"] == "SUCCESS"
    done = [
        e for e in events(server, run["runId"]) if e["__typename"] == "ExecutionStepSuccessEvent"
    ]
    steps = [event["stepKey"] for event in done]
    assert steps == [
        "shop__extract",
        "shop__extract_checks",
        "shop__upload",
        "shop__high_water_mark",
    ]


def test_a_backfill_leaves_one_set_of_files_with_the_outer_bounds_and_the_mark_at_its_end(
    history: History, site: Site
) -> None:
    end = parse_hwm(history.keys[-1]) + timedelta(days=1)
    (folder,) = (site.folder / "extracts" / "shop").glob("2*_2*")
    manifest = read_manifest(folder)
    assert (manifest.start_hwm, manifest.end_hwm) == (FIRST, format_hwm(end))
    assert [file.name for file in site.landed("shop")] == sorted(f.file for f in manifest.files)
    assert site.mark("shop") == format_hwm(end)


def test_each_window_of_a_backfill_has_its_own_materialization_of_every_asset(
    history: History, server: DevServer
) -> None:
    for step in STEPS:
        found = materializations(server, "shop", step)
        assert sorted(found) == history.keys
        for key, facts in found.items():
            end = parse_hwm(key) + timedelta(days=1)
            assert facts["window_start"] == key
            assert facts["window_end"] == format_hwm(end)


def test_the_schedule_launches_one_run_up_to_the_newest_closed_window_and_it_succeeds(
    history: History, site: Site
) -> None:
    ticked_at = datetime.fromtimestamp(history.tick["timestamp"], timezone.utc)
    newest_closed = ticked_at.replace(second=0) - timedelta(minutes=1)
    tags = {tag["key"]: tag["value"] for tag in history.ticked["tags"]}
    assert tags["dagster/schedule_name"] == "ticking_schedule"
    last = tags.get("dagster/partition") or tags["dagster/asset_partition_range_end"]
    assert last == format_hwm(newest_closed)
    assert len(history.tick["runIds"]) == 1
    assert history.ticked["status"] == "SUCCESS"
    assert site.landed("ticking")


@pytest.mark.parametrize("name", ["signed", "vendor"])
def test_a_window_launched_by_hand_is_landed_and_marked(
    name: str, history: History, site: Site
) -> None:
    assert history.runs[name]["status"] == "SUCCESS"
    assert site.landed(name)
    assert site.mark(name) == "2024-01-02 00:00:00"


def test_a_wrong_password_fails_the_run_says_why_and_leaves_landing_and_mark(
    history: History, site: Site, server: DevServer
) -> None:
    run = history.runs["wrong"]
    assert run["status"] == "FAILURE"
    told = [event["error"] for event in events(server, run["runId"]) if event.get("error")]
    assert any(sample_database.READER in error["message"] for error in told)
    assert not [error for error in told if error["causes"]]
    assert site.landed("wrong") == []
    assert site.mark("wrong") is None


def test_a_run_whose_secret_is_not_set_is_not_launched_and_the_variable_is_named(
    server: DevServer, site: Site
) -> None:
    with pytest.raises(DevServerError, match="NOT_SET_ANYWHERE"):
        launch_run(server, "unset", FIRST)
    assert site.landed("unset") == []
    assert site.mark("unset") is None


@pytest.mark.parametrize(("name", "scheme"), [("bucket", "s3://"), ("container", "http://")])
def test_a_window_lands_in_a_store(
    name: str, scheme: str, history: History, server: DevServer, site: Site
) -> None:
    if name not in site.sources:
        pytest.skip("no Azure emulator here: it comes from npm")
    assert history.runs[name]["status"] == "SUCCESS"
    assert site.mark(name) == "2024-01-02 00:00:00"
    (facts,) = materializations(server, name, "upload").values()
    assert str(facts["landing"]).startswith(scheme)


def test_an_expired_token_is_named_with_the_landing_and_the_cure(
    history: History, server: DevServer, site: Site
) -> None:
    if "expired" not in site.sources:
        pytest.skip("no Azure emulator here: it comes from npm")
    run = history.runs["expired"]
    assert run["status"] == "FAILURE"
    told = " ".join(str(event) for event in events(server, run["runId"]))
    assert "lz/expired/landing" in told
    assert "the SAS token expired at" in told
