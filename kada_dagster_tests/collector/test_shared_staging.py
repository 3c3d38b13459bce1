"""Runs whose steps are on different hosts: extract on one, checks and upload on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster_tests.collector.location import Location, failure, metadata, succeeded
from kada_dagster_tests.extracts.shared_places import on_host, s3_environment, set_environment
from kada_dagster_tests.landing.s3_server import S3Server

DAY = "2024-01-01 00:00:00"
RUN = "20240101000000_20240102000000"


@pytest.fixture
def url(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    set_environment(monkeypatch, s3_environment(s3_server))
    on_host(monkeypatch, tmp_path / "one")
    return f"s3://{s3_server.new_bucket()}/staging"


@pytest.fixture
def shared(empty_location: Location, url: str) -> Location:
    """A location whose source writes to a bucket."""
    empty_location.add(output_path=url)
    empty_location.put(3)
    return empty_location


def test_a_run_goes_from_the_source_through_the_bucket_to_the_landing(
    shared: Location, url: str
) -> None:
    result = shared.run(DAY)
    assert result.success, failure(result)
    assert succeeded(result) == ["extract", "extract_checks", "upload", "high_water_mark"]
    assert shared.landed() == ["LINKAGE_20240102000000.csv", "META_20240102000000.csv"]
    assert shared.mark() == "2024-01-02 00:00:00"


def test_the_upload_on_another_host_reads_what_the_extract_left(
    shared: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared.run(DAY, assets=["extract"]).success
    shared.put(0)
    on_host(monkeypatch, tmp_path / "two")
    result = shared.run(DAY, assets=["upload", "high_water_mark"])
    assert result.success, failure(result)
    landed = (shared.folder / "docs_landing" / "META_20240102000000.csv").read_text()
    assert landed.count("\n") == 4
    assert shared.reads() == ["[2024-01-01 00:00:00, 2024-01-02 00:00:00)"]


def test_the_metadata_says_where_in_the_bucket_the_files_are(shared: Location, url: str) -> None:
    result = shared.run(DAY)
    (facts,) = metadata(result, "extract")
    assert facts["manifest"] == f"{url}/docs/{RUN}/manifest.json"
    assert facts["file/META"].startswith(f"{url}/docs/{RUN}/")
    assert facts["file/META"].endswith("/META_20240102000000.csv")
    assert "t0" in facts["preview"]
    evaluations = result.get_asset_check_evaluations()
    assert {e.metadata["folder"].value for e in evaluations} == {f"{url}/docs/{RUN}"}


def test_the_volume_check_on_another_host_knows_the_last_accepted_extract(
    shared: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.put(20)
    assert shared.run(DAY).success
    shared.put(2)
    on_host(monkeypatch, tmp_path / "two")
    result = shared.run("2024-01-02 00:00:00")
    assert not result.success
    assert shared.mark() == "2024-01-02 00:00:00"
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert [e.check_name for e in failed] == ["volume"]


def test_windows_of_several_runs_are_uploaded_together(shared: Location) -> None:
    days = ["2024-01-01 00:00:00", "2024-01-02 00:00:00", "2024-01-03 00:00:00"]
    for day in days:
        assert shared.run(day, assets=["extract"]).success
    result = shared.run(days[0], days[-1], assets=["upload"])
    assert result.success, failure(result)
    assert len(shared.landed()) == 6


def test_a_bucket_that_is_not_there_fails_the_extract_with_one_message(
    empty_location: Location, url: str
) -> None:
    missing = url.replace("kada-", "nosuch-")
    empty_location.add(output_path=missing)
    empty_location.put(3)
    result = empty_location.run(DAY)
    assert not result.success
    assert f"output_path: {missing}" in failure(result)
    assert "no such bucket or container" in failure(result)


@pytest.mark.parametrize("refused", [False, True], ids=["taken", "refused"])
def test_no_credential_of_the_bucket_is_in_what_dagster_keeps(
    shared: Location,
    guarded_s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    dagster_home: Path,
    refused: bool,
) -> None:
    planted = "PLANTED-91c7"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", planted)
    if refused:
        monkeypatch.setenv("AWS_ENDPOINT_URL", guarded_s3_server.url)
    result = shared.run(DAY)
    assert result.success is not refused
    assert ("refuses access" in failure(result)) is refused
    kept = [path for path in dagster_home.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if planted.encode() in path.read_bytes()]
