"""An upload launched without its extract, where staging is a folder of one host."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from kada_dagster_tests.collector.location import Location, failure

DAY, NEXT = "2024-01-01 00:00:00", "2024-01-02 00:00:00"
UPLOAD = ["upload", "high_water_mark"]
CURE = "set it to the URL of a place that all hosts reach"


@pytest.fixture
def folder(empty_location: Location) -> Path:
    """The staging, of a source that has been extracted."""
    empty_location.add(output_path="output")
    empty_location.put(3)
    assert empty_location.run(DAY, assets=["extract"]).success
    return empty_location.folder / "output" / "docs"


def test_an_extract_that_is_on_another_host_is_named_with_its_place_and_the_cure(
    empty_location: Location, folder: Path
) -> None:
    shutil.rmtree(folder)
    result = empty_location.run(DAY, assets=UPLOAD)
    assert not result.success
    said = failure(result)
    assert f"{folder}/20240101000000_20240102000000/manifest.json on {socket.gethostname()}" in said
    assert "[2024-01-01 00:00:00, 2024-01-02 00:00:00)" in said
    assert CURE in said
    assert empty_location.landed() == []
    assert empty_location.mark() is None


def test_what_was_extracted_here_before_the_newest_extract_is_not_uploaded(
    empty_location: Location, folder: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(folder, tmp_path / "old")
    empty_location.put(4)
    assert empty_location.run(DAY, assets=["extract"]).success
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    result = empty_location.run(DAY, assets=UPLOAD)
    assert not result.success
    assert "does not hold the newest extract" in failure(result)
    assert CURE in failure(result)
    assert empty_location.landed() == []
    assert empty_location.mark() is None


def test_a_window_nobody_extracted_is_said_to_be_that(
    empty_location: Location, folder: Path
) -> None:
    result = empty_location.run(NEXT, assets=["upload"])
    assert not result.success
    assert "nothing extracted from 2024-01-02 00:00:00 on" in failure(result)
    assert CURE not in failure(result)


def test_the_newest_extract_is_uploaded_on_its_own_host_again_and_again(
    empty_location: Location, folder: Path
) -> None:
    for _ in range(2):
        assert empty_location.run(DAY, assets=UPLOAD).success
    assert empty_location.run(DAY).success
    assert empty_location.run(DAY, assets=UPLOAD).success
    assert empty_location.mark() == NEXT
