"""Connections of the Fivetran stand-in live as the vendor says: syncs come and go by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.sandbox.fivetran import (
    FivetranWorld,
    ManualClock,
    Outcome,
    RefusedError,
    RunningClock,
    SetupTest,
    Sync,
    generated_world,
)

START = datetime(2026, 11, 2, tzinfo=timezone.utc)
FAILED = [SetupTest("Connecting to host", "FAILED", "no route")]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def manual(**fields: object) -> FivetranWorld:
    """A world with one connection, `one`, that syncs when it is told to."""
    world = FivetranWorld()
    world.add_connection(id="one", schedule_type="manual", **fields)  # type: ignore[arg-type]
    return world


def state(world: FivetranWorld, id: str = "one") -> str:
    return world.connection(id)["status"]["sync_state"]


def told(world: FivetranWorld, id: str = "one") -> list[tuple[str | None, str]]:
    return [(sync.status, sync.started_by) for sync in world.syncs(id)]


def seconds(syncs: list[Sync]) -> list[float]:
    return [(sync.start - START).total_seconds() for sync in syncs]


def test_a_scheduled_connection_syncs_every_period() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=15)
    world.advance(3600)
    assert seconds(world.syncs("one")) == [450, 1350, 2250, 3150]
    assert told(world) == [("COMPLETED", "schedule")] * 4
    assert world.connection("one")["succeeded_at"] == written(after(3210))


def test_nothing_is_different_for_who_looks_often() -> None:
    seen, rare = generated_world(11, 30), generated_world(11, 30)
    for _ in range(120):
        seen.advance(61)
        seen.list_connections()
    rare.advance(120 * 61)
    assert seen.list_connections() == rare.list_connections()
    assert [sync.sync_id for _, sync in seen.completed_syncs()] == [
        sync.sync_id for _, sync in rare.completed_syncs()
    ]
    assert len(rare.completed_syncs()) > 50


def test_a_new_connection_reads_all_its_data_first() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", new=True)
    before = world.connection("one")
    assert before["succeeded_at"] is None
    assert before["created_at"] == written(START)
    assert before["status"]["is_historical_sync"] is True
    assert before["status"]["sync_state"] == "syncing"
    world.advance(60)
    assert world.connection("one")["status"]["is_historical_sync"] is False
    assert world.connection("one")["succeeded_at"] == written(after(60))


def test_a_new_connection_on_a_manual_schedule_waits_to_be_told() -> None:
    world = manual(new=True)
    world.advance(100_000)
    assert world.syncs("one") == []
    assert world.schemas("one") is None
    world.start_sync("one")
    world.advance(1)
    assert world.schemas("one") is not None


def test_a_sync_runs_as_long_as_it_was_told_and_then_has_succeeded() -> None:
    world = manual()
    before = world.connection("one")["succeeded_at"]
    world.script("one", Outcome.success(90))
    world.start_sync("one")
    world.advance(89.999)
    assert (state(world), world.connection("one")["succeeded_at"]) == ("syncing", before)
    assert world.syncs("one")[0].end is None
    world.advance(0.001)
    assert (state(world), world.connection("one")["succeeded_at"]) == (
        "scheduled",
        written(after(90)),
    )
    assert world.syncs("one")[0].end == after(90)


def test_a_second_request_does_nothing_while_a_sync_runs() -> None:
    world = manual()
    world.start_sync("one")
    world.advance(30)
    world.start_sync("one")
    world.advance(1000)
    assert told(world) == [("COMPLETED", "request")]


def test_force_cancels_what_runs_and_starts_anew() -> None:
    world = manual()
    before = world.connection("one")
    world.start_sync("one")
    world.advance(30)
    world.start_sync("one", force=True)
    assert told(world) == [("CANCELED", "request"), (None, "force")]
    assert world.connection("one")["succeeded_at"] == before["succeeded_at"]
    assert world.connection("one")["failed_at"] is None
    world.advance(60)
    assert world.connection("one")["succeeded_at"] == written(after(90))


def test_a_forced_sync_of_a_scheduled_connection_does_not_start_another() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.advance(1830)
    world.start_sync("one", force=True)
    world.advance(600)
    assert told(world) == [("CANCELED", "schedule"), ("COMPLETED", "force")]
    world.advance(3600)
    assert seconds(world.syncs("one"))[2:] == [5400]


def test_a_failure_moves_failed_at_only() -> None:
    world = manual()
    before = world.connection("one")["succeeded_at"]
    world.script("one", Outcome.failure("disk full", 20))
    world.start_sync("one")
    world.advance(20)
    found = world.connection("one")
    assert (found["succeeded_at"], found["failed_at"]) == (before, written(after(20)))
    assert found["status"]["update_state"] == "delayed"
    assert world.syncs("one")[0].reason == "disk full"
    world.start_sync("one")
    world.advance(60)
    found = world.connection("one")
    assert found["failed_at"] == written(after(20))
    assert found["status"]["update_state"] == "on_schedule"


@pytest.mark.parametrize("outcome", [Outcome.canceled(), Outcome.incomplete(), Outcome.pauses()])
def test_a_sync_that_does_not_end_moves_neither_moment(outcome: Outcome) -> None:
    world = manual()
    before = world.connection("one")
    world.script("one", outcome)
    world.start_sync("one")
    world.advance(100)
    found = world.connection("one")
    assert (found["succeeded_at"], found["failed_at"]) == (
        before["succeeded_at"],
        before["failed_at"],
    )
    assert world.syncs("one")[0].status in ("CANCELED", "INCOMPLETE", "PAUSED")
    assert found["paused"] is (outcome.kind == "pauses")


def test_a_rescheduled_sync_of_a_schedule_goes_on_by_itself() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.script("one", Outcome.reschedule(wait=300, seconds=10))
    world.advance(1810)
    status = world.connection("one")["status"]
    assert status["sync_state"] == "rescheduled"
    assert status["rescheduled_for"] == written(after(2110))
    world.advance(299)
    assert state(world) == "rescheduled"
    world.advance(1)
    assert state(world) == "syncing"
    world.advance(60)
    assert "rescheduled_for" not in world.connection("one")["status"]
    assert told(world) == [("RESCHEDULED", "schedule"), ("COMPLETED", "schedule")]


def test_a_rescheduled_sync_of_a_manual_schedule_waits_for_its_request() -> None:
    world = manual()
    world.script("one", Outcome.reschedule(wait=300, seconds=10))
    world.start_sync("one")
    world.advance(100_000)
    assert (state(world), len(world.syncs("one"))) == ("rescheduled", 1)
    world.start_sync("one")
    world.advance(60)
    assert (state(world), told(world)[1]) == ("scheduled", ("COMPLETED", "request"))


@pytest.mark.parametrize(
    ("quirk", "statuses"),
    [
        ("reschedules", ["RESCHEDULED", "RESCHEDULED"]),
        ("runs", ["RESCHEDULED", "COMPLETED"]),
        ("nothing", ["RESCHEDULED"]),
    ],
)
def test_a_request_before_the_moment_does_what_the_quirk_says(
    quirk: str, statuses: list[str]
) -> None:
    world = manual()
    world.quirks.early_sync = quirk  # type: ignore[assignment]
    world.script("one", Outcome.reschedule(wait=300, seconds=10))
    world.start_sync("one")
    world.advance(100)
    due = world.connection("one")["status"]["rescheduled_for"]
    world.start_sync("one")
    world.advance(60)
    assert [sync.status for sync in world.syncs("one")] == statuses
    if quirk != "runs":
        assert world.connection("one")["status"]["rescheduled_for"] == due


def test_a_pause_ends_the_sync_and_the_schedule() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.advance(1830)
    world.pause("one")
    assert (state(world), told(world)) == ("paused", [("PAUSED", "schedule")])
    world.advance(100_000)
    assert len(world.syncs("one")) == 1
    world.resume("one")
    assert state(world) == "syncing"


def test_a_short_pause_that_misses_nothing_starts_nothing() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.pause("one")
    world.advance(600)
    world.resume("one")
    assert state(world) == "scheduled"
    world.advance(1201)
    assert seconds(world.syncs("one")) == [1800]


def test_a_paused_connection_ignores_requests_or_refuses_them() -> None:
    world = manual(paused=True)
    world.start_sync("one")
    world.advance(600)
    assert (state(world), world.syncs("one")) == ("paused", [])
    world.quirks.paused_sync = "refused"
    with pytest.raises(RefusedError, match="paused") as caught:
        world.start_sync("one")
    assert caught.value.status == 409


def test_a_connection_that_was_never_set_up_does_not_sync() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", setup_state="incomplete", new=True)
    world.start_sync("one")
    world.advance(100_000)
    assert world.syncs("one") == []
    assert world.connection("one")["status"]["setup_state"] == "incomplete"


def test_a_sync_can_break_a_connection_which_fails_until_it_is_repaired() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.script("one", Outcome.breaks("key expired", 10))
    world.advance(1810)
    status = world.connection("one")["status"]
    assert status["setup_state"] == "broken"
    assert [task["code"] for task in status["tasks"]] == ["reconnect"]
    world.advance(3600)
    assert [sync.status for sync in world.syncs("one")] == ["FAILURE", "FAILURE"]
    world.repair("one")
    world.advance(3660)
    assert world.connection("one")["status"]["tasks"] == []
    assert world.syncs("one")[-1].status == "COMPLETED"


def test_a_connection_can_break_in_the_middle_of_a_sync() -> None:
    world = manual()
    world.start_sync("one")
    world.later(20, lambda: world.break_connection("one"))
    world.advance(100)
    found = world.connection("one")
    assert (found["failed_at"], found["status"]["setup_state"]) == (written(after(20)), "broken")


def test_requests_can_be_lost_without_a_word() -> None:
    world = manual()
    world.ignore_starts("one", times=2)
    for _ in range(2):
        world.start_sync("one")
        assert state(world) == "scheduled"
    world.start_sync("one")
    assert state(world) == "syncing"


def test_a_start_can_take_its_time_and_is_not_started_twice() -> None:
    world = manual()
    world.quirks.start_delay = 45
    world.start_sync("one")
    world.advance(44)
    assert state(world) == "scheduled"
    world.set_schedule("one", "auto")
    world.set_schedule("one", "manual")
    world.advance(1)
    assert state(world) == "syncing"
    world.advance(1000)
    assert told(world) == [("COMPLETED", "request")]


def test_the_type_of_the_schedule_decides_whether_anything_starts() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=60)
    world.set_schedule("one", "manual")
    world.advance(7200)
    assert world.syncs("one") == []
    world.set_schedule("one", "auto")
    assert told(world) == [(None, "schedule")]


def test_a_daily_connection_keeps_to_its_time_of_day() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=1440, daily_sync_time="03:30")
    world.advance(3 * 86_400)
    assert [sync.start.strftime("%H:%M") for sync in world.syncs("one")] == ["03:30"] * 3
    assert world.connection("one")["daily_sync_time"] == "03:30"


def test_a_flexible_schedule_has_no_frequency() -> None:
    world = FivetranWorld()
    flexible = {"schedule_type": "interval", "interval": 90}
    world.add_connection(id="one", sync_frequency=None, period=5400.0, schedule=flexible)
    world.advance(5400 * 3)
    found = world.connection("one")
    assert (found["sync_frequency"], found["schedule"]) == (None, flexible)
    assert seconds(world.syncs("one")) == [2700, 8100, 13_500]


def test_a_sync_longer_than_its_period_is_followed_at_once() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=5, usual=Outcome.success(400))
    world.advance(1400)
    assert seconds(world.syncs("one")) == [150, 550, 950, 1350]


def test_usual_outcomes_may_depend_on_the_number_of_the_sync() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=5)
    world.usually("one", lambda number: Outcome.failure() if number % 2 else Outcome.success())
    world.script("one", Outcome.canceled())
    world.advance(1500)
    assert [sync.status for sync in world.syncs("one")] == [
        "CANCELED", "FAILURE", "COMPLETED", "FAILURE", "COMPLETED",
    ]  # fmt: skip


def test_a_deleted_connection_is_gone_with_its_syncs() -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=5)
    world.advance(160)
    world.delete_connection("one")
    world.advance(10_000)
    assert world.list_connections() == []
    with pytest.raises(RefusedError, match="'one' does not exist") as caught:
        world.connection("one")
    assert (caught.value.status, caught.value.code) == (404, "NotFound_Connection")


def test_setup_tests_break_and_mend_a_connection() -> None:
    world = manual()
    world.script_tests("one", FAILED, [SetupTest("Connecting to host", "WARNING", "slow")])
    assert world.run_tests("one") == tuple(FAILED)
    assert world.connection("one")["status"]["setup_state"] == "broken"
    assert world.run_tests("one")[0].status == "WARNING"
    assert world.connection("one")["status"]["setup_state"] == "connected"
    assert world.setup_tests_run == [("one", START)] * 2


def test_tests_that_are_not_scripted_tell_how_the_connection_is() -> None:
    world = manual()
    assert {one.status for one in world.run_tests("one")} == {"PASSED", "SKIPPED"}
    world.break_connection("one")
    assert "FAILED" in {one.status for one in world.run_tests("one")}
    assert world.connection("one")["status"]["setup_state"] == "broken"


def test_things_of_one_moment_happen_in_the_order_they_were_told() -> None:
    world, seen = FivetranWorld(), list[tuple[str, datetime]]()
    world.later(10, lambda: seen.append(("first", world.now)))
    world.later(10, lambda: seen.append(("second", world.now)))
    world.later(5, lambda: seen.append(("before", world.now)))
    world.advance(60)
    assert seen == [("before", after(5)), ("first", after(10)), ("second", after(10))]


def test_something_that_happens_may_tell_of_more() -> None:
    world, seen = manual(), list[str]()
    world.later(10, lambda: world.later(10, lambda: seen.append(state(world))))
    world.later(10, lambda: world.start_sync("one"))
    world.advance(20)
    assert seen == ["syncing"]
    assert world.syncs("one")[0].start == after(10)


def test_what_fails_on_its_way_does_not_stop_the_world() -> None:
    world = manual()
    world.later(10, lambda: world.pause("nobody"))
    world.later(11, lambda: world.start_sync("one"))
    with pytest.raises(RefusedError, match="nobody"):
        world.advance(60)
    assert world.syncs("one")[0].start == after(11)


def test_a_manual_clock_does_not_go_back() -> None:
    world = FivetranWorld(ManualClock(START))
    world.advance_to(after(60))
    assert world.now == after(60)
    with pytest.raises(ValueError, match="does not go back"):
        world.advance_to(after(59))


def test_moments_without_a_time_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="have a time zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_running_clock_runs() -> None:
    world = FivetranWorld(RunningClock(speed=10_000, start=START))
    world.add_connection(id="one", schedule_type="manual")
    world.start_sync("one")
    world.advance(120)
    assert world.now >= after(120)
    assert told(world) == [("COMPLETED", "request")]


def test_many_may_ask_at_once() -> None:
    world = generated_world(2, 40)
    threads = [Thread(target=lambda: [world.list_connections() for _ in range(20)]) for _ in "abc"]
    for thread in threads:
        thread.start()
    for _ in range(20):
        world.advance(300)
    for thread in threads:
        thread.join()
    alone = generated_world(2, 40)
    alone.advance(6000)
    assert world.list_connections() == alone.list_connections()


STEPS = st.sampled_from(["start", "force", "pause", "resume", "auto", "manual", "break", "repair"])
OUTCOMES = st.sampled_from(
    [
        Outcome.success(7),
        Outcome.failure(seconds=3),
        Outcome.reschedule(50, 2),
        Outcome.breaks(seconds=4),
        Outcome.pauses(5),
        Outcome.canceled(6),
        Outcome.success(0),
    ]
)


def _do(world: FivetranWorld, step: str) -> None:
    steps = {
        "start": world.start_sync,
        "pause": world.pause,
        "resume": world.resume,
        "break": world.break_connection,
        "repair": world.repair,
    }
    if step == "force":
        world.start_sync("one", force=True)
    elif step in ("auto", "manual"):
        world.set_schedule("one", step)
    else:
        steps[step]("one")


@given(
    st.lists(st.tuples(st.integers(0, 400), STEPS), max_size=25),
    st.lists(OUTCOMES, max_size=12),
    st.booleans(),
)
def test_whatever_happens_the_rules_of_connections_hold(
    steps: list[tuple[int, str]], outcomes: list[Outcome], new: bool
) -> None:
    world = FivetranWorld()
    world.add_connection(id="one", sync_frequency=1, usual=Outcome.success(11), new=new)
    world.script("one", *outcomes)
    for wait, step in steps:
        world.advance(wait)
        _do(world, step)
        _check(world)
    world.advance(500)
    _check(world)


def _check(world: FivetranWorld) -> None:
    found, syncs = world.connection("one"), world.syncs("one")
    status = found["status"]
    over = [sync for sync in syncs if sync.end]
    assert syncs[: len(over)] == over, "only the last sync runs"
    assert all(one.end and one.end <= next_.start for one, next_ in pairwise(syncs))
    assert (status["sync_state"] == "syncing") == (len(over) < len(syncs))
    if status["sync_state"] != "syncing":
        assert found["paused"] == (status["sync_state"] == "paused")
    assert ("rescheduled_for" in status) == (status["sync_state"] == "rescheduled")
    done = [sync.end for sync in over if sync.status == "COMPLETED" and sync.end]
    if done:
        assert found["succeeded_at"] == written(max(done))
    bad = [sync.end for sync in over if sync.status == "FAILURE" and sync.end]
    assert found["failed_at"] == (written(max(bad)) if bad else None)
