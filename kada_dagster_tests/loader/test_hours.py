"""Run windows and cron on the clock of a zone, also where the clock is put forward or back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.loader.hours import is_within, last_tick

TALLINN = "Europe/Tallinn"  # 2026: forward on 29 March 03:00, back on 25 October 04:00


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("windows", "clock", "is_open"),
    [
        ([], "12:00", True),
        (["08:00-18:00"], "08:00", True),
        (["08:00-18:00"], "17:59", True),
        (["08:00-18:00"], "18:00", False),
        (["08:00-18:00"], "07:59", False),
        (["22:00-06:00"], "23:30", True),
        (["22:00-06:00"], "05:59", True),
        (["22:00-06:00"], "06:00", False),
        (["22:00-24:00"], "23:59", True),
        (["22:00-24:00"], "00:00", False),
        (["00:00-06:00", "20:00-21:00"], "20:30", True),
    ],
)
def test_a_window_holds_its_begin_and_not_its_end(
    windows: list[str], clock: str, is_open: bool
) -> None:
    assert is_within(windows, "UTC", utc(f"2026-01-10 {clock}")) is is_open


def test_windows_are_hours_of_the_zone() -> None:
    assert is_within(["08:00-09:00"], TALLINN, utc("2026-01-10 06:30"))
    assert is_within(["08:00-09:00"], TALLINN, utc("2026-07-10 05:30"))


@pytest.mark.parametrize(
    ("cron", "now", "tick"),
    [
        ("0 5 * * *", "2026-01-10 03:00", "2026-01-10 03:00"),  # 05:00 in Tallinn
        ("0 5 * * *", "2026-01-10 02:59", "2026-01-09 03:00"),
        ("0 5 * * *", "2026-07-10 02:00", "2026-07-10 02:00"),
        ("@monthly", "2026-03-31 12:00", "2026-02-28 22:00"),
        ("30 3 * * *", "2026-03-29 01:10", "2026-03-29 00:30"),  # 03:30 is left out
        ("30 3 * * *", "2026-03-29 03:00", "2026-03-29 00:30"),
        ("30 3 * * *", "2026-10-25 00:40", "2026-10-25 00:30"),  # 03:30 comes twice
        ("30 3 * * *", "2026-10-25 01:40", "2026-10-25 00:30"),
    ],
)
def test_the_last_tick_is_by_the_clock_of_the_zone(cron: str, now: str, tick: str) -> None:
    assert last_tick(cron, TALLINN, utc(now)) == utc(tick)


@settings(deadline=None, max_examples=150)
@given(
    cron=st.sampled_from(["*/15 * * * *", "0 * * * *", "30 3 * * *", "0 0 * * 0", "15 4 1 * *"]),
    zone=st.sampled_from([TALLINN, "UTC", "America/New_York", "Australia/Lord_Howe"]),
    minute=st.integers(0, 366 * 24 * 60),
)
def test_the_last_tick_never_lies_ahead_and_goes_back_only_with_the_clock(
    cron: str, zone: str, minute: int
) -> None:
    now = utc("2026-01-01") + timedelta(minutes=minute)
    tick, later = last_tick(cron, zone, now), last_tick(cron, zone, now + timedelta(minutes=1))
    assert tick is not None
    assert later is not None
    assert tick <= now
    shown, before = (now - timedelta(hours=back) for back in (0, 2))
    if (
        shown.astimezone(ZoneInfo(zone)).utcoffset()
        == before.astimezone(ZoneInfo(zone)).utcoffset()
    ):
        assert later >= tick
    assert later.astimezone(ZoneInfo(zone)).second == 0
