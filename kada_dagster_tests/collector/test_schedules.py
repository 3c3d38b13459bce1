"""A tick asks for every closed window that is missing, and for nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from kada_dagster.collector import run_history
from kada_dagster.collector.run_history import sending_tag
from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.window import Window, format_hwm
from kada_dagster_tests.collector.location import STEPS, Location, range_tags, succeeded

JAN_1, JAN_2, JAN_3, JAN_4, JAN_5 = (f"2024-01-0{day} 00:00:00" for day in range(1, 6))
HOURLY_BERLIN = {"start": "2024-10-26 22:00:00", "cron": "0 * * * *", "timezone": "Europe/Berlin"}
STATUS = dg.DagsterRunStatus


def midnight(day: int) -> datetime:
    """Of a day of January."""
    return datetime(2024, 1, day, tzinfo=timezone.utc)


def set_mark(location: Location, mark: str, *ahead: Window) -> None:
    folder = location.folder / "hwm"
    folder.mkdir(exist_ok=True)
    (folder / "docs_hwm.txt").write_text(mark + "\n")
    pairs = [{"start_hwm": window.start_hwm, "end_hwm": window.end_hwm} for window in ahead]
    (folder / "docs_hwm_ahead.json").write_text(json.dumps({"uploaded_ahead": pairs}))


def keys(tags: Mapping[str, str]) -> tuple[str, str]:
    """The first and the last window a request is for."""
    if one := tags.get("dagster/partition"):
        return one, one
    return tuple(tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))  # type: ignore[return-value]


def requested(location: Location, moment: datetime) -> list[tuple[str, str]]:
    return [keys(request.tags) for request in location.tick(moment).run_requests or []]


def reason(location: Location, moment: datetime) -> str:
    tick = location.tick(moment)
    assert not tick.run_requests
    return str(tick.skip_message)


# --- which windows ---------------------------------------------------------------------------


def test_a_tick_asks_for_the_window_that_has_just_closed(location: Location) -> None:
    set_mark(location, JAN_2)
    (request,) = location.tick(midnight(3)).run_requests or []
    assert request.tags["dagster/partition"] == JAN_2
    assert not any("range" in tag or tag.startswith("kada/") for tag in request.tags)


def test_without_a_mark_it_asks_for_all_windows_from_the_first_on(location: Location) -> None:
    assert requested(location, midnight(5)) == [(JAN_1, JAN_4)]


def test_after_ten_missed_windows_one_run_brings_the_mark_to_the_present(
    location: Location,
) -> None:
    location.run_tick(midnight(2))
    (result,) = location.run_tick(midnight(12))
    assert succeeded(result) == list(STEPS)
    assert location.reads() == [f"[{JAN_1}, {JAN_2})", f"[{JAN_2}, 2024-01-12 00:00:00)"]
    assert location.mark() == "2024-01-12 00:00:00"
    assert location.run_tick(midnight(12)) == []


def test_the_tick_is_the_clock_not_the_machine(location: Location) -> None:
    assert requested(location, midnight(3) - timedelta(seconds=1)) == [(JAN_1, JAN_1)]
    assert requested(location, midnight(3)) == [(JAN_1, JAN_2)]


def test_what_was_uploaded_ahead_is_not_asked_for_again(location: Location) -> None:
    set_mark(location, JAN_2, Window.parse(JAN_3, JAN_4))
    assert requested(location, midnight(6)) == [(JAN_2, JAN_2), (JAN_4, JAN_5)]


def test_requests_of_one_tick_have_keys_of_their_own(location: Location) -> None:
    set_mark(location, JAN_2, Window.parse(JAN_3, JAN_4))
    run_keys = [request.run_key for request in location.tick(midnight(6)).run_requests or []]
    assert run_keys == [f"{JAN_2}/{JAN_3}", f"{JAN_4}/2024-01-06 00:00:00"]


def test_the_oldest_windows_come_first_and_later_ticks_go_on(empty_location: Location) -> None:
    location = empty_location
    location.add(schedule={"max_windows": 2})
    location.put(1)
    location.run_tick(midnight(6))
    assert location.mark() == JAN_3
    location.run_tick(midnight(6))
    location.run_tick(midnight(6))
    assert location.reads() == [
        f"[{JAN_1}, {JAN_3})",
        f"[{JAN_3}, {JAN_5})",
        f"[{JAN_5}, 2024-01-06 00:00:00)",
    ]


def test_a_first_window_later_than_the_mark_is_where_it_begins_and_the_mark_waits(
    empty_location: Location,
) -> None:
    location = empty_location
    location.add(window={"start": JAN_4})
    location.put(1)
    set_mark(location, JAN_2)
    location.run_tick(midnight(6))
    assert location.reads() == [f"[{JAN_4}, 2024-01-06 00:00:00)"]
    assert location.mark() == JAN_2
    assert location.run_tick(midnight(6)) == []


def test_a_source_without_a_landing_catches_up_as_well(empty_location: Location) -> None:
    location = empty_location
    location.add(landing=None)
    location.put(1)
    (result,) = location.run_tick(midnight(4))
    assert succeeded(result) == ["extract", "extract_checks", "high_water_mark"]
    assert location.mark() == JAN_4


# --- what runs do ----------------------------------------------------------------------------


def test_a_failed_window_is_asked_for_by_the_next_tick_with_those_since(
    location: Location,
) -> None:
    source = location.folder / "docs_source"
    away = source.rename(location.folder / "unmounted")
    (failed,) = location.run_tick(midnight(2))
    assert not failed.success
    away.rename(source)
    (result,) = location.run_tick(midnight(3))
    assert result.success
    assert location.reads() == [f"[{JAN_1}, {JAN_3})"]
    assert location.mark() == JAN_3


def test_a_window_that_failed_while_it_was_sent_is_sent_again_as_it_was(
    location: Location,
) -> None:
    """Some of its files may have landed: in a wider window they would be there twice."""
    landing = location.folder / "docs_landing"
    landing.mkdir()
    in_the_way = landing / "LINKAGE_20240103000000.csv"
    in_the_way.mkdir()
    (failed,) = location.run_tick(midnight(3))
    assert succeeded(failed) == ["extract", "extract_checks"]
    assert (landing / "META_20240103000000.csv").is_file()
    in_the_way.rmdir()
    assert [result.success for result in location.run_tick(midnight(5))] == [True, True]
    assert location.landed() == [
        "LINKAGE_20240103000000.csv",
        "LINKAGE_20240105000000.csv",
        "META_20240103000000.csv",
        "META_20240105000000.csv",
    ]
    assert location.mark() == JAN_5


def test_a_window_whose_landing_was_away_is_part_of_the_next_run(empty_location: Location) -> None:
    location = empty_location
    location.add(retries={"max_retries": 0})
    location.put(1)
    (location.folder / "docs_landing").write_text("not a folder")
    (failed,) = location.run_tick(midnight(3))
    assert succeeded(failed) == ["extract", "extract_checks"]
    (location.folder / "docs_landing").unlink()
    (result,) = location.run_tick(midnight(5))
    assert result.success
    assert location.landed() == ["LINKAGE_20240105000000.csv", "META_20240105000000.csv"]


def test_a_mark_that_could_not_be_moved_is_moved_by_the_same_window_again(
    location: Location,
) -> None:
    (location.folder / "hwm").mkdir()
    in_the_way = location.folder / "hwm" / ".docs_hwm.txt.new"
    in_the_way.mkdir()
    (failed,) = location.run_tick(midnight(3))
    assert succeeded(failed) == ["extract", "extract_checks", "upload"]
    shutil.rmtree(in_the_way)
    location.run_tick(midnight(5))
    assert location.landed() == [
        "LINKAGE_20240103000000.csv",
        "LINKAGE_20240105000000.csv",
        "META_20240103000000.csv",
        "META_20240105000000.csv",
    ]
    assert location.mark() == JAN_5


@pytest.mark.parametrize("status", ["STARTING", "STARTED", "CANCELING"])
def test_windows_of_a_run_that_has_not_ended_are_left_out(location: Location, status: str) -> None:
    location.launched(range_tags(JAN_2, JAN_3), STATUS[status])
    assert requested(location, midnight(6)) == [(JAN_1, JAN_1), (JAN_4, JAN_5)]


def test_while_a_run_is_in_the_queue_nothing_is_asked_for_that_would_stand_behind_it(
    location: Location,
) -> None:
    """Else the queue grows for as long as runs take longer than windows."""
    set_mark(location, JAN_2)
    run = location.launched({"dagster/partition": JAN_2}, STATUS.QUEUED)
    assert reason(location, midnight(6)) == (
        f"docs: the mark is at {JAN_2}; a run waits in the queue, and what is missing beyond it up "
        "to 2024-01-06 00:00:00 is asked for when it has begun"
    )
    location.instance.report_run_canceled(run)
    assert requested(location, midnight(6)) == [(JAN_2, JAN_5)]


def test_a_run_that_has_begun_holds_up_nothing(location: Location) -> None:
    set_mark(location, JAN_2)
    location.launched({"dagster/partition": JAN_2}, STATUS.STARTED)
    assert requested(location, midnight(6)) == [(JAN_3, JAN_5)]


def test_with_nothing_else_missing_a_queued_run_is_what_is_being_worked_on(
    location: Location,
) -> None:
    set_mark(location, JAN_2)
    location.launched({"dagster/partition": JAN_2}, STATUS.QUEUED)
    assert f"but what runs are working on: [{JAN_2}, {JAN_3})" in reason(location, midnight(3))


def test_a_queued_run_before_the_mark_and_a_queued_backfill_hold_up_nothing(
    location: Location,
) -> None:
    set_mark(location, JAN_2)
    location.launched({"dagster/partition": JAN_1}, STATUS.QUEUED)
    backfill = {**range_tags(JAN_2, JAN_3), "dagster/backfill": "waits"}
    location.launched(backfill, STATUS.QUEUED)
    assert requested(location, midnight(6)) == [(JAN_4, JAN_5)]


@pytest.mark.parametrize("status", ["NOT_STARTED", "FAILURE", "CANCELED", "SUCCESS"])
def test_windows_of_a_run_nobody_executes_are_asked_for(location: Location, status: str) -> None:
    location.launched(range_tags(JAN_2, JAN_3), STATUS[status])
    assert requested(location, midnight(6)) == [(JAN_1, JAN_5)]


def test_windows_of_a_failed_run_are_left_out_until_dagster_has_retried_it(
    location: Location,
) -> None:
    """Else the retry and the run of the tick would send them in two sets of files."""
    tags = range_tags(JAN_2, JAN_3)
    location.launched({**tags, "dagster/will_retry": "false"}, STATUS.FAILURE)
    assert requested(location, midnight(6)) == [(JAN_1, JAN_5)]
    location.launched({**tags, "dagster/will_retry": "true"}, STATUS.FAILURE)
    assert requested(location, midnight(6)) == [(JAN_1, JAN_1), (JAN_4, JAN_5)]


def test_a_failed_run_that_was_retried_leaves_its_windows_to_the_retry(location: Location) -> None:
    retried = {"dagster/will_retry": "true", "dagster/auto_retry_run_id": "the new run"}
    location.launched({**range_tags(JAN_2, JAN_3), **retried}, STATUS.FAILURE)
    assert requested(location, midnight(6)) == [(JAN_1, JAN_5)]


def test_a_retry_that_does_not_come_is_not_waited_for(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_history, "_RETRY_WITHIN", timedelta(0))
    tags = {**range_tags(JAN_2, JAN_3), "dagster/will_retry": "true"}
    location.launched(tags, STATUS.FAILURE)
    assert requested(location, midnight(6)) == [(JAN_1, JAN_5)]


def test_windows_of_an_assets_run_count_if_it_extracts_them(location: Location) -> None:
    one, other = {"dagster/partition": JAN_2}, {"dagster/partition": JAN_4}
    implicit = "__ASSET_JOB"
    location.launched(one, STATUS.STARTED, assets=["extract"], job_name=implicit)
    location.launched(other, STATUS.STARTED, assets=["upload"], job_name=implicit)
    assert requested(location, midnight(6)) == [(JAN_1, JAN_1), (JAN_3, JAN_5)]


def test_runs_of_another_source_do_not_count(location: Location) -> None:
    location.add("wiki")
    location.launched(range_tags(JAN_1, JAN_5), STATUS.STARTED, "wiki")
    assert requested(location, midnight(6)) == [(JAN_1, JAN_5)]


def test_a_run_of_windows_cut_otherwise_counts_for_the_time_it_was_launched_for(
    empty_location: Location,
) -> None:
    location = empty_location
    location.add(window={"start": JAN_1, "cron": "0 * * * *"})
    location.launched(range_tags(JAN_1, "2024-01-01 05:00:00"), STATUS.STARTED)
    location.sources[0]["window"] = {"start": JAN_1}
    (request,) = location.tick(midnight(4)).run_requests or []
    assert keys(request.tags) == (JAN_1, JAN_3)
    assert request.tags["kada/start_hwm"] == "2024-01-01 06:00:00"


def test_a_part_of_a_window_a_run_works_on_is_left_out_and_no_more(location: Location) -> None:
    tags = {"dagster/partition": JAN_2, "kada/start_hwm": "2024-01-02 09:00:00"}
    location.launched(tags, STATUS.STARTED)
    first, second = location.tick(midnight(4)).run_requests or []
    assert keys(first.tags) == (JAN_1, JAN_2)
    assert first.tags["kada/end_hwm"] == "2024-01-02 09:00:00"
    assert keys(second.tags) == (JAN_3, JAN_3)


def test_a_run_that_names_no_window_there_is_counts_for_nothing(location: Location) -> None:
    location.launched({"dagster/partition": JAN_2, "kada/start_hwm": "?"}, STATUS.QUEUED)
    location.launched({}, STATUS.QUEUED)
    assert requested(location, midnight(4)) == [(JAN_1, JAN_3)]


def test_a_failed_run_that_sent_nothing_leaves_its_windows_free(location: Location) -> None:
    location.launched({"dagster/partition": JAN_2, sending_tag("wiki"): "true"}, STATUS.FAILURE)
    assert requested(location, midnight(4)) == [(JAN_1, JAN_3)]
    location.launched({"dagster/partition": JAN_2, sending_tag("docs"): "true"}, STATUS.FAILURE)
    assert requested(location, midnight(4)) == [(JAN_1, JAN_1), (JAN_2, JAN_2), (JAN_3, JAN_3)]


def test_a_failed_run_of_several_sources_is_remembered_for_each_it_began_to_send(
    location: Location,
) -> None:
    both = {sending_tag("wiki"): "true", sending_tag("docs"): "true"}
    location.launched({"dagster/partition": JAN_2, **both}, STATUS.FAILURE)
    assert requested(location, midnight(4)) == [(JAN_1, JAN_1), (JAN_2, JAN_2), (JAN_3, JAN_3)]


# --- why nothing, why not ----------------------------------------------------------------------


def test_with_nothing_missing_it_says_where_the_mark_is_and_when_the_next_window_closes(
    location: Location,
) -> None:
    set_mark(location, JAN_3)
    assert reason(location, midnight(3) + timedelta(hours=7)) == (
        f"docs: the mark is at {JAN_3}, nothing is missing up to {JAN_3}; "
        f"window [{JAN_3}, {JAN_4}) is extracted from {JAN_4} on (UTC)"
    )


def test_before_the_first_window_has_closed_it_says_so(location: Location) -> None:
    said = reason(location, datetime(2023, 12, 1, tzinfo=timezone.utc))
    assert "docs: no mark yet" in said
    assert f"window [{JAN_1}, {JAN_2}) is extracted from {JAN_2} on" in said


def test_a_mark_in_the_future_is_where_the_next_window_is(location: Location) -> None:
    set_mark(location, "2024-01-08 09:00:00")
    said = reason(location, midnight(3))
    assert "window [2024-01-08 00:00:00, 2024-01-09 00:00:00) is extracted from" in said


def test_with_everything_being_worked_on_it_says_by_which_windows(location: Location) -> None:
    location.launched(range_tags(JAN_1, JAN_2), STATUS.STARTED)
    assert f"what runs are working on: [{JAN_1}, {JAN_3});" in reason(location, midnight(3))


def test_a_mark_that_cannot_be_read_fails_the_tick_and_asks_for_nothing(location: Location) -> None:
    set_mark(location, "yesterday")
    with pytest.raises(Exception, match="schedule docs_schedule") as caught:
        location.tick(midnight(5))
    cause = caught.value.__cause__
    assert isinstance(cause, WatermarkError)
    assert "docs: no run was requested, because its high water mark could not be read" in str(cause)
    assert "docs_hwm.txt" in str(cause)
    assert cause.__suppress_context__


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "last"),
    [(0, "2024-10-27 01:00:00"), (1, "2024-10-27 02:00:00"), (2, "2024-10-27 02:00:00+0100")],
)
def test_the_hour_the_clock_shows_twice_is_asked_for_twice(
    empty_location: Location, hour: int, last: str
) -> None:
    empty_location.add(window=HOURLY_BERLIN)
    tick = datetime(2024, 10, 27, hour, tzinfo=timezone.utc)
    assert requested(empty_location, tick) == [("2024-10-26 22:00:00", last)]


@pytest.mark.parametrize(("month", "day"), [(3, 31), (10, 27)])
def test_windows_over_a_clock_change_are_read_without_hole_or_overlap(
    empty_location: Location, month: int, day: int
) -> None:
    location = empty_location
    location.add(window={**HOURLY_BERLIN, "start": f"2024-{month:02}-{day} 00:00:00"})
    location.put(1)
    ticks = [datetime(2024, month, day, hour, tzinfo=timezone.utc) for hour in range(5)]
    for tick in ticks:
        assert all(result.success for result in location.run_tick(tick))
    bounds = [tuple(text.strip("[)").split(", ")) for text in location.reads()]
    assert [end for _, end in bounds] == [format_hwm(tick) for tick in ticks]
    assert [begin for begin, _ in bounds[1:]] == [end for _, end in bounds[:-1]]
    assert location.mark() == bounds[-1][1]


@pytest.mark.parametrize(
    ("settings", "crons"),
    [
        ({}, "0 0 * * *"),
        ({"window": {"start": JAN_1, "delay_minutes": 90}}, "30 1 * * *"),
        ({"schedule": {"cron": "*/5 * * * *"}}, "*/5 * * * *"),
    ],
)
def test_it_ticks_at_the_end_of_each_window_and_the_delay_or_when_it_is_told(
    empty_location: Location, settings: dict[str, object], crons: str
) -> None:
    empty_location.add(**settings)
    repository = empty_location.definitions().get_repository_def()
    schedule = repository.get_schedule_def("docs_schedule")
    assert schedule.cron_schedule == crons
    assert schedule.execution_timezone == "UTC"


def test_a_window_is_asked_for_when_its_delay_has_passed(empty_location: Location) -> None:
    location = empty_location
    location.add(window={"start": JAN_1, "delay_minutes": 15})
    set_mark(location, JAN_2)
    quarter = midnight(3) + timedelta(minutes=15)
    said = reason(location, quarter - timedelta(seconds=1))
    assert f"window [{JAN_2}, {JAN_3}) is extracted from 2024-01-03 00:15:00 on" in said
    assert requested(location, quarter) == [(JAN_2, JAN_2)]


@pytest.mark.parametrize("enabled", [True, False])
def test_whether_a_schedule_runs_at_once_is_a_setting(
    empty_location: Location, enabled: bool
) -> None:
    empty_location.add(schedule={"enabled": enabled})
    repository = empty_location.definitions().get_repository_def()
    status = repository.get_schedule_def("docs_schedule").default_status
    assert (status == dg.DefaultScheduleStatus.RUNNING) is enabled
