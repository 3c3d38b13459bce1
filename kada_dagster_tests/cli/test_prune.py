"""`kada prune`: what was uploaded long ago goes, without Dagster."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kada_dagster.extracts.staging import Staging
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.retention.staged import DAYS, FIRST, extract, note_age, upload


@pytest.fixture
def two(kada: Kada) -> Kada:
    """The command in a folder with two sources, of which three windows are staged: the uploads
    of the first two are 40 and 11 days old, the third was never sent."""
    sources = [_source(name) for name in ("shop", "dwh")]
    text = yaml.safe_dump({"sources": sources, "high_water_marks": {"path": "hwm"}})
    (kada.folder / "kada.yaml").write_text(text, encoding="utf-8")
    marks = FileMarkStore(kada.folder / "hwm")
    for name in ("shop", "dwh"):
        staging = Staging(kada.folder / "output", name)
        for window, days in zip(DAYS, (40, 11)):
            extract(staging, window)
            upload(staging, window, marks)
            note_age(staging, window, days=days)
        extract(staging, DAYS[2])
    return kada


def _source(name: str) -> dict[str, object]:
    place = {"type": "local", "path": f"landing/{name}"}
    reached = {"type": "postgres", "server": "127.0.0.1", "username": "nobody"}
    return {**reached, "name": name, "window": {"start": FIRST}, "landing": place}


def staged(kada: Kada, name: str) -> list[str]:
    return sorted(path.name for path in (kada.folder / "output" / name).glob("2*"))


def test_old_uploads_of_every_source_go_and_the_others_are_counted(two: Kada) -> None:
    planned = two("prune", "--days", "30", "--dry-run")
    assert planned.code == 0
    assert "shop: 1 would be removed" in planned.out
    assert DAYS[0].folder in planned.out
    assert "kept 1: not uploaded" in planned.out
    assert "kept 1: uploaded too lately" in planned.out
    assert staged(two, "shop") == [window.folder for window in DAYS[:3]]
    done = two.anew("prune", "--days", "30", "--json")
    assert done.code == 0, done.err
    assert [facts["name"] for facts in done.json] == ["shop", "dwh"]
    for facts in done.json:
        (removed,) = facts["removed"]
        assert (removed["start_hwm"], removed["end_hwm"]) == (DAYS[0].start_hwm, DAYS[0].end_hwm)
        assert removed["bytes"] > 0
        assert facts["kept"] == {"not_uploaded": 1, "young": 1}
        assert staged(two, facts["name"]) == [window.folder for window in DAYS[1:3]]
    assert "shop: 0 removed, 0 bytes" in two("prune", "--days", "30").out


def test_a_name_chooses_a_source(two: Kada) -> None:
    assert two("prune", "dwh", "--days", "10").code == 0
    assert staged(two, "dwh") == [DAYS[2].folder]
    assert len(staged(two, "shop")) == 3


def test_the_days_are_those_of_kada_yaml(two: Kada) -> None:
    without = two("prune")
    assert without.code == 2
    assert "retention.staging_days" in without.err
    config = two.folder / "kada.yaml"
    config.write_text(config.read_text() + "retention: {staging_days: 30}\n", encoding="utf-8")
    assert "shop: 1 removed" in two("prune").out
    assert "shop: 1 removed" in two("prune", "--days", "10").out


def test_a_source_that_fails_holds_up_no_other(two: Kada) -> None:
    (two.folder / "hwm" / "shop_hwm.txt").write_text("yesterday\n", encoding="utf-8")
    done = two("prune", "--days", "30")
    assert done.code == 1
    assert "error: shop: " in done.err
    assert "shop_hwm.txt" in done.err
    assert "dwh: 1 removed" in done.out
    assert len(staged(two, "shop")) == 3


def test_wrong_names_files_and_days_are_said(two: Kada, tmp_path: Path) -> None:
    wrong = two("prune", "shp", "--days", "3")
    assert (wrong.code, "did you mean 'shop'" in wrong.err) == (2, True)
    vendor = tmp_path / "kada_postgres_extractor_config.json"
    vendor.write_text('{"server": "db"}', encoding="utf-8")
    refused = two("prune", "--days", "3", "-c", str(vendor))
    assert (refused.code, "kada.yaml" in refused.err) == (2, True)
    assert two("prune", "--days", "0").code == 2
