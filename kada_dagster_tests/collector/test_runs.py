"""Runs that go well: one window, a range, windows out of order, single assets."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.extracts.checks import CHECK_NAMES
from kada_dagster_tests.collector.location import STEPS, Location, failure, metadata, succeeded

JAN_1, JAN_2, JAN_3, JAN_4, JAN_5 = (f"2024-01-0{day} 00:00:00" for day in range(1, 6))


def test_a_window_goes_through_extract_checks_upload_and_mark_in_that_order(
    location: Location,
) -> None:
    result = location.run(JAN_1)
    assert succeeded(result) == list(STEPS)
    assert location.calls() == ["test_connection", f"read [{JAN_1}, {JAN_2})"]
    assert location.landed() == ["LINKAGE_20240102000000.csv", "META_20240102000000.csv"]
    assert location.mark() == JAN_2


def test_a_range_is_one_extract_one_check_and_one_set_of_files(location: Location) -> None:
    result = location.run(JAN_1, "2024-02-09 00:00:00")  # 40 days
    assert succeeded(result) == list(STEPS)
    assert location.reads() == [f"[{JAN_1}, 2024-02-10 00:00:00)"]
    assert location.landed() == ["LINKAGE_20240210000000.csv", "META_20240210000000.csv"]
    assert location.mark() == "2024-02-10 00:00:00"
    assert len(result.get_asset_check_evaluations()) == len(CHECK_NAMES)
    for asset in ("extract", "upload", "high_water_mark"):
        key = dg.AssetKey(["docs", asset])
        assert len(location.instance.get_materialized_partitions(key)) == 40


def test_five_hundred_windows_are_read_once(location: Location) -> None:
    location.instance = dg.DagsterInstance.ephemeral()  # an event a window: files take longer
    result = location.run(JAN_1, "2025-05-14 00:00:00", assets=["extract"])
    assert result.success, failure(result)
    assert location.reads() == [f"[{JAN_1}, 2025-05-15 00:00:00)"]
    key = dg.AssetKey(["docs", "extract"])
    assert len(location.instance.get_materialized_partitions(key)) == 500


def test_every_window_of_a_range_has_its_own_bounds_and_the_run_s_numbers(
    location: Location,
) -> None:
    windows = metadata(location.run(JAN_2, JAN_4), "extract")
    assert [(one["window_start"], one["window_end"]) for one in windows] == [
        (JAN_2, JAN_3),
        (JAN_3, JAN_4),
        (JAN_4, JAN_5),
    ]
    assert {one["rows/META"] for one in windows} == {3}
    assert {(one["start_hwm"], one["end_hwm"]) for one in windows} == {(JAN_2, JAN_5)}
    assert ["preview" in one for one in windows] == [False, False, True]


def test_an_extract_says_what_it_holds_in_numbers_the_ui_can_plot(location: Location) -> None:
    (facts,) = metadata(location.run(JAN_1), "extract")
    assert facts["rows/META"] == 3
    assert facts["rows/LINKAGE"] == 0
    assert facts["objects/TABLE"] == 3
    assert facts["dagster/partition_row_count"] == 3
    assert facts["warnings"] == 0
    meta = Path(facts["file/META"])
    assert facts["bytes"] == sum(path.stat().st_size for path in meta.parent.glob("*.csv"))
    assert Path(facts["manifest"]).is_file()


def test_a_preview_cannot_be_broken_by_what_objects_are_called(location: Location) -> None:
    location.put(1, NAME="a|b\n<script>alert(1)</script>`*", PATH="x" * 500)
    (facts,) = metadata(location.run(JAN_1), "extract")
    row = facts["preview"].splitlines()[-1]
    assert "a\\|b \\<script\\>alert(1)\\</script\\>\\`\\*" in row
    assert len(row) < 300


def test_an_upload_says_what_it_sent_and_what_was_there(location: Location) -> None:
    (first,) = metadata(location.run(JAN_1), "upload")
    (again,) = metadata(location.run(JAN_1, assets=["upload"]), "upload")
    assert (first["files"], first["files_sent"], first["files_unchanged"]) == (2, 2, 0)
    assert (again["files"], again["files_sent"], again["files_unchanged"]) == (2, 0, 2)
    assert first["landing"] == str(location.folder / "docs_landing")
    assert "META" in first["placed"].splitlines()[2]  # META is sent first


def test_a_gap_holds_the_mark_and_is_named_until_it_is_filled(location: Location) -> None:
    location.run(JAN_1)
    (held,) = metadata(location.run(JAN_4), "high_water_mark")
    assert held["high_water_mark"] == JAN_2
    assert (held["gap_start"], held["gap_end"]) == (JAN_2, JAN_4)
    assert held["moved"] is False
    filled = metadata(location.run(JAN_2, JAN_3), "high_water_mark")[-1]
    assert (filled["moved_from"], filled["high_water_mark"]) == (JAN_2, JAN_5)
    assert filled["waits_for"] == "nothing"
    assert filled["lag_seconds"] > 0


def test_old_windows_extracted_again_do_not_move_the_mark_back(location: Location) -> None:
    location.run(JAN_1, JAN_4)
    (facts,) = metadata(location.run(JAN_2), "high_water_mark")
    assert facts["moved"] is False
    assert location.mark() == JAN_5


def test_a_first_window_out_of_order_waits_for_those_before_it(location: Location) -> None:
    (facts,) = metadata(location.run(JAN_3), "high_water_mark")
    assert facts["high_water_mark"] == "none yet"
    assert (facts["gap_start"], facts["gap_end"]) == (JAN_1, JAN_3)
    assert location.mark() is None


def test_an_upload_alone_sends_the_range_its_window_was_extracted_in(location: Location) -> None:
    location.run(JAN_1, JAN_3, assets=["extract"])
    assert location.landed() == []
    result = location.run(JAN_2, assets=["upload"])
    assert result.success, failure(result)
    assert location.landed() == ["LINKAGE_20240104000000.csv", "META_20240104000000.csv"]
    assert len(location.reads()) == 1


def test_an_upload_alone_moves_the_mark_past_all_it_has_sent(location: Location) -> None:
    location.run(JAN_1, JAN_3, assets=["extract"])
    assert location.run(JAN_1, assets=["upload", "high_water_mark"]).success
    assert location.mark() == JAN_4
    # Else what is sent next has the same names and less in them.
    assert not location.tick(datetime(2024, 1, 4, tzinfo=timezone.utc)).run_requests


def test_a_mark_alone_follows_an_earlier_upload(location: Location) -> None:
    location.run(JAN_1, assets=["extract", "upload"])
    assert location.mark() is None
    result = location.run(JAN_1, assets=["high_water_mark"])
    assert result.success, failure(result)
    assert location.mark() == JAN_2


def test_two_sources_side_by_side_share_nothing(location: Location) -> None:
    location.add("wiki", compress=True)
    location.put(2, "wiki")
    assert location.run(JAN_1).success
    assert location.run(JAN_1, JAN_2, name="wiki").success
    assert (location.mark("docs"), location.mark("wiki")) == (JAN_2, JAN_3)
    assert location.landed("docs") == ["LINKAGE_20240102000000.csv", "META_20240102000000.csv"]
    assert location.landed("wiki") == [
        "LINKAGE_20240103000000.csv.gz",
        "META_20240103000000.csv.gz",
    ]


def test_without_a_landing_the_mark_follows_the_checked_extract(
    empty_location: Location,
) -> None:
    location = empty_location
    location.add(landing=None)
    location.put(1)
    assert succeeded(location.run(JAN_1)) == ["extract", "extract_checks", "high_water_mark"]
    assert location.mark() == JAN_2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_local_day_with_a_clock_change_is_read_whole_and_once(
    empty_location: Location, zone: str
) -> None:
    location = empty_location
    window = {"start": "2024-03-01 00:00:00", "timezone": zone}
    location.add(window=window)
    location.put(1)
    days = [f"2024-03-{day:02d} 00:00:00" for day in (9, 10, 11, 30, 31)]
    for day in days:
        assert location.run(day).success
    assert location.run("2024-04-01 00:00:00").success
    bounds = [tuple(text.strip("[)").split(", ")) for text in location.reads()]
    march_9, march_10, march_11, march_30, march_31, april_1 = bounds
    assert (march_9[1], march_10[1]) == (march_10[0], march_11[0])
    assert (march_30[1], march_31[1]) == (march_31[0], april_1[0])
    short = {"Europe/Berlin": march_31, "America/New_York": march_10}[zone]
    assert int(short[1][11:13]) + 24 - int(short[0][11:13]) == 23
