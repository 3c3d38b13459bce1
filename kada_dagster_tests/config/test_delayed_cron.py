"""A delayed cron ticks exactly so long after each tick of the one it was made of, or is none."""

# ruff: noqa: DTZ001 - cron is about wall clocks

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.config.cron import Cron
from kada_dagster.config.delayed_cron import delayed

MINUTES = ("0", "*", "*/15", "7", "0,30", "5-10")
HOURS = ("0", "*", "*/6", "23", "9-17", "1,22")
DAYS = ("* * *", "* * 1-5", "* * sun", "1 * *", "*/2 * 1", "* 2 *", "1-31 * 3")


@pytest.mark.parametrize(
    ("cron", "minutes", "expected"),
    [
        ("0 0 * * *", 0, ("0 0 * * *",)),
        ("@daily", 15, ("15 0 * * *",)),
        ("0 * * * *", 15, ("15 * * * *",)),
        ("*/15 * * * *", 20, ("5,20,35,50 * * * *",)),
        ("* * * * *", 3, ("* * * * *",)),
        ("0 0 * * *", 1500, ("0 1 * * *",)),
        ("50 23 * * *", 15, ("5 0 * * *",)),
        ("50 23 * * fri", 15, ("5 0 * * 6",)),
        ("0 6 1 * *", 15, ("15 6 1 * *",)),
        ("0,30 9-10 * * *", 45, ("15 10,11 * * *", "45 9,10 * * *")),
        ("50 23 1 * *", 15, ()),
        ("50 23 * 2 *", 15, ()),
    ],
)
def test_the_delay_is_written_into_the_expression(
    cron: str, minutes: int, expected: tuple[str, ...]
) -> None:
    assert sorted(delayed(cron, minutes)) == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(
    minute=st.sampled_from(MINUTES),
    hour=st.sampled_from(HOURS),
    days=st.sampled_from(DAYS),
    delay=st.sampled_from((1, 5, 15, 45, 59, 60, 61, 600, 1440, 1500, 3000)),
    moment=st.datetimes(datetime(2024, 1, 5), datetime(2024, 12, 20)),
)
def test_it_ticks_when_and_only_when_the_other_one_ticked_so_long_ago(
    minute: str, hour: str, days: str, delay: int, moment: datetime
) -> None:
    text = f"{minute} {hour} {days}"
    found = [Cron.parse(one) for one in delayed(text, delay)]
    begin = moment.replace(second=0, microsecond=0)
    hours = [begin + timedelta(minutes=passed) for passed in range(26 * 60)]
    expected = [at for at in hours if Cron.parse(text).ticks_at(at - timedelta(minutes=delay))]
    if found:
        assert [at for at in hours if any(one.ticks_at(at) for one in found)] == expected
    else:
        assert Cron.parse(text).next_tick(begin) is not None


@given(minute=st.sampled_from(MINUTES), hour=st.sampled_from(HOURS), delay=st.integers(1, 44_640))
def test_windows_that_end_on_every_day_or_weekday_can_always_be_delayed(
    minute: str, hour: str, delay: int
) -> None:
    for days in ("* * *", "* * 1-5"):
        assert delayed(f"{minute} {hour} {days}", delay)


@pytest.mark.parametrize("cron", ["0,30 9-10 * * 1-5", "*/7 */5 * * sun"])
def test_dagster_takes_what_comes_out(cron: str) -> None:
    schedule = dg.ScheduleDefinition(
        name="s", job_name="j", cron_schedule=list(delayed(cron, 1500)), execution_timezone="UTC"
    )
    assert list(schedule.cron_schedule) == list(delayed(cron, 1500))
