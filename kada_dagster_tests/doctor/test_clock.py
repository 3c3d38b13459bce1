"""Clocks that differ: beyond what answering takes, and beyond the second that HTTP tells."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from kada_dagster.doctor.clock import Clocks

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=timezone.utc)


def told(*offsets: float, took: float = 0.0) -> list[str]:
    """What is said of servers that are so many seconds ahead of us."""
    clocks, now = Clocks(), NOW.timestamp()
    for number, offset in enumerate(offsets):
        theirs = NOW + timedelta(seconds=offset)
        clocks.note(f"server {number}", theirs, now - took, now)
    return [f"{one.status.value} {one.message}" for one in clocks.verdicts()]


@pytest.mark.parametrize("offset", [-5, 0, 4])
def test_clocks_that_agree_are_one_line(offset: float) -> None:
    assert told(offset, 0) == ["OK agrees with 2 servers, within 5 s"]


def test_seconds_are_worth_a_look_and_minutes_are_wrong() -> None:
    lines = told(-31, 90, 0)
    assert lines == [
        "WARN this machine is 30 s ahead of server 0, where it is 2026-11-29 11:59:29 UTC: have "
        "NTP set the clock that is wrong",
        "FAIL this machine is 90 s behind server 1, where it is 2026-11-29 12:01:30 UTC: have NTP "
        "set the clock that is wrong",
    ]


def test_the_time_an_answer_took_is_no_difference() -> None:
    assert told(-20, took=20) == ["OK agrees with 1 server, within 5 s"]


def test_without_a_server_that_tells_there_is_nothing_to_say() -> None:
    clocks = Clocks()
    clocks.note("server", None, 0, 1)
    assert [one.message for one in clocks.verdicts()] == ["not checked: no server told its time"]
