"""Each finished sync is in the one window that holds its end, however windows are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.api.values import moment_iso
from kada_dagster.extracts.contract import timestamp
from kada_dagster.extracts.identity import split_id
from kada_dagster.fivetran.extraction.syncs import PROBES
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, Quirks, Sync
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_calls import least_calls
from kada_dagster.sandbox.fivetran.truth_events import events, finished
from kada_dagster_tests.fivetran.collected import (
    HOST,
    MONDAY,
    Extracted,
    altered,
    assert_same,
    extract,
    served,
)

HOUR = timedelta(hours=1)
OUTCOMES = (
    Outcome.success(40.25),
    Outcome.success(1500),
    Outcome.failure(),
    Outcome.reschedule(700),
    Outcome.canceled(),
    Outcome.incomplete(),
)


def at(hours: float) -> datetime:
    """So many hours after worlds begin, in whole milliseconds."""
    return MONDAY + timedelta(milliseconds=round(hours * 3_600_000))


def one_connection(
    *outcomes: Outcome, quirks: Quirks | None = None, **fields: Any
) -> FivetranWorld:
    """A world with one connection that syncs every full hour, each sync as told."""
    world = FivetranWorld(quirks=quirks)
    world.add_group("Warehouse")
    given: dict[str, Any] = {"anchor": world.clock.moment(), "succeeded_at": None, **fields}
    world.add_connection("salesforce", id="sf", schema="sf", **given)
    world.script("sf", *outcomes)
    return world


def windows_of(world: FivetranWorld, output: Path, hours: int, **options: Any) -> dict[int, Any]:
    """In which of the hourly windows events were found, each extracted as it ends."""
    found: dict[int, Any] = {}
    with served(world) as server:
        for hour in range(hours):
            world.advance_to(max(at(hour + 1), world.now))
            made = extract(server, output, Window(at(hour), at(hour + 1)), **options)
            if made.events:
                found[hour] = [one.status for one in made.events]
    return found


def syncs_in(found: Iterable[Any], world: FivetranWorld) -> Counter[str]:
    """Which syncs events are of, by the ids of syncs: a moment stands for the sync it ended."""
    ends = {
        (split_id(number)[2], timestamp(sync.end)): number for number, sync in finished(world, HOST)
    }
    known = {number for number, _ in finished(world, HOST)}
    return Counter(
        one.event_id if one.event_id in known else ends[split_id(one.event_id)[2], one.ended_at]
        for one in found
    )


@given(
    seed=st.integers(0, 10_000),
    cuts=st.sets(st.integers(1, 3 * 86_400 - 1), max_size=6),
    lies=st.sampled_from(["start", "end", "overlap"]),
    skew=st.sampled_from([0.0, 0.3, 1.5]),
    running=st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_every_finished_sync_is_in_exactly_one_window(
    seed: int, cuts: set[int], lies: Any, skew: float, running: bool
) -> None:
    quirks = Quirks(history_window=lies, history_skew=skew, history_running=running)
    world = lively_world(seed, quirks)
    found: list[Any] = []
    with served(world) as server, TemporaryDirectory() as output:
        for start, end in pairwise(sorted({0, *cuts, 3 * 86_400})):
            window = Window(MONDAY + timedelta(seconds=start), MONDAY + timedelta(seconds=end))
            world.advance_to(window.end)
            made = extract(server, Path(output), window)
            assert_same(made.events, events(world, HOST, window))
            found += made.events
    last = timestamp(world.now - timedelta(seconds=skew))
    ended = {number for number, sync in finished(world, HOST) if timestamp(sync.end) < last}
    assert syncs_in(found, world) == Counter(ended)


def lively_world(seed: int, quirks: Quirks, outcomes: tuple[Outcome, ...] = OUTCOMES) -> Any:
    """Connections whose syncs end in every way; one of them is paused in a sync, for ever."""
    world = FivetranWorld(quirks=quirks, seed=seed)
    for number, frequency in enumerate((60, 180, 360)):
        ways = outcomes[(seed + number) % len(outcomes) :] + outcomes
        world.add_connection(
            "salesforce",
            id=f"sf.{number}",
            sync_frequency=frequency,
            usual=lambda count, ways=ways: ways[(count * (2 * seed + 1)) % len(ways)],
        )
    if outcomes is OUTCOMES:
        world.add_connection("salesforce", id="sf.paused")
        world.script("sf.paused", Outcome.success(), Outcome.pauses(20))
    return world


@given(
    seed=st.integers(0, 10_000),
    cuts=st.sets(st.integers(1, 48), max_size=12),
    hides=st.integers(0, 1),
)
@settings(max_examples=10, deadline=None)
def test_a_sync_that_is_not_in_the_history_yet_is_in_its_window_all_the_same(
    seed: int, cuts: set[int], hides: int
) -> None:
    ways = (Outcome.success(40.25), Outcome.failure(), Outcome.success(2000), Outcome.success(1))
    world = lively_world(seed, Quirks(history_hides=hides, history_running=False), ways)
    found: list[Any] = []
    warned = 0
    with served(world) as server, TemporaryDirectory() as output:
        for start, end in pairwise(sorted({0, *cuts, 48})):
            world.advance_to(at(end))
            made = extract(server, Path(output), Window(at(start), at(end)))
            found += made.events
            warned += made.warnings.get("sync_not_in_history", 0)
    ended = Counter(number for number, _ in finished(world, HOST))
    assert syncs_in(found, world) == ended
    stood_in = [one for one in found if not one.started_at]
    assert warned == len(stood_in)
    assert bool(stood_in) == bool(hides)


def test_a_history_that_lags_is_exact_where_the_windows_wait_for_it(tmp_path: Path) -> None:
    world = lively_world(3, Quirks(history_lag=200))
    found: list[Any] = []
    with served(world) as server:
        for hour in range(30):
            world.advance_to(at(hour + 1) + timedelta(seconds=201))
            found += extract(server, tmp_path, Window(at(hour), at(hour + 1))).events
    ended = {number for number, sync in finished(world, HOST) if sync.end and sync.end < at(30)}
    assert Counter(one.event_id for one in found) == Counter(ended)


def test_without_a_history_the_newest_success_and_failure_are_told_once(tmp_path: Path) -> None:
    ways = (Outcome.success(40.25), Outcome.failure(), Outcome.success(2000))
    world = lively_world(5, Quirks(history=404), ways)
    found: list[Any] = []
    with served(world) as server:
        for hour in range(30):
            world.advance_to(at(hour + 1))
            made = extract(server, tmp_path, Window(at(hour), at(hour + 1)))
            assert made.warnings["sync_history_not_available"] == 3
            assert len(made.events) <= 2 * 3
            found += made.events
        assert len(server.calls("GET", "sync-history")) == 30 * PROBES
    told = syncs_in(found, world)
    assert set(told.values()) == {1}
    statuses = {number: sync.status for number, sync in finished(world, HOST)}
    assert {statuses[number] for number in told} == {"COMPLETED", "FAILURE"}


def test_a_late_window_without_a_history_has_only_what_is_still_the_newest(tmp_path: Path) -> None:
    world = one_connection(quirks=Quirks(history=403))
    world.advance_to(at(5.5))
    with served(world) as server:
        early = extract(server, tmp_path, Window(at(0), at(3)))
        late = extract(server, tmp_path, Window(at(3), at(6)))
    assert early.events == []
    [event] = late.events
    assert (event.status, event.started_at, event.ended_at) == (
        *("COMPLETED", ""),
        "2026-11-02 05:01:00",
    )
    assert split_id(event.event_id) == [HOST, "sync", "sf", "succeeded", "20261102T050100000000Z"]


def test_the_history_is_not_asked_for_where_that_is_not_wanted(tmp_path: Path) -> None:
    world = one_connection()
    world.advance_to(at(2))
    window = Window(at(0), at(2))
    with served(world) as server:
        found = extract(server, tmp_path, window, sync_history=False)
        assert not server.calls("GET", "sync-history")
        assert found.calls == least_calls(world, window, history=False)
    assert_same(found.events, events(world, HOST, window, history=False))
    assert found.warnings["sync_history_not_available"] == 1


def test_the_end_of_a_window_belongs_to_the_next(tmp_path: Path) -> None:
    world = one_connection(Outcome.success(3600), sync_frequency=180)
    assert windows_of(world, tmp_path, 6) == {4: ["COMPLETED"]}
    assert world.syncs("sf")[0].end == at(4)


@pytest.mark.parametrize("outcome", [Outcome.success(3600), Outcome.failure(seconds=3600)])
def test_a_moment_at_the_end_of_a_window_belongs_to_the_next(
    outcome: Outcome, tmp_path: Path
) -> None:
    world = one_connection(outcome, quirks=Quirks(history=404), sync_frequency=180)
    found = windows_of(world, tmp_path, 6)
    assert list(found) == [4]


@pytest.mark.parametrize("outcome", [Outcome.success(60), Outcome.failure(seconds=60)])
@pytest.mark.parametrize(("skew", "events"), [(1.9, 1), (2.1, 2)])
def test_a_sync_whose_two_ends_differ_by_little_is_one(
    outcome: Outcome, skew: float, events: int, tmp_path: Path
) -> None:
    world = one_connection(outcome, quirks=Quirks(history_skew=skew), sync_frequency=180)
    found = windows_of(world, tmp_path, 5)
    assert [len(one) for one in found.values()] == [events]


@pytest.mark.parametrize("other", [Outcome.failure(seconds=1), Outcome.canceled(1)])
def test_a_sync_that_ended_otherwise_does_not_stand_for_one_that_is_not_there_yet(
    other: Outcome, tmp_path: Path
) -> None:
    def hide(_: str, syncs: Any) -> Any:
        return [one for one in syncs if one.status != "COMPLETED"]

    world = one_connection(
        Outcome.success(60), other, quirks=Quirks(history_filter=hide), schedule_type="manual"
    )
    world.start_sync("sf")
    world.advance(60)
    world.start_sync("sf")
    world.advance(1)
    found = windows_of(world, tmp_path, 1)
    assert sorted(found[0]) == sorted(["COMPLETED", str(world.syncs("sf")[1].status)])


def test_a_sync_that_is_tried_again_is_told_once_it_is_over(tmp_path: Path) -> None:
    world = one_connection(Outcome.reschedule(7300, 60), Outcome.success(60))
    assert windows_of(world, tmp_path, 5) == {3: ["COMPLETED"], 4: ["COMPLETED"]}
    assert [sync.status for sync in world.syncs("sf")][:2] == ["RESCHEDULED", "COMPLETED"]


def test_a_sync_that_takes_days_is_in_the_window_it_ends_in(tmp_path: Path) -> None:
    world = one_connection(Outcome.success(30 * 3600), sync_frequency=1440)
    window = Window(at(54), at(54) + timedelta(seconds=30))
    world.advance_to(window.end)
    with served(world) as server:
        missed, found = (
            extract(server, tmp_path, window, lookback_hours=hours) for hours in (20, 34)
        )
    assert [one.ended_at for one in missed.events] == ["2026-11-04 06:00:00"]
    assert missed.warnings["sync_not_in_history"] == 1
    assert [one.started_at for one in found.events] == ["2026-11-03 00:00:00"]
    assert found.warnings["sync_near_lookback"] == 1
    assert "sync_not_in_history" not in found.warnings


def test_weeks_are_asked_for_one_by_one(tmp_path: Path) -> None:
    world = lively_world(2, Quirks())
    world.advance_to(MONDAY + timedelta(days=20))
    window = Window(MONDAY, world.now)
    with served(world) as server:
        found = extract(server, tmp_path, window)
        asked = server.calls("GET", "sync-history")
        assert found.calls == least_calls(world, window)
    assert_same(found.events, events(world, HOST, window))
    assert len(found.events) > 400
    for request in asked:
        start, end = (moment_iso(request.query[f"{name}_time"][0]) for name in ("start", "end"))
        assert start
        assert end
        assert timedelta(0) < end - start <= timedelta(days=7)


def test_only_connections_that_may_have_synced_are_asked_for_a_history(tmp_path: Path) -> None:
    world = one_connection()
    world.add_connection("hubspot", id="unfinished", setup_state="incomplete", new=True)
    world.advance_to(at(3))
    world.add_connection("hubspot", id="younger", new=True)
    with served(world) as server:
        extract(server, tmp_path, Window(at(0), at(3)))
        assert [request.path.split("/")[3] for request in server.calls("GET", "history")] == ["sf"]
        server.forget()
        extract(server, tmp_path, Window(at(0), at(4)))
        asked = {request.path.split("/")[3] for request in server.calls("GET", "history")}
    assert asked == {"sf", "younger"}


def told(server: FivetranSandbox, output: Path, **fields: Any) -> Extracted:
    """What becomes of a history whose items have these fields."""

    def change(answer: Any) -> Any:
        for item in answer["data"]["items"]:
            item.update(fields)
        return answer

    server.fail(altered("sync-history", change))
    return extract(server, output, Window(at(0), at(3)))


@pytest.fixture
def world() -> FivetranWorld:
    """One connection that synced three times."""
    made = one_connection(Outcome.canceled(), Outcome.canceled(), Outcome.canceled())
    made.advance_to(at(3.5))
    return made


def test_a_sync_that_is_over_without_an_end_is_counted(
    world: FivetranWorld, tmp_path: Path
) -> None:
    with served(world) as server:
        found = told(server, tmp_path, end=None)
    assert found.events == []
    assert found.warnings["sync_without_end"] == len(world.syncs("sf")) == 3
    assert world.syncs("sf")[0].sync_id in found.samples["sync_without_end"]


def test_a_status_nobody_knows_is_told_as_it_is(world: FivetranWorld, tmp_path: Path) -> None:
    with served(world) as server:
        found = told(server, tmp_path, status="half_done", stages={"extract": {"volume": "much"}})
    assert {(one.status, one.attributes) for one in found.events} == {("HALF_DONE", "")}


def test_a_sync_without_a_start_is_told_without_it(world: FivetranWorld, tmp_path: Path) -> None:
    with served(world) as server:
        found = told(server, tmp_path, start=None)
    assert [one.started_at for one in found.events] == ["", ""]


def test_a_transformation_is_told_with_its_last_run(tmp_path: Path) -> None:
    from kada_dagster.sandbox.fivetran.catalogue import catalogue_world

    world = catalogue_world(3, 300)
    transformation = next(iter(world.estate.transformations.values()))
    transformation.run(world.clock.moment())
    found: dict[int, list[Any]] = {}
    with served(world) as server:
        for hour in range(2):
            world.advance_to(at(hour + 1))
            window = Window(at(hour), at(hour + 1))
            made = extract(server, tmp_path, window)
            assert_same(made.events, events(world, HOST, window))
            found[hour] = [one for one in made.events if "transformation_run" in one.event_id]
    [run] = found[0]
    assert (run.status, run.started_at, run.ended_at) == (
        *("SUCCEEDED", "2026-11-02 00:00:00"),
        "2026-11-02 00:02:00",
    )
    assert found[1] == []


def test_syncs_are_told_with_volumes_and_reasons(tmp_path: Path) -> None:
    world = one_connection(
        Outcome.success(60, extract_mb=1.5, process_mb=0, load_mb=None), Outcome.failure("y" * 501)
    )
    world.advance_to(at(3))
    with served(world) as server:
        found = extract(server, tmp_path, Window(at(0), at(3)))
    done, failed = sorted(found.events, key=lambda one: one.ended_at)
    sync: Sync = world.syncs("sf")[0]
    assert done.event_id == f'"{HOST}".sync.sf.{sync.sync_id}'
    assert (done.attributes, done.message) == ('{"extract_mb":1.5,"process_mb":0.0}', "")
    assert failed.message == "y" * 500 + "…"
