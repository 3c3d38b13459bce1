"""`kada prune`: what was uploaded long ago goes, without Dagster."""

from __future__ import annotations

from pathlib import Path

from kada_dagster_tests.cli.conftest import PASSWORD, Kada
from kada_dagster_tests.cli.test_extract import DAY_ONE, DAY_THREE, DAY_TWO, extract
from kada_dagster_tests.retention.staged import age_note

FOLDERS = ["20240101000000_20240102000000", "20240102000000_20240103000000"]


def staged(shop: Kada) -> list[str]:
    return sorted(path.name for path in (shop.folder / "output" / "shop").glob("2*"))


def aged(shop: Kada, folder: str, days: float = 40) -> None:
    """Let an upload be so many days old."""
    age_note(shop.folder / "output" / "shop" / "uploaded" / f"{folder}.json", days=days)


def test_old_uploads_go_and_the_others_are_counted(shop: Kada) -> None:
    for day in (DAY_ONE, DAY_TWO):
        assert extract(shop, *day).code == 0
    assert extract(shop, *DAY_THREE, "--no-upload").code == 0
    for folder in FOLDERS:
        aged(shop, folder)
    planned = shop("prune", "--days", "30", "--dry-run")
    assert planned.code == 0
    assert "shop: 2 would be removed" in planned.out
    assert all(folder in planned.out for folder in FOLDERS)
    assert "kept 1: not uploaded" in planned.out
    assert staged(shop)[:2] == FOLDERS
    done = shop.anew("prune", "shop", "--days", "30", "--json")
    assert done.code == 0, done.err
    (facts,) = done.json
    assert [one["start_hwm"] for one in facts["removed"]] == [DAY_ONE[1], DAY_TWO[1]]
    assert facts["kept"] == {"not_uploaded": 1}
    assert staged(shop) == ["20240103000000_20240104000000"]
    assert "shop: 0 removed, 0 bytes" in shop("prune", "--days", "30").out


def test_the_days_are_those_of_kada_yaml(shop: Kada) -> None:
    for day in (DAY_ONE, DAY_TWO):
        assert extract(shop, *day).code == 0
    aged(shop, FOLDERS[0], days=11)
    without = shop("prune")
    assert without.code == 2
    assert "retention.staging_days" in without.err
    config = shop.folder / "kada.yaml"
    config.write_text(config.read_text() + "\nretention: {staging_days: 12}\n", encoding="utf-8")
    assert "kept 1: uploaded too lately" in shop("prune").out
    assert "shop: 1 removed" in shop("prune", "--days", "10").out
    assert staged(shop) == FOLDERS[1:]


def test_a_source_that_fails_holds_up_no_other(shop: Kada) -> None:
    for day in (DAY_ONE, DAY_TWO):
        assert extract(shop, *day).code == 0
    aged(shop, FOLDERS[0])
    config = shop.folder / "kada.yaml"
    first = config.read_text(encoding="utf-8").replace("sources:", "").replace("shop", "broken")
    config.write_text(f"sources:{first}" + config.read_text().replace("sources:", ""))
    (shop.folder / "hwm" / "broken_hwm.txt").write_text("yesterday\n", encoding="utf-8")
    done = shop("prune", "--days", "30")
    assert done.code == 1
    assert "error: broken: " in done.err
    assert "broken_hwm.txt" in done.err
    assert "shop: 1 removed" in done.out


def test_wrong_names_and_files_are_said(shop: Kada, tmp_path: Path) -> None:
    wrong = shop("prune", "shp", "--days", "3")
    assert (wrong.code, "did you mean 'shop'" in wrong.err) == (2, True)
    vendor = tmp_path / "kada_postgres_extractor_config.json"
    vendor.write_text('{"server": "db"}', encoding="utf-8")
    refused = shop("prune", "--days", "3", "-c", str(vendor))
    assert (refused.code, "kada.yaml" in refused.err) == (2, True)
    assert shop("prune", "--days", "0").code == 2
    assert PASSWORD not in wrong.err + refused.err
