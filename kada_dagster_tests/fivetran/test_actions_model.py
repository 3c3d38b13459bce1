"""START in random worlds: it comes to what the model says, and what it says is true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from kada_dagster.api.errors import ApiUnavailableError
from kada_dagster.fivetran.actions import SyncOutcome
from kada_dagster.fivetran.errors import (
    ConnectionPausedError,
    SyncError,
    SyncFailedError,
    SyncRescheduledError,
    SyncTimeoutError,
)
from kada_dagster.sandbox.fivetran import Outcome, Quirks
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster_tests.fivetran.sites import Site, site
from kada_dagster_tests.fivetran.start_model import Case, Kind, expected
from kada_dagster_tests.fivetran.test_actions import add, start

SECONDS = st.sampled_from([0.5, 3.0, 20.0, 61.0, 150.0, 400.0, 1500.0])
OUTCOMES = st.one_of(
    SECONDS.map(Outcome.success),
    SECONDS.map(lambda seconds: Outcome.failure(seconds=seconds)),
    st.builds(Outcome.reschedule, st.sampled_from([20.0, 130.0, 350.0, 900.0]), SECONDS),
    SECONDS.map(Outcome.canceled),
)
CASES = st.builds(
    Case,
    outcomes=st.lists(OUTCOMES, min_size=1, max_size=4).map(tuple),
    timeout=st.sampled_from([30.0, 100.0, 300.0, 900.0]),
    manual=st.booleans(),
    age=st.none() | st.just(0.25),
    on_running=st.sampled_from(["attach", "queue", "force"]),
    on_reschedule=st.sampled_from(["wait", "wait", "fail"]),
    pause=st.none() | st.sampled_from([0.1, 10.0, 90.0, 250.0]),
    blips=st.integers(0, 3),
    blips_after=st.integers(1, 6),
    post=st.sampled_from(["", "", "lost", "dropped", "500 before", "500 after"]),
    post_after=st.integers(0, 1),
    history=st.booleans(),
)
KINDS: dict[type[Exception], Kind] = {
    SyncFailedError: "failed",
    SyncRescheduledError: "rescheduled",
    SyncTimeoutError: "timeout",
    ConnectionPausedError: "paused",
    ApiUnavailableError: "unavailable",
}
FAULTS: dict[str, Any] = {
    "lost": lambda after: Fault.lost("/sync$", method="POST", after=after),
    "dropped": lambda after: Fault.dropped("/sync$", method="POST", after=after),
    "500 before": lambda after: Fault.status(500, "/sync$", after=after),
    "500 after": lambda after: Fault.status(500, "/sync$", when="after", after=after),
}


def world_of(case: Case, there: Site) -> None:
    """The world of a case, at the moment before START."""
    add(there, schedule_type="manual" if case.manual else "auto")
    there.world.script("one", *case.outcomes)
    if case.age is not None:
        there.world.start_sync("one")
        there.world.advance(case.age)
    if case.pause is not None:
        there.world.later(case.pause, lambda: there.world.pause("one"))
    if case.blips:
        there.server.fail(Fault.status(503, "/one$", times=case.blips, after=case.blips_after))
    if case.post:
        there.server.fail(FAULTS[case.post](case.post_after))


def started(case: Case, there: Site) -> tuple[Kind, SyncOutcome | Exception]:
    """What START comes to."""
    try:
        found = start(
            there,
            timeout=case.timeout,
            manual=False,
            on_running=case.on_running,
            on_reschedule=case.on_reschedule,
        )
    except (SyncError, ApiUnavailableError) as error:
        return KINDS[type(error)], error
    assert found.status == "succeeded"
    return "succeeded", found


@settings(max_examples=40, deadline=None)
@given(CASES)
@example(
    Case(
        *((Outcome.success(500.0), Outcome.success(20.0)), 300.0, True, 0.25, "force", "wait"),
        *(None, 0, 1, "500 before", 0, True),
    )
)
@example(
    Case(
        *((Outcome.reschedule(130.0, 20.0), Outcome.canceled(3.0)), 900.0, True, 0.25, "queue"),
        *("wait", None, 2, 3, "lost", 1, False),
    )
)
@example(
    Case(
        *((Outcome.success(0.5), Outcome.failure(seconds=0.5)), 100.0, False, 0.25, "force"),
        *("wait", None, 0, 1, "lost", 0, False),
    )
)
@example(
    Case(
        *((Outcome.success(0.5), Outcome.success(0.5)), 30.0, False, 0.25, "force", "wait"),
        *(None, 0, 1, "lost", 0, False),
    )
)
def test_start_comes_to_what_the_model_says_and_what_it_says_is_true(case: Case) -> None:
    with site(quirks=Quirks(history="on" if case.history else 404)) as there:
        world_of(case, there)
        began = there.world.now
        kind, found = started(case, there)
        event(kind)
        assert kind in expected(case), (kind, found, there.told)
        passed = there.world.now - began
        assert passed <= timedelta(seconds=case.timeout + 0.01)
        check = {"succeeded": is_true_success, "failed": is_true_failure, "timeout": is_in_time}
        if kind in check:
            check[kind](case, there, found, began)
        if kind == "paused":
            assert there.client.connection("one").paused
        requests_are_few(case, there)


def is_true_success(case: Case, there: Site, found: Any, began: Any) -> None:
    """It names a sync that completed, and not one that was not asked about."""
    (sync,) = [one for one in there.world.syncs("one") if one.end == found.succeeded_at]
    assert sync.status == "COMPLETED"
    assert sync.end
    assert sync.end >= began
    assert found.sync_id in (sync.sync_id, None)
    assert (found.sync_id is None) is (not case.history)
    if case.on_running != "attach":
        assert sync.start >= began
        assert not found.attached


def is_true_failure(case: Case, there: Site, found: Any, began: Any) -> None:
    """A sync failed since, and none succeeded after that."""
    syncs = there.world.syncs("one")
    (sync,) = [one for one in syncs if one.end == found.failed_at]
    assert sync.status == "FAILURE"
    assert sync.end
    assert sync.end >= began
    assert not [one for one in syncs if one.status == "COMPLETED" and one.start >= sync.end]
    assert found.sync_id in (sync.sync_id, None)


def is_in_time(case: Case, there: Site, found: Any, began: Any) -> None:
    """The time was used to its end, and nothing that ended in it was passed over."""
    end = began + timedelta(seconds=case.timeout)
    assert there.world.now >= end - timedelta(seconds=0.01)
    if not case.blips and case.on_running == "force" and not case.may_be_mistaken:
        own = [one for one in there.world.syncs("one") if one.start >= began]
        assert not [one for one in own if one.status == "COMPLETED" and one.end and one.end < end]


def requests_are_few(case: Case, there: Site) -> None:
    """Nothing was asked for more often than there were reasons to, and no setup test was run."""
    put_off = sum(one.status == "RESCHEDULED" for one in there.world.syncs("one"))
    in_doubt = bool(case.post)
    assert len(there.sent("/sync$")) <= 2 + put_off + in_doubt  # the request, and one kick
    forced = [body for body in there.sent("/sync$") if body["force"]]
    assert len(forced) <= (1 + in_doubt if case.on_running == "force" else 0)
    assert there.world.setup_tests_run == []
    assert len(there.server.calls("GET", "/one$")) <= 10 + case.timeout / 15
