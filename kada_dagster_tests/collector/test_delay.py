"""A window is extracted once data of it no longer comes: at its end and the delay, not before."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from kada_dagster_tests.collector.location import STEPS, Location, failure, succeeded

JAN_1, JAN_2, JAN_3 = (f"2024-01-0{day} 00:00:00" for day in range(1, 4))
CLOSED = datetime(2024, 1, 3, 0, 15, tzinfo=timezone.utc)


@pytest.fixture
def late(empty_location: Location) -> Location:
    """A source whose data comes up to a quarter of an hour late."""
    empty_location.add(window={"start": JAN_1, "delay_minutes": 15})
    empty_location.put(1)
    return empty_location


@pytest.mark.parametrize("first", [JAN_1, JAN_2])
def test_a_run_by_hand_for_a_window_whose_data_may_still_come_is_refused(
    late: Location, first: str
) -> None:
    with dg.partition_loading_context(effective_dt=CLOSED - timedelta(seconds=1)):
        result = late.run(first, JAN_2)
    assert succeeded(result) == []
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert (
        f"[{first}, {JAN_3}) is extracted from 2024-01-03 00:15:00 UTC on, 15 minutes after its "
        "end (window.delay_minutes); launch the run then, or for earlier windows"
    ) in failure(result)
    assert late.calls() == []


def test_when_the_delay_has_passed_it_is_extracted(late: Location) -> None:
    with dg.partition_loading_context(effective_dt=CLOSED):
        assert succeeded(late.run(JAN_2)) == list(STEPS)


def test_earlier_windows_can_be_extracted_meanwhile(late: Location) -> None:
    with dg.partition_loading_context(effective_dt=CLOSED - timedelta(seconds=1)):
        assert succeeded(late.run(JAN_1)) == list(STEPS)


def test_a_part_of_a_window_that_ends_earlier_need_not_wait_for_its_end(late: Location) -> None:
    tags = {"kada/end_hwm": "2024-01-02 23:00:00"}
    with dg.partition_loading_context(effective_dt=CLOSED - timedelta(minutes=5)):
        assert succeeded(late.run(JAN_2, tags=tags)) == list(STEPS)


def test_the_schedule_and_the_extract_mean_the_same_moment(late: Location) -> None:
    (result,) = late.run_tick(CLOSED)
    assert succeeded(result) == list(STEPS)
    assert late.mark() == JAN_3
