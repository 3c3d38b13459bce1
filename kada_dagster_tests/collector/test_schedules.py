"""The schedule asks for the window that has just closed, in the windows' own time zone."""

from __future__ import annotations

from datetime import datetime, timezone

import dagster as dg
import pytest

from kada_dagster_tests.collector.location import STEPS, Location, succeeded


def requested(location: Location, moment: datetime) -> list[str | None]:
    """The partition keys the schedule asks for at a tick."""
    repository = location.definitions().get_repository_def()
    schedule = repository.get_schedule_def("docs_schedule")
    context = dg.build_schedule_context(
        scheduled_execution_time=moment, instance=location.instance, repository_def=repository
    )
    return [run.partition_key for run in schedule.evaluate_tick(context).run_requests or []]


def test_a_tick_asks_for_the_newest_closed_window(location: Location) -> None:
    tick = datetime(2024, 5, 3, 0, 0, tzinfo=timezone.utc)
    assert requested(location, tick) == ["2024-05-02 00:00:00"]


def test_a_tick_before_the_first_window_has_closed_asks_for_nothing(location: Location) -> None:
    assert requested(location, datetime(2024, 1, 1, 0, 0, tzinfo=timezone.utc)) == []


@pytest.mark.parametrize(
    ("tick", "key"),
    [
        (datetime(2024, 10, 27, 0, 0, tzinfo=timezone.utc), "2024-10-27 01:00:00"),
        (datetime(2024, 10, 27, 1, 0, tzinfo=timezone.utc), "2024-10-27 02:00:00"),
        (datetime(2024, 10, 27, 2, 0, tzinfo=timezone.utc), "2024-10-27 02:00:00+0100"),
    ],
)
def test_the_hour_the_clock_shows_twice_is_asked_for_twice(
    empty_location: Location, tick: datetime, key: str
) -> None:
    hourly = {"start": "2024-10-01 00:00:00", "cron": "0 * * * *", "timezone": "Europe/Berlin"}
    empty_location.add(window=hourly)
    assert requested(empty_location, tick) == [key]


def test_the_key_a_tick_asks_for_can_be_run(empty_location: Location) -> None:
    location = empty_location
    hourly = {"start": "2024-10-01 00:00:00", "cron": "0 * * * *", "timezone": "Europe/Berlin"}
    location.add(window=hourly)
    location.put(1)
    (key,) = requested(location, datetime(2024, 10, 27, 2, 0, tzinfo=timezone.utc))
    assert succeeded(location.run(str(key))) == list(STEPS)
    assert location.reads() == ["[2024-10-27 01:00:00, 2024-10-27 02:00:00)"]


@pytest.mark.parametrize("enabled", [True, False])
def test_whether_a_schedule_runs_at_once_is_a_setting(
    empty_location: Location, enabled: bool
) -> None:
    empty_location.add(schedule={"enabled": enabled})
    repository = empty_location.definitions().get_repository_def()
    status = repository.get_schedule_def("docs_schedule").default_status
    assert (status == dg.DefaultScheduleStatus.RUNNING) is enabled
