"""Partition keys are windows: whatever the cron and the time zone, no moment is lost or doubled."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.collector.partitions import key_window, run_windows, window_partitions
from kada_dagster.config.window import WindowSettings
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import HWM_FORMAT, Window
from kada_dagster_tests.collector.location import range_tags

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


def test_a_run_without_partitions_has_no_windows() -> None:
    assert run_windows(_run({}), window_partitions(DAILY)) is None


def test_settings_dagster_cannot_use_are_a_configuration_error() -> None:
    wrong = WindowSettings.model_construct(start="2024-01-01", cron="0 0 * * *", timezone="UTC")
    with pytest.raises(ConfigError, match="window: Dagster cannot make partitions"):
        window_partitions(wrong)


def _run(tags: dict[str, str]) -> dg.DagsterRun:
    return dg.DagsterRun(job_name="j", run_id="00000000-0000-4000-8000-000000000000", tags=tags)
