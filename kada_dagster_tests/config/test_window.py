"""Window settings: the first window begins at a tick, in a time zone that exists."""

# ruff: noqa: DTZ001 - hypothesis takes bounds without a zone

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kada_dagster.config.window import WindowSettings, daily_window
from kada_dagster.hwm.window import HWM_FORMAT

UTC = timezone.utc


def refusal(**fields: str) -> str:
    with pytest.raises(ValidationError) as caught:
        WindowSettings(**fields)
    return str(caught.value)


def test_the_first_window_begins_at_the_local_time_given() -> None:
    window = WindowSettings(start="2024-07-01 00:00:00", timezone="Europe/Berlin")
    assert window.first == datetime(2024, 6, 30, 22, tzinfo=UTC)


def test_a_start_off_the_cron_is_refused_and_the_next_tick_named() -> None:
    message = refusal(start="2024-01-01 00:30:00", cron="0 */6 * * *")
    assert "not a tick" in message
    assert "2024-01-01 06:00:00" in message


@pytest.mark.parametrize("start", ["2024-01-01", "2024-1-1 00:00:00", "2024-02-30 00:00:00", ""])
def test_a_start_in_another_format_is_refused(start: str) -> None:
    assert "YYYY-MM-DD HH:MM:SS" in refusal(start=start)


def test_a_start_the_clock_skips_is_refused() -> None:
    message = refusal(start="2024-03-31 02:00:00", cron="0 * * * *", timezone="Europe/Berlin")
    assert "does not exist in Europe/Berlin" in message


def test_of_a_start_the_clock_shows_twice_the_first_counts() -> None:
    window = WindowSettings(start="2024-10-27 02:00:00", cron="0 * * * *", timezone="Europe/Berlin")
    assert window.first == datetime(2024, 10, 27, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone", ["Mars/Base", "", "../etc/passwd", "/etc/passwd", "europe/berlin!"]
)
def test_unknown_time_zones_are_refused(zone: str) -> None:
    assert "is not an IANA time zone name" in refusal(start="2024-01-01 00:00:00", timezone=zone)


def test_the_nearest_time_zone_is_offered() -> None:
    message = refusal(start="2024-01-01 00:00:00", timezone="Austraila/Sydney")
    assert "did you mean 'Australia/Sydney'?" in message


def test_a_cron_that_never_ticks_is_refused() -> None:
    assert "never ticks" in refusal(start="2024-01-01 00:00:00", cron="0 0 31 2 *")


def test_a_delay_is_a_number_of_minutes() -> None:
    window = WindowSettings(start="2024-01-01 00:00:00", delay_minutes=15)
    assert window.delay == timedelta(minutes=15)
    assert WindowSettings(start="2024-01-01 00:00:00").delay == timedelta(0)


@pytest.mark.parametrize("minutes", [-1, 44_641, 1.5])
def test_other_delays_are_refused(minutes: float) -> None:
    with pytest.raises(ValidationError, match="delay_minutes"):
        WindowSettings.model_validate({"start": "2024-01-01 00:00:00", "delay_minutes": minutes})


@given(
    day=st.dates(datetime(1990, 1, 1).date(), datetime(2060, 1, 1).date()),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_the_first_moment_shows_the_start_on_a_local_clock(day: datetime, zone: str) -> None:
    start = f"{day:%Y-%m-%d} 12:00:00"
    first = WindowSettings(start=start, cron="0 12 * * *", timezone=zone).first
    assert first.astimezone(ZoneInfo(zone)).strftime(HWM_FORMAT) == start


@given(now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_windows_nobody_configured_begin_one_to_two_days_ago(now: datetime) -> None:
    assert timedelta(days=1) <= now - daily_window(now).first < timedelta(days=2)
