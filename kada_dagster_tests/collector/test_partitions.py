"""Partition keys are windows: whatever the cron and the time zone, no moment is lost or doubled."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.collector.partitions import (
    END_TAG,
    START_TAG,
    closed_until,
    key_of,
    key_window,
    narrowing_tags,
    range_tags,
    run_windows,
    window_partitions,
    windows_from,
)
from kada_dagster.config.window import WindowSettings
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import HWM_FORMAT, Window

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # its clock moves by half an hour
    "Asia/Kathmandu",
    "America/Sao_Paulo",  # had its clock change at midnight
    "Pacific/Apia",  # once left out a whole day
)
CRONS = ("*/15 * * * *", "0 * * * *", "0 0 * * *", "30 1 * * *", "30 2 * * *", "15 3 * * 1-5")
DAILY = WindowSettings(start="2024-01-01 00:00:00")


def partitions_from(local: datetime, cron: str, zone: str) -> dg.TimeWindowPartitionsDefinition:
    """Partitions as from settings, also from a start that is no tick."""
    settings = WindowSettings.model_construct(
        start=local.strftime(HWM_FORMAT), cron=cron, timezone=zone
    )
    return window_partitions(settings)


@settings(max_examples=60, deadline=None)
@given(
    local=st.datetimes(datetime(2010, 1, 1), datetime(2024, 1, 1)),  # noqa: DTZ001 - local
    cron=st.sampled_from(CRONS),
    zone=st.sampled_from(ZONES),
    days=st.integers(1, 12),
)
def test_windows_follow_each_other_without_hole_or_overlap(
    local: datetime, cron: str, zone: str, days: int
) -> None:
    partitions = partitions_from(local.replace(microsecond=0), cron, zone)
    now = local.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc) + timedelta(days=days)
    with dg.partition_loading_context(effective_dt=now):
        keys = partitions.get_partition_keys()
        windows = [key_window(partitions, key) for key in keys]
    assert len(set(keys)) == len(keys)
    for earlier, later in pairwise(windows):
        assert earlier.end == later.start
    assert all(window.end <= now for window in windows)


@settings(max_examples=40, deadline=None)
@given(
    local=st.datetimes(datetime(2023, 10, 20), datetime(2023, 11, 10)),  # noqa: DTZ001 - local
    zone=st.sampled_from(ZONES),
    span=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_a_range_has_the_outer_bounds_and_every_key_between_them(
    local: datetime, zone: str, span: tuple[int, int]
) -> None:
    partitions = partitions_from(local.replace(microsecond=0), "0 * * * *", zone)
    now = local.replace(tzinfo=timezone.utc) + timedelta(days=5)
    with dg.partition_loading_context(effective_dt=now):
        keys = partitions.get_partition_keys()
        first, last = sorted(span)
        run = _run(range_tags(keys[first], keys[last]))
        found = run_windows(run, partitions)
        assert found is not None
        assert list(found.keys) == list(keys[first : last + 1])
        assert found.window.start == key_window(partitions, keys[first]).start
        assert found.window.end == key_window(partitions, keys[last]).end


@settings(max_examples=30, deadline=None)
@given(
    local=st.datetimes(datetime(2010, 1, 1), datetime(2024, 1, 1)),  # noqa: DTZ001 - local
    cron=st.sampled_from(CRONS),
    # Dagster finds the hour of a moment by the UTC hour, wrong where half hours come and go
    zone=st.sampled_from([zone for zone in ZONES if zone != "Australia/Lord_Howe"]),
    after=st.integers(0, 8 * 86_400),
)
def test_windows_from_a_moment_on_are_those_of_the_partitions_from_the_one_that_holds_it_on(
    local: datetime, cron: str, zone: str, after: int
) -> None:
    partitions = partitions_from(local.replace(microsecond=0), cron, zone)
    begin = local.replace(microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    with dg.partition_loading_context(effective_dt=begin + timedelta(days=14)):
        windows = [key_window(partitions, key) for key in partitions.get_partition_keys()]
        moment = max(windows[0].start, begin + timedelta(seconds=after))
        (place,) = (n for n, w in enumerate(windows) if w.start <= moment < w.end)
        expected = windows[place : place + 30]
        assert list(islice(windows_from(partitions, moment), len(expected))) == expected
        for window in expected:
            assert key_window(partitions, key_of(partitions, window)) == window
        ended = [window.end for window in windows if window.end <= moment]
        assert closed_until(partitions, moment) == (ended[-1] if ended else None)


def test_windows_of_a_local_day_are_utc_and_as_long_as_the_day() -> None:
    berlin = WindowSettings(start="2024-10-26 00:00:00", timezone="Europe/Berlin")
    partitions = window_partitions(berlin)
    assert key_window(partitions, "2024-10-26 00:00:00") == Window.parse(
        "2024-10-25 22:00:00", "2024-10-26 22:00:00"
    )
    assert key_window(partitions, "2024-10-27 00:00:00") == Window.parse(
        "2024-10-26 22:00:00", "2024-10-27 23:00:00"
    )


def test_an_hour_the_clock_shows_twice_is_two_windows_with_a_key_each() -> None:
    hourly = WindowSettings(start="2024-10-27 00:00:00", cron="0 * * * *", timezone="Europe/Berlin")
    partitions = window_partitions(hourly)
    with dg.partition_loading_context(effective_dt=datetime(2024, 10, 27, 4, tzinfo=timezone.utc)):
        keys = [key for key in partitions.get_partition_keys() if " 02:00:00" in key]
    windows = [key_window(partitions, key) for key in keys]
    assert [window.start_hwm for window in windows] == [
        "2024-10-27 00:00:00",
        "2024-10-27 01:00:00",
    ]


def test_the_first_partition_is_the_first_window_of_the_settings() -> None:
    twice = WindowSettings(start="2024-10-27 02:00:00", cron="0 * * * *", timezone="Europe/Berlin")
    first = window_partitions(twice).get_first_partition_window()
    assert first is not None
    assert first.start.astimezone(timezone.utc) == twice.first


@pytest.mark.parametrize(
    "key",
    [
        "2024-01-01 00:00:01",  # dagster alone would take the next day's window
        "2024-01-01",
        "2023-12-31 00:00:00",  # before the first window
        "2999-01-01 00:00:00",  # not closed yet
        "",
        "yesterday",
    ],
)
def test_what_is_not_the_start_of_a_closed_window_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="not the start of a closed window"):
        key_window(window_partitions(DAILY), key)


def test_the_window_that_is_still_open_is_refused() -> None:
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d 00:00:00")
    with pytest.raises(ConfigError, match="closed window"):
        key_window(window_partitions(DAILY), today)


@pytest.mark.parametrize(
    ("start", "cron", "zone"),
    [
        ("2023-10-28 20:00:00", "0 * * * *", "Europe/Berlin"),
        ("2023-11-04 20:30:00", "30 * * * *", "America/New_York"),
        ("2023-04-01 20:00:00", "*/15 * * * *", "Australia/Lord_Howe"),
    ],
)
def test_a_range_that_ends_where_the_clock_is_put_back_has_all_its_keys(
    start: str, cron: str, zone: str
) -> None:
    partitions = window_partitions(WindowSettings(start=start, cron=cron, timezone=zone))
    first = key_window(partitions, start).start
    windows = [*islice(windows_from(partitions, first), 24)]
    keys = [key_of(partitions, window) for window in windows]
    for last, window in enumerate(windows):
        found = run_windows(_run(range_tags(keys[0], keys[last])), partitions)
        assert found is not None
        assert list(found.keys) == keys[: last + 1]
        assert found.window == Window(first, window.end)


def test_a_range_that_runs_backwards_is_refused() -> None:
    run = _run(range_tags("2024-01-03 00:00:00", "2024-01-01 00:00:00"))
    with pytest.raises(ConfigError, match="backwards"):
        run_windows(run, window_partitions(DAILY))


def test_a_run_for_windows_with_a_hole_between_them_is_refused() -> None:
    partitions = window_partitions(DAILY)
    keys = ["2024-01-01 00:00:00", "2024-01-02 00:00:00", "2024-01-04 00:00:00"]
    subset = partitions.subset_with_partition_keys(keys).to_serializable_subset()
    run = dg.DagsterRun(
        job_name="j",
        run_id="00000000-0000-4000-8000-000000000000",
        tags=range_tags(keys[0], keys[-1]),
        partitions_subset=subset,
    )
    with pytest.raises(ConfigError, match="do not follow each other"):
        run_windows(run, partitions)


JAN_1, JAN_2, JAN_3, JAN_4 = (f"2024-01-0{day} 00:00:00" for day in range(1, 5))


@pytest.mark.parametrize(
    ("keys", "tags", "expected"),
    [
        ((JAN_1, JAN_2), {START_TAG: "2024-01-01 05:00:00"}, ("2024-01-01 05:00:00", JAN_3)),
        ((JAN_1, JAN_2), {END_TAG: "2024-01-02 00:00:01"}, (JAN_1, "2024-01-02 00:00:01")),
        ((JAN_1, JAN_2), {START_TAG: JAN_1, END_TAG: JAN_3}, (JAN_1, JAN_3)),
        (
            (JAN_1, JAN_1),
            {START_TAG: "2024-01-01 05:00:00", END_TAG: "2024-01-01 06:30:00"},
            ("2024-01-01 05:00:00", "2024-01-01 06:30:00"),
        ),
    ],
)
def test_tags_narrow_a_run_to_a_part_of_its_first_and_last_window(
    keys: tuple[str, str], tags: dict[str, str], expected: tuple[str, str]
) -> None:
    partitions = window_partitions(DAILY)
    windows = run_windows(_run(range_tags(*keys) | tags), partitions)
    assert windows is not None
    assert windows.window == Window.parse(*expected)
    parts = [windows.part(key_window(partitions, key)) for key in windows.keys]
    assert (parts[0].start_hwm, parts[-1].end_hwm) == expected
    first, last = (key_window(partitions, key) for key in keys)
    again = run_windows(
        _run(range_tags(*keys) | narrowing_tags(windows.window, first, last)), partitions
    )
    assert again == windows


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({START_TAG: "yesterday"}, "tag kada/start_hwm 'yesterday' is not in the format"),
        ({END_TAG: ""}, "tag kada/end_hwm '' is not in the format"),
        ({START_TAG: "2023-12-31 23:59:59"}, "tag kada/start_hwm .* is not in the run's"),
        ({START_TAG: JAN_2}, "tag kada/start_hwm .* is not in the run's"),
        ({END_TAG: JAN_2}, "tag kada/end_hwm .* is not in the run's"),
        ({END_TAG: "2024-01-03 00:00:01"}, "tag kada/end_hwm .* is not in the run's"),
    ],
)
def test_a_tag_that_is_malformed_or_outside_the_runs_windows_is_refused(
    tags: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run_windows(_run(range_tags(JAN_1, JAN_2) | tags), window_partitions(DAILY))


def test_a_part_that_ends_before_it_begins_is_refused() -> None:
    tags = {START_TAG: "2024-01-01 06:00:00", END_TAG: "2024-01-01 05:00:00"}
    with pytest.raises(ConfigError, match="tag kada/end_hwm"):
        run_windows(_run({"dagster/partition": JAN_1} | tags), window_partitions(DAILY))


def test_a_run_without_partitions_has_no_windows() -> None:
    assert run_windows(_run({}), window_partitions(DAILY)) is None


def test_settings_dagster_cannot_use_are_a_configuration_error() -> None:
    wrong = WindowSettings.model_construct(start="2024-01-01", cron="0 0 * * *", timezone="UTC")
    with pytest.raises(ConfigError, match="window: Dagster cannot make partitions"):
        window_partitions(wrong)


def _run(tags: dict[str, str]) -> dg.DagsterRun:
    return dg.DagsterRun(job_name="j", run_id="00000000-0000-4000-8000-000000000000", tags=tags)
