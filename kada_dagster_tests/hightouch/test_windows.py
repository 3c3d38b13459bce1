"""Each finished run is in the one window that holds its end, however windows are cut."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hightouch import Faults, HightouchEstate
from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.model import Model, WholeTable
from kada_dagster.sandbox.hightouch.places import postgres, service
from kada_dagster.sandbox.hightouch.runs import Run
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster_tests.hightouch.extracted import HOST, serving

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
DAYS = 11
MADE = FIRST - timedelta(days=30)


def moment(minutes: float) -> datetime:
    """So many minutes after the first day began, in whole milliseconds."""
    return FIRST + timedelta(milliseconds=round(minutes * 60_000))


def workspace(*runs: Run) -> HightouchEstate:
    """One sync, and these are its runs."""
    dates: Any = {"created_at": MADE, "updated_at": MADE}
    return HightouchEstate.of(
        [Source(id=1, name="pg", slug="pg", place=postgres("pg.example.org", "shop"), **dates)],
        [Model(id=1, name="m", slug="m", source_id=1, query=WholeTable(name="t"), **dates)],
        [Destination(id=1, name="crm", slug="crm", place=service("salesforce", "crm"), **dates)],
        [Sync(id=1, slug="s", model_id=1, destination_id=1, configuration={}, **dates)],
        {1: list(runs)},
    )


@given(
    seed=st.integers(0, 1000),
    cuts=st.sets(st.integers(1, DAYS * 24 * 3600 - 1), max_size=6),
    last_run_at=st.sampled_from(["created", "started", "finished"]),
    includes_moment=st.booleans(),
    queued_in_windows=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_every_run_is_in_exactly_one_window(
    seed: int,
    cuts: set[int],
    last_run_at: Literal["created", "started", "finished"],
    includes_moment: bool,
    queued_in_windows: bool,
) -> None:
    estate = HightouchEstate.generate(seed, 20, runs=150)
    estate.last_run_at = last_run_at
    bounds = [FIRST + timedelta(seconds=cut) for cut in sorted({0, *cuts, DAYS * 24 * 3600})]
    found: list[str] = []
    faults = Faults(includes_moment=includes_moment, queued_in_windows=queued_in_windows)
    with serving(estate, faults) as site:
        for start, end in pairwise(bounds):
            window = Window(start, end)
            estate.now = end  # runs that are not over then come with a later window
            with TemporaryDirectory() as output:
                events = site.extract(Path(output), window).events
            assert sorted(events) == sorted(estate.events(HOST, window))
            found += [event.event_id for event in events]
    whole = estate.events(HOST, Window(bounds[0], bounds[-1]))
    assert Counter(found) == Counter(event.event_id for event in whole)


def windows_of(estate: HightouchEstate, output: Path, hours: int, **options: float) -> list[int]:
    """In which of the hourly windows events were found."""
    found: list[int] = []
    with serving(estate) as site:
        for hour in range(hours):
            window = Window(moment(hour * 60), moment(hour * 60 + 60))
            estate.now = window.end
            events = site.extract(output, window, **options).events
            found += [hour] * len(events)
    return found


def test_the_end_of_a_window_belongs_to_the_next(tmp_path: Path) -> None:
    run = Run(id=1, created_at=moment(10), started_at=moment(10), finished_at=moment(60))
    assert windows_of(workspace(run), tmp_path, 3) == [1]


def test_a_run_that_takes_hours_is_in_the_window_it_ends_in(tmp_path: Path) -> None:
    run = Run(id=1, created_at=moment(10), started_at=moment(15), finished_at=moment(5.5 * 60))
    assert windows_of(workspace(run), tmp_path, 8) == [5]


def test_a_run_that_is_shown_late_is_found_by_a_window_that_is_read_that_much_later(
    tmp_path: Path,
) -> None:
    run = Run(
        id=1,
        created_at=moment(10),
        started_at=moment(15),
        finished_at=moment(59),
        shown_at=moment(62),
    )
    assert windows_of(workspace(run), tmp_path, 3) == []
    estate = workspace(run)
    with serving(estate) as site:
        estate.now = moment(65)  # as `delay_minutes: 5` would have it
        found = site.extract(tmp_path, Window(moment(0), moment(60)))
    assert [event.ended_at for event in found.events] == ["2026-01-01 00:59:00"]


def test_a_run_whose_clock_is_skewed_is_found(tmp_path: Path) -> None:
    ends_first = Run(
        id=1, created_at=moment(59.9), started_at=moment(60.02), finished_at=moment(59.99)
    )
    starts_early = Run(id=2, created_at=moment(62), started_at=moment(61.9), finished_at=moment(63))
    assert windows_of(workspace(ends_first, starts_early), tmp_path, 3) == [0, 1]


@pytest.mark.parametrize(("lookback", "found"), [(2, []), (4, [3])])
def test_only_runs_that_started_within_the_lookback_are_found(
    lookback: int, found: list[int], tmp_path: Path
) -> None:
    run = Run(id=1, created_at=moment(5), started_at=moment(5), finished_at=moment(3.5 * 60))
    assert windows_of(workspace(run), tmp_path, 5, lookback_hours=lookback) == found


def test_a_run_almost_as_long_as_the_lookback_is_a_warning(tmp_path: Path) -> None:
    estate = workspace(
        Run(id=7, created_at=moment(0), started_at=moment(0), finished_at=moment(55))
    )
    with serving(estate) as site:
        found = site.extract(tmp_path, Window(moment(0), moment(60)), lookback_hours=1)
    assert found.samples["run_near_lookback"] == "sync 1, run 7"


def test_a_sync_that_has_not_run_since_the_lookback_is_not_asked_for_runs(tmp_path: Path) -> None:
    estate = workspace(Run(id=1, created_at=moment(0), started_at=moment(0), finished_at=moment(1)))
    with serving(estate) as site:
        site.extract(tmp_path, Window(moment(60 * 24), moment(60 * 25)), lookback_hours=2)
        assert not [request for request in site.server.requests if "runs" in request.path]


def test_a_run_that_is_over_without_an_end_is_counted(tmp_path: Path) -> None:
    estate = workspace(Run(id=3, created_at=moment(0), started_at=moment(1), finished_at=None))
    estate.runs[1][0] = Ended(
        id=3, created_at=moment(0), started_at=moment(1), finished_at=None, status="cancelled"
    )
    with serving(estate) as site:
        found = site.extract(tmp_path, Window(moment(0), moment(60)))
    assert (found.events, found.warnings["run_without_end"]) == ([], 1)


class Ended(Run):
    """A run that is shown as over although nobody knows since when."""

    def shown_status(self, now: datetime) -> str:
        return self.status
