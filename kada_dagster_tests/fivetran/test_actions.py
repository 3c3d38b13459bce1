"""START, STATUS and TEST against the sandbox: what each policy does, and what is sent for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kada_dagster.api.errors import ApiNotFoundError
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions, SyncOutcome
from kada_dagster.fivetran.errors import (
    ConnectionBrokenError,
    ConnectionPausedError,
    SyncFailedError,
    SyncRunningError,
    SyncTimeoutError,
)
from kada_dagster.sandbox.fivetran import Outcome, Quirks, SetupTest
from kada_dagster_tests.fivetran.sites import Site, site

MANUAL = {"schedule_type": "manual", "run_setup_tests": False}
AUTO = {"schedule_type": "auto", "run_setup_tests": False}
RESUME, PAUSE = ({"paused": paused, "run_setup_tests": False} for paused in (False, True))
FORCED, PLAIN = {"force": True}, {"force": False}


def start(there: Site, id: str = "one", **options: Any) -> SyncOutcome:
    """START, with what it tells kept."""
    given = StartOptions(**options)
    return actions.start(there.client, id, given, report=there.told.append, clock=there.clock)


def add(there: Site, id: str = "one", **fields: Any) -> None:
    """A connection on a manual schedule, unless told otherwise."""
    there.world.add_connection("postgres", id=id, **{"schedule_type": "manual", **fields})


def test_a_sync_is_started_waited_for_and_told() -> None:
    with site() as there:
        add(there, schema="sales")
        began = there.world.now
        found = start(there)
        sync = there.world.syncs("one")[-1]
        assert found == SyncOutcome(
            connection_id="one",
            schema="sales",
            status="succeeded",
            succeeded_at=began + timedelta(seconds=60),
            started_at=began,
            sync_id=sync.sync_id,
            polls=7,
            calls=len(there.server.requests),
            seconds=71,
            extract_mb=1.25,
            load_mb=0.9,
        )
        assert len(there.world.syncs("one")) == 1
        assert there.sent() == [PLAIN]
        assert not there.sent(method="PATCH")


def test_the_baseline_is_read_right_before_the_request() -> None:
    with site() as there:
        add(there, schedule_type="auto", setup_state="broken")
        there.world.script_tests("one", [SetupTest("Reach it")])
        start(there)
        asked = [(one.method, one.path.rpartition("/")[2]) for one in there.server.requests]
        post = asked.index(("POST", "sync"))
        assert asked[:post] == [
            ("GET", "one"),
            ("POST", "test"),
            ("GET", "one"),
            ("PATCH", "one"),
            ("GET", "one"),
        ]


def test_the_schedule_is_changed_only_where_it_differs_and_put_back_only_if_asked() -> None:
    with site() as there:
        add(there, schedule_type="auto")
        start(there)
        start(there)
        assert there.sent(method="PATCH") == [MANUAL]
        assert there.client.connection("one").schedule_type == "manual"
        there.world.set_schedule("one", "auto")
        start(there, manual=False)
        assert there.sent(method="PATCH") == [MANUAL]
        start(there, restore_schedule=True)
        assert there.sent(method="PATCH") == [MANUAL, MANUAL, AUTO]
        assert there.client.connection("one").schedule_type == "auto"
        assert there.world.setup_tests_run == []


def test_a_schedule_that_was_not_changed_is_not_put_back() -> None:
    with site() as there:
        add(there)
        start(there, restore_schedule=True)
        assert not there.sent(method="PATCH")


@pytest.mark.parametrize("outcome", [Outcome.failure(), Outcome.success(1000)])
def test_the_schedule_is_put_back_however_it_ends(outcome: Outcome) -> None:
    with site() as there:
        add(there, schedule_type="auto")
        there.world.script("one", outcome)
        with pytest.raises((SyncFailedError, SyncTimeoutError)):
            start(there, restore_schedule=True)
        assert there.sent(method="PATCH") == [MANUAL, AUTO]


def test_a_schedule_that_cannot_be_put_back_is_told_and_hides_nothing() -> None:
    with site() as there:
        add(there, schedule_type="auto")
        there.world.script("one", Outcome.failure("Out of space"))
        there.world.later(20, lambda: there.server.fail(_refuses_patches()))
        with pytest.raises(SyncFailedError, match="Out of space"):
            start(there, restore_schedule=True)
        assert any("left undone" in said for said in there.told)


def _refuses_patches() -> Any:
    from kada_dagster.sandbox.fivetran.faults import Fault

    return Fault.status(403, "", method="PATCH", times=None)


def test_a_sync_that_runs_is_attached_to_without_a_request() -> None:
    with site() as there:
        add(there)
        there.world.start_sync("one")
        there.world.advance(20)
        found = start(there)
        assert not there.sent()
        assert found.attached
        assert found.sync_id == there.world.syncs("one")[0].sync_id
        assert found.started_at == there.world.syncs("one")[0].start
        assert len(there.world.syncs("one")) == 1


def test_attached_to_without_a_history_a_sync_has_no_start() -> None:
    with site(quirks=Quirks(history=404)) as there:
        add(there)
        there.world.start_sync("one")
        there.world.advance(20)
        found = start(there)
        assert (found.attached, found.started_at, found.sync_id) == (True, None, None)


@pytest.mark.parametrize(
    "first", [Outcome.success(), Outcome.failure(), Outcome.canceled(), Outcome.incomplete()]
)
def test_a_sync_is_queued_behind_the_one_that_runs_whatever_becomes_of_that(
    first: Outcome,
) -> None:
    with site() as there:
        add(there)
        there.world.script("one", first)
        there.world.start_sync("one")
        found = start(there, on_running="queue")
        earlier, own = there.world.syncs("one")
        assert earlier.end
        assert own.start >= earlier.end
        assert (found.sync_id, found.succeeded_at) == (own.sync_id, own.end)
        assert not found.attached
        assert there.sent() == [PLAIN]


def test_a_sync_that_never_ends_is_not_queued_behind_for_ever() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(10_000))
        there.world.start_sync("one")
        with pytest.raises(SyncTimeoutError, match="none was started"):
            start(there, on_running="queue", on_timeout="stop")
        assert not there.sent()
        assert not there.sent(method="PATCH")  # what runs is not ours to stop
        assert there.client.connection("one").is_syncing


@pytest.mark.parametrize("history", ["on", 404])
def test_a_sync_that_runs_is_replaced_by_force(history: Any) -> None:
    with site(quirks=Quirks(history=history)) as there:
        add(there)
        there.world.script("one", Outcome.success(100), Outcome.success(200))
        there.world.start_sync("one")
        there.world.advance(40)
        found = start(there, on_running="force")
        old, new = there.world.syncs("one")
        assert (old.status, new.status) == ("CANCELED", "COMPLETED")
        assert found.succeeded_at == new.end
        assert there.sent() == [FORCED]


def test_force_is_only_used_where_something_runs() -> None:
    with site() as there:
        add(there)
        start(there, on_running="force")
        assert there.sent() == [PLAIN]


def test_the_end_of_the_sync_that_was_replaced_is_not_taken_for_the_new_ones() -> None:
    """It ends between the read and the request; or Fivetran marks the cancelled one as failed."""
    with site(quirks=Quirks(history=404)) as there:
        add(there)
        there.world.script("one", Outcome.success(30), Outcome.success(200))
        there.world.start_sync("one")
        there.world.advance(29)
        there.server.before_answer = lambda request: (
            there.world.advance(2) if request.method == "POST" else None
        )
        found = start(there, on_running="force")
        old, new = there.world.syncs("one")
        assert (old.status, new.status) == ("COMPLETED", "COMPLETED")
        assert found.succeeded_at == new.end


def test_the_mark_of_the_sync_that_was_replaced_is_no_failure_of_the_new_one() -> None:
    with site(quirks=Quirks(history=404)) as there:
        add(there)
        there.world.script("one", Outcome.success(100), Outcome.success(100))
        there.world.start_sync("one")
        there.world.advance(5)
        there.world.later(1, lambda: _mark_failed(there))
        assert start(there, on_running="force").succeeded_at == there.world.syncs("one")[1].end


def _mark_failed(there: Site) -> None:
    connection = there.world.estate.connection("one")
    connection.failed_at = there.world.timeline.now
    connection.changed()


def test_a_sync_that_runs_is_an_error_if_that_is_wanted() -> None:
    with site() as there:
        add(there)
        there.world.start_sync("one")
        with pytest.raises(SyncRunningError, match="on_running") as caught:
            start(there, on_running="fail")
        assert caught.value.transient
        assert not there.sent()


def test_a_paused_connection_fails_is_skipped_or_resumed() -> None:
    with site() as there:
        add(there, paused=True, schedule_type="auto")
        with pytest.raises(ConnectionPausedError, match="on_paused"):
            start(there)
        found = start(there, on_paused="skip")
        assert (found.status, found.polls, found.calls) == ("skipped", 0, 1)
        assert not there.server.writes
        assert start(there, on_paused="unpause").status == "succeeded"
        assert there.sent(method="PATCH") == [MANUAL, RESUME]
        assert there.sent() == [PLAIN]


def test_resuming_that_seems_to_fail_is_looked_at_again() -> None:
    from kada_dagster.sandbox.fivetran.faults import Fault

    for when, resumed in (("after", 1), ("before", 2)):
        with site() as there:
            add(there, paused=True)
            there.server.fail(Fault.status(500, "/one$", method="PATCH", when=when))
            start(there, on_paused="unpause")
            assert there.sent(method="PATCH") == [RESUME] * resumed


def test_a_broken_connection_is_tested_and_synced_where_that_mends_it() -> None:
    with site() as there:
        add(there, setup_state="broken")
        there.world.script_tests("one", [SetupTest("Reach it"), SetupTest("Read it", "WARNING")])
        assert start(there).status == "succeeded"
        assert len(there.world.setup_tests_run) == 1


@pytest.mark.parametrize("state", ["broken", "incomplete"])
def test_a_connection_that_stays_broken_is_an_error_after_one_test(state: Any) -> None:
    with site() as there:
        add(there, setup_state=state)
        there.world.script_tests("one", [SetupTest("Log in", "FAILED", "Wrong password")] * 1)
        with pytest.raises(ConnectionBrokenError, match=state):
            start(there)
        assert len(there.world.setup_tests_run) == 1
        assert any("Log in: Wrong password" in said for said in there.told)
        assert not there.sent("/sync$")


def test_a_broken_connection_is_not_even_tested_if_that_is_not_wanted() -> None:
    with site() as there:
        add(there, setup_state="broken")
        with pytest.raises(ConnectionBrokenError, match=r"fivetran\.com/dashboard"):
            start(there, on_broken="fail")
        assert not there.server.writes


def test_a_connection_that_is_gone_is_an_error_at_once() -> None:
    with site() as there:
        with pytest.raises(ApiNotFoundError):
            start(there, "gone")
        assert len(there.server.requests) == 1


def test_the_status_is_the_connection_without_secrets() -> None:
    with site() as there:
        add(there, fields={"config": {"password": "hunter2"}})
        found = actions.status(there.client, "one")
        assert found["status"]["sync_state"] == "scheduled"
        assert json.loads(json.dumps(found)) == found
        assert "config" not in found
        assert not there.server.writes


def test_the_setup_tests_are_told_by_how_they_ended() -> None:
    with site() as there:
        add(there)
        there.world.script_tests(
            "one",
            [
                SetupTest("a", "PASSED"),
                SetupTest("b", "SKIPPED", "not needed"),
                SetupTest("c", "WARNING", "careful"),
            ],
            [SetupTest("d", "FAILED", "no"), SetupTest("e", "JOB_FAILED"), SetupTest("f", "NEW")],
        )
        good = actions.test(there.client, "one")
        assert good.ok
        assert (good.passed, good.skipped) == ((("a", ""),), (("b", "not needed"),))
        assert good.warnings == (("c", "careful"),)
        assert (good.connection_id, good.setup_state) == ("one", "connected")
        bad = actions.test(there.client, "one")
        assert not bad.ok
        assert bad.failed == (("d", "no"), ("e", ""), ("f", ""))
        assert bad.setup_state == "broken"


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"on_running": "ATTACH"},
        {"on_paused": "test"},
        {"on_broken": ""},
        {"on_reschedule": "retry"},
        {"on_timeout": "pause"},
    ],
)
def test_options_that_mean_nothing_are_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigError, match=name):
        replace(StartOptions(), **wrong)
