"""Every finished run is in exactly one window, however time is cut and whenever it is read."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.hevo import HevoEstate, Quirks
from kada_dagster.sandbox.hevo.classic import Destination
from kada_dagster.sandbox.hevo.connections import database
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgePipeline
from kada_dagster.sandbox.hevo.facts import milliseconds_of
from kada_dagster.sandbox.hevo.times import HOUR, START
from kada_dagster_tests.hevo.accounts import (
    BEGIN,
    FINISH,
    WEEK,
    events,
    extract,
    served,
    window,
)
from kada_dagster_tests.hevo.extracted import HOST

DAY = timedelta(days=1)
SPAN = int((FINISH - BEGIN).total_seconds())


def account(*jobs: EdgeJob) -> HevoEstate:
    """An account with one Edge pipeline and these jobs."""
    target = Destination(1, database("Redshift", "dwh", host="rs", database="d", schema="s"))
    source = database("PostgreSQL", "shop", host="pg", database="shop", schema="public", edge=True)
    pipeline = EdgePipeline(1, "edge", source, target, jobs=jobs)
    return HevoEstate(edge_destinations=(target,), edge_pipelines=(pipeline,))


def job(name: str, began: float, ended: float, **more: Any) -> EdgeJob:
    """A job that began and ended so many hours after the first window's start."""
    created = START + round(began * HOUR)
    return EdgeJob(name, created, START + round(ended * HOUR), **more)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1000),
    cuts=st.sets(st.integers(1, SPAN - 1), max_size=6),
    order=st.sampled_from(("newest", "oldest", "shuffled")),
)
def test_each_event_is_in_one_window_of_any_cutting(seed: int, cuts: set[int], order: Any) -> None:
    estate = HevoEstate.generate(seed, 30, jobs=500)
    bounds = [BEGIN + timedelta(seconds=cut) for cut in sorted({0, SPAN, *cuts})]
    found: Counter[object] = Counter()
    quirks = Quirks(jobs_order=order)
    with tempfile.TemporaryDirectory() as folder, served(estate, quirks=quirks) as server:
        for start, end in pairwise(bounds):
            found.update(events(extract(server, Path(folder), window(start, end))))
    assert found == Counter(estate.events(HOST, WEEK))


def test_a_run_is_found_once_it_ended_when_windows_are_read_as_they_end(tmp_path: Path) -> None:
    estate = HevoEstate.generate(8, 40, jobs=600)
    jobs: Counter[object] = Counter()
    runs: Counter[object] = Counter()
    with served(estate) as server:
        start = BEGIN
        while start < FINISH:
            end = start + timedelta(hours=8)
            server.moment = end
            span = window(start, end)
            some = events(extract(server, tmp_path, span))
            assert some == estate.events(HOST, span, seen_at=end)
            jobs.update(one for one in some if one.object_type == "PIPELINE")
            runs.update(one.event_id for one in some if one.object_type == "DATASET")
            start = end
    truth = estate.events(HOST, WEEK)
    assert jobs == Counter(one for one in truth if one.object_type == "PIPELINE")
    assert set(runs.values()) == {1}


def test_what_shows_up_late_is_found_by_windows_that_are_read_that_much_later(
    tmp_path: Path,
) -> None:
    estate = HevoEstate.generate(9, 20, jobs=300)
    delay, found = timedelta(minutes=5), Counter[object]()
    quirks = Quirks(job_delay=delay // timedelta(milliseconds=1))
    with served(estate, quirks=quirks) as server:
        for start in (BEGIN + DAY * day for day in range(SPAN // 86_400 + 1)):
            server.moment = start + DAY + delay
            found.update(events(extract(server, tmp_path, window(start, start + DAY))))
    jobs = [one for one in estate.events(HOST, WEEK) if one.object_type == "PIPELINE"]
    assert Counter({one: n for one, n in found.items() if one in set(jobs)}) == Counter(jobs)
    assert len(jobs) > 100


def test_a_job_that_ends_on_a_bound_is_in_the_later_window(tmp_path: Path) -> None:
    estate = account(job("on the bound", 20, 24))
    with served(estate) as server:
        first = extract(server, tmp_path, window(BEGIN, BEGIN + DAY))
        second = extract(server, tmp_path, window(BEGIN + DAY, BEGIN + 2 * DAY))
    assert not events(first)
    assert [one.ended_at for one in events(second)] == ["2026-01-02 00:00:00"]


def test_a_job_that_runs_for_hours_behind_hundreds_of_later_ones_is_found(tmp_path: Path) -> None:
    later = [job(f"later {n}", 4.5 + n / 20, 4.5 + n / 20 + 0.01) for n in range(390)]
    estate = account(*later, job("long", 4, 23.5))
    with served(estate) as server:
        found = extract(server, tmp_path, window(BEGIN + DAY * 23 / 24, BEGIN + DAY))
        short = extract(
            server, tmp_path, window(BEGIN + DAY * 23 / 24, BEGIN + DAY), lookback_hours=1
        )
    assert '"eu.hevodata.com".edge_job.1.long' in {one.event_id for one in events(found)}
    assert len(events(found)) == len(events(short)) + 1


def test_pages_of_jobs_that_are_too_old_are_not_read(tmp_path: Path) -> None:
    jobs = [job(f"{n}", n, n + 0.5) for n in range(160)]
    estate = account(*(job(f"ancient {n}", -500 - n, -500 - n) for n in range(1000)), *jobs)
    span = window(BEGIN + 5 * DAY, BEGIN + 6 * DAY)
    with served(estate) as server:
        found = extract(server, tmp_path, span)
    assert events(found) == estate.events(HOST, span)
    pages = [request for request in server.requests if request.path.endswith("/jobs")]
    assert len(pages) == 1


@pytest.mark.parametrize("order", ["oldest", "shuffled"])
def test_all_pages_are_read_where_the_newest_jobs_do_not_come_first(
    order: Any, tmp_path: Path
) -> None:
    estate = account(*(job(f"{n}", n / 4 - 100, n / 4 - 99.9) for n in range(900)))
    span = window(BEGIN + DAY, BEGIN + 2 * DAY)
    with served(estate, quirks=Quirks(jobs_order=order)) as server:
        found = extract(server, tmp_path, span)
    assert events(found) == estate.events(HOST, span)
    assert len(events(found)) == 96
    assert len([one for one in server.requests if one.path.endswith("/jobs")]) == 9


def test_clocks_that_disagree_do_not_lose_or_repeat_a_run(tmp_path: Path) -> None:
    estate = account(job("ended before it began", 30, 23.9), job("plain", 5, 6))
    with served(estate) as server:
        first = extract(server, tmp_path, window(BEGIN, BEGIN + DAY))
        second = extract(server, tmp_path, window(BEGIN + DAY, BEGIN + 2 * DAY))
    assert len(events(first)) == 2
    assert not events(second)


def test_jobs_under_way_are_no_events_and_unknown_words_are_counted(tmp_path: Path) -> None:
    words = ("IN_PROGRESS", "CANCELLING", "HIBERNATING", "COMPLETED", "DEFERRED")
    estate = account(*(job(word, 1, 2, status=word) for word in words))
    with served(estate) as server:
        found = extract(server, tmp_path, window(BEGIN, BEGIN + DAY))
    assert {one.status for one in events(found)} == {"COMPLETED", "DEFERRED"}
    assert found.warnings["job_status_unknown"] == 1
    assert found.samples["job_status_unknown"] == "edge: HIBERNATING HIBERNATING"


def test_the_end_of_a_job_without_an_update_is_its_begin_and_duration(tmp_path: Path) -> None:
    created = milliseconds_of(BEGIN) + 123
    estate = account(EdgeJob("j", created, None, duration=1877))
    with served(estate) as server:
        found = extract(server, tmp_path, window(BEGIN, BEGIN + DAY))
    row = found.rows["EVENTS"][0]
    assert (row["STARTED_AT"], row["ENDED_AT"]) == (
        "2026-01-01 00:00:00.123000",
        "2026-01-01 00:00:02",
    )
