"""Waiting for a sync: whatever happens meanwhile, the end is told right and in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kada_dagster.api.errors import ApiNotFoundError, ApiUnauthorizedError, ApiUnavailableError
from kada_dagster.api.stopping import Stop, StoppedError
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions
from kada_dagster.fivetran.errors import (
    ConnectionBrokenError,
    ConnectionPausedError,
    SyncFailedError,
    SyncRescheduledError,
    SyncTimeoutError,
)
from kada_dagster.fivetran.run import waits
from kada_dagster.sandbox.fivetran import Outcome, Quirks
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster_tests.fivetran.sites import Site, site
from kada_dagster_tests.fivetran.test_actions import FORCED, PAUSE, PLAIN, RESUME, add, start

QUICK = Outcome.success(0.5)


def test_a_sync_that_is_quicker_than_two_reads_is_seen_by_its_mark() -> None:
    with site() as there:
        add(there)
        there.world.script("one", QUICK)
        found = start(there)
        assert found.polls == 1
        assert found.seconds == 2


def test_reads_become_rarer_and_a_sync_of_ten_minutes_has_fewer_than_forty() -> None:
    passed, reads = 0.0, 0
    for wait in waits():
        if passed >= 600:
            break
        passed, reads = passed + wait, reads + 1
    assert reads < 40
    pauses = waits()
    first = [next(pauses) for _ in range(60)]
    assert first == sorted(first)
    assert (first[0], first[-1]) == (2, 30)


@pytest.mark.parametrize("timeout", [1, 31, 50, 299.5, 300])
def test_the_last_read_is_at_the_deadline(timeout: float) -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(timeout))
        found = start(there, timeout=timeout)
        assert found.seconds == pytest.approx(timeout, abs=0.001)


def test_a_sync_that_ends_after_the_deadline_is_too_late() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(50.01))
        with pytest.raises(SyncTimeoutError, match=r"sync_state is syncing, after \d reads"):
            start(there, timeout=50)
        reads = [one.at for one in there.server.calls("GET", "/one$")]
        assert reads[-1] - reads[0] == pytest.approx(50, abs=0.001)


@pytest.mark.parametrize(
    "fault",
    [
        lambda: Fault.status(500, "/one$", times=4),
        lambda: Fault.status(503, "/one$", times=4),
        lambda: Fault.too_many("/one$", retry_after=None, times=4),
        lambda: Fault.html("/one$", times=4),
        lambda: Fault.garbled("/one$", times=4),
        lambda: Fault.no_content("/one$", times=4),
        lambda: Fault.dropped("/one$", times=4),
        lambda: Fault.lost("/one$", times=4),
        lambda: Fault.cut("/one$", times=4),
    ],
    ids=["500", "503", "429", "html", "garbled", "204", "dropped", "lost", "cut"],
)
def test_what_passes_does_not_end_the_wait(fault: Any) -> None:
    with site() as there:
        add(there)
        there.world.later(1, lambda: there.server.fail(fault()))
        assert start(there).succeeded_at == there.world.syncs("one")[0].end
        assert len(there.sent()) == 1


def test_an_outage_to_the_end_is_a_timeout_and_not_earlier() -> None:
    with site() as there:
        add(there)
        there.world.later(1, lambda: there.server.fail(Fault.status(503, times=None)))
        began = there.clock.now()
        with pytest.raises(SyncTimeoutError):
            start(there)
        assert there.clock.now() == pytest.approx(began + 300, abs=0.01)


def test_a_429_while_waiting_is_obeyed_up_to_the_deadline() -> None:
    with site() as there:
        add(there)
        fault = Fault.too_many("/one$", retry_after=100, times=1)
        there.world.later(1, lambda: there.server.fail(fault))
        found = start(there)
        reads = [one.at for one in there.server.calls("GET", "/one$")]
        assert round(reads[2] - reads[1]) == 100
        assert found.polls == 2
    with site() as there:
        add(there)
        fault = Fault.too_many("/one$", retry_after=3600, times=1)
        there.world.later(1, lambda: there.server.fail(fault))
        assert start(there).seconds == pytest.approx(300, abs=0.01)


def test_a_key_that_is_valid_no_longer_ends_the_wait() -> None:
    with site() as there:
        add(there)
        there.world.later(10, there.server.expire_key)
        with pytest.raises(ApiUnauthorizedError):
            start(there)


def test_a_connection_that_is_deleted_ends_the_wait() -> None:
    with site() as there:
        add(there)
        there.world.later(10, lambda: there.world.delete_connection("one"))
        with pytest.raises(ApiNotFoundError):
            start(there)


def test_a_connection_that_is_paused_ends_the_wait() -> None:
    with site() as there:
        add(there)
        there.world.later(10, lambda: there.world.pause("one"))
        with pytest.raises(ConnectionPausedError, match="paused while"):
            start(there, on_paused="unpause", on_timeout="stop")
        assert not there.sent(method="PATCH")  # whoever paused it had a reason
        assert there.clock.now() - there.server.requests[0].at < 20


def test_a_connection_that_was_paused_after_the_success_has_succeeded() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(32))
        there.world.later(33, lambda: there.world.pause("one"))
        assert start(there).succeeded_at == there.world.syncs("one")[0].end


def test_a_connection_that_breaks_ends_the_wait() -> None:
    def breaks() -> None:
        connection = there.world.estate.connection("one")
        connection.setup_state = "broken"
        connection.changed()

    with site() as there:
        add(there)
        there.world.later(10, breaks)
        there.world.script("one", Outcome.success(1000))
        with pytest.raises(ConnectionBrokenError, match="broken"):
            start(there)
        assert there.clock.now() - there.server.requests[0].at < 20


def test_a_sync_that_breaks_the_connection_is_a_failure_with_its_tasks_and_reason() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.breaks("The token has expired", task="reconnect"))
        with pytest.raises(SyncFailedError, match="Reconnect the connection") as caught:
            start(there)
        sync = there.world.syncs("one")[0]
        assert (caught.value.reason, caught.value.sync_id) == (sync.reason, sync.sync_id)
        assert "The token has expired" in str(caught.value)
        assert caught.value.failed_at == sync.end
        assert caught.value.exit_code == 1


@pytest.mark.parametrize("quirks", [Quirks(history=403), Quirks(history="empty")])
def test_a_failure_without_a_history_is_told_without_a_reason(quirks: Quirks) -> None:
    with site(quirks=quirks) as there:
        add(there)
        there.world.script("one", Outcome.failure("Unheard"))
        with pytest.raises(SyncFailedError, match="gave no reason") as caught:
            start(there)
        assert caught.value.sync_id is None


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(history=403),
        Quirks(history=405),
        Quirks(history="empty"),
        Quirks(history_hides=1),
        Quirks(history_skew=20.0),
    ],
)
def test_a_success_without_a_history_is_one_all_the_same(quirks: Quirks) -> None:
    with site(quirks=quirks) as there:
        add(there)
        began = there.world.now
        found = start(there)
        assert (found.sync_id, found.load_mb, found.started_at) == (None, None, began)


def test_a_history_that_fails_is_no_failure_and_none_is_asked_for_if_that_is_not_wanted() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.status(500, "history", times=None))
        assert start(there).sync_id is None
        assert len(there.server.calls("GET", "history")) == 1
        start(there, history=False)
        assert len(there.server.calls("GET", "history")) == 1


@pytest.mark.parametrize("skew", [-1.9, 0.0, 1.9])
def test_the_record_is_found_although_its_end_differs(skew: float) -> None:
    with site(quirks=Quirks(history_skew=skew)) as there:
        add(there)
        there.world.script("one", *[Outcome.success(5)] * 3)
        for number in range(3):
            assert start(there).sync_id == there.world.syncs("one")[number].sync_id


def test_a_server_that_shows_whole_seconds_is_understood() -> None:
    with site(quirks=Quirks(digits=0)) as there:
        add(there)
        there.world.advance(0.7)
        for number in range(2):
            assert start(there).sync_id == there.world.syncs("one")[number].sync_id


def test_without_a_sign_of_a_sync_it_is_asked_for_once_more_and_then_only_told() -> None:
    with site() as there:
        add(there)
        there.world.ignore_starts("one", 1)
        assert start(there).status == "succeeded"
        assert there.sent() == [PLAIN, PLAIN]
        there.world.ignore_starts("one", 9)
        with pytest.raises(SyncTimeoutError, match="scheduled"):
            start(there, timeout=1000)
        assert len(there.sent()) == 4
        assert any("still no sign" in said for said in there.told)


def test_a_sync_that_starts_late_is_not_asked_for_twice() -> None:
    with site(quirks=Quirks(start_delay=90)) as there:
        add(there)
        assert start(there).status == "succeeded"
        assert there.sent() == [PLAIN]


def test_a_sync_that_somebody_cancelled_is_asked_for_once_more() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.canceled(), QUICK)
        assert start(there).succeeded_at == there.world.syncs("one")[1].end


def test_a_sync_that_was_put_off_beyond_the_deadline_says_until_when() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.reschedule(600, 10))
        with pytest.raises(SyncRescheduledError, match="raise it, or start again then") as caught:
            start(there)
        expected = there.world.syncs("one")[0].end
        assert expected
        assert caught.value.rescheduled_for == expected + timedelta(seconds=600)
        assert caught.value.seconds
        assert 590 < caught.value.seconds <= 600
        assert caught.value.exit_code == 3
        assert len(there.sent()) == 1


def test_a_sync_that_was_put_off_is_an_error_at_once_if_that_is_wanted() -> None:
    with site() as there:
        add(there, schedule_type="auto")
        there.world.script("one", Outcome.reschedule(30))
        with pytest.raises(SyncRescheduledError, match="on_reschedule"):
            start(there, on_reschedule="fail")
        assert there.clock.now() - there.server.requests[0].at < 60


def test_on_its_own_schedule_a_sync_that_was_put_off_is_left_to_fivetran() -> None:
    with site() as there:
        add(there, schedule_type="auto")
        there.world.script("one", Outcome.reschedule(100), Outcome.reschedule(50))
        found = start(there, manual=False)
        assert there.sent() == [PLAIN]
        assert found.sync_id == there.world.syncs("one")[2].sync_id


@pytest.mark.parametrize("early", ["reschedules", "nothing", "runs"])
def test_on_a_manual_schedule_each_moment_is_answered_with_one_request(early: Any) -> None:
    with site(quirks=Quirks(early_sync=early)) as there:
        add(there)
        there.world.script("one", Outcome.reschedule(100), Outcome.reschedule(200))
        found = start(there, timeout=2000)
        assert there.sent() == [PLAIN] * 3
        first, second, own = there.world.syncs("one")
        assert found.sync_id == own.sync_id
        assert first.end
        assert second.end
        assert second.start >= first.end + timedelta(seconds=100)
        assert own.start >= second.end + timedelta(seconds=200)


@pytest.mark.parametrize(("timeout", "least", "most"), [(2000, 60, 120), (250, 5, 35)])
def test_the_request_is_made_some_time_after_the_moment_and_sooner_where_time_is_short(
    timeout: float, least: float, most: float
) -> None:
    """Asked for on the dot, it may be too early: clocks differ."""
    with site() as there:
        add(there)
        there.world.script("one", Outcome.reschedule(200), QUICK)
        assert start(there, timeout=timeout).status == "succeeded"
        early, own = there.world.syncs("one")
        assert early.end
        after = (own.start - early.end).total_seconds() - 200
        assert least <= after <= most


def test_a_sync_that_is_due_is_asked_for_once_although_it_begins_late() -> None:
    with site(quirks=Quirks(start_delay=100)) as there:
        add(there)
        there.world.script("one", Outcome.reschedule(100), QUICK)
        assert start(there, timeout=2000).status == "succeeded"
        assert there.sent() == [PLAIN, PLAIN]


def test_a_request_for_a_sync_that_is_due_is_made_again_if_it_was_lost() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.reschedule(60))
        there.server.fail(Fault.dropped("/sync$", method="POST", after=1))
        assert start(there).status == "succeeded"
        assert len(there.world.syncs("one")) == 2


def test_while_it_is_put_off_little_is_read() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.reschedule(3600))
        found = start(there, timeout=7200)
        assert found.polls < 80


def test_a_connection_that_was_put_off_before_is_started_all_the_same() -> None:
    with site(quirks=Quirks(early_sync="runs", start_delay=5)) as there:
        add(there)
        there.world.script("one", Outcome.reschedule(5000))
        there.world.start_sync("one")
        there.world.advance(60)
        assert there.client.connection("one").is_rescheduled
        assert start(there, on_reschedule="fail").status == "succeeded"


# What cannot be told from the answer


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_answer_is_looked_for_and_the_sync_started_once(lost: bool) -> None:
    with site() as there:
        add(there)
        fault = Fault.lost if lost else Fault.dropped
        there.server.fail(fault("/sync$", method="POST"))
        found = start(there)
        assert len(there.world.syncs("one")) == 1
        assert found.sync_id == there.world.syncs("one")[0].sync_id
        assert len(there.sent()) == (1 if lost else 2)


def test_a_lost_answer_and_an_outage_are_waited_through() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.lost("/sync$", method="POST"))
        there.server.fail(Fault.status(503, "/one$", times=6, after=1))
        assert start(there).status == "succeeded"
        assert len(there.world.syncs("one")) == 1


def test_a_lost_answer_and_an_outage_to_the_end_is_a_timeout_that_says_so() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.lost("/sync$", method="POST"))
        there.server.fail(Fault.status(503, "/one$", times=None, after=1))
        with pytest.raises(SyncTimeoutError, match="not known whether"):
            start(there)


def test_a_quick_sync_behind_a_lost_answer_is_found_by_its_mark() -> None:
    with site() as there:
        add(there)
        there.world.script("one", QUICK)
        there.server.fail(Fault.lost("/sync$", method="POST"))
        assert start(there).status == "succeeded"
        assert len(there.world.syncs("one")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_forced_sync_in_doubt_is_decided_by_the_history(when: Any) -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(500))
        there.world.start_sync("one")
        there.world.advance(10)
        there.server.fail(Fault.status(500, "/sync$", when=when))
        found = start(there, on_running="force")
        old, new = there.world.syncs("one")
        assert (old.status, found.sync_id) == ("CANCELED", new.sync_id)
        assert there.sent() == [FORCED] * (1 if when == "after" else 2)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_forced_sync_in_doubt_without_a_history_is_not_forced_again(when: Any) -> None:
    with site(quirks=Quirks(history=403)) as there:
        add(there)
        there.world.script("one", Outcome.success(500))
        there.world.start_sync("one")
        there.world.advance(10)
        there.server.fail(Fault.status(500, "/sync$", when=when))
        with pytest.raises(ApiUnavailableError, match="may have been done") as caught:
            start(there, on_running="force")
        assert caught.value.transient
        assert there.sent() == [FORCED]


def test_a_forced_sync_that_fivetran_could_not_stop_the_old_one_for_is_tried_again() -> None:
    with site() as there:
        add(there, stop_seconds=90)
        there.world.script("one", Outcome.success(100))
        there.world.start_sync("one")
        found = start(there, on_running="force", timeout=600)
        assert found.sync_id == there.world.syncs("one")[-1].sync_id
        assert [one.started_by for one in there.world.syncs("one")] == ["request", "request"]
        assert there.sent() == [FORCED, FORCED, PLAIN]  # the old one ended by itself meanwhile


def test_where_nothing_runs_any_more_force_is_not_repeated() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(11), QUICK)
        there.world.start_sync("one")
        there.world.advance(10)
        there.server.fail(Fault.dropped("/sync$", method="POST"))
        found = start(there, on_running="force")
        assert there.sent() == [FORCED, PLAIN]
        assert found.succeeded_at == there.world.syncs("one")[1].end


def test_a_request_nobody_ever_hears_ends_after_a_few() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.status(500, "/sync$", times=None))
        with pytest.raises(ApiUnavailableError):
            start(there)
        assert len(there.sent()) == 5
        assert not there.world.syncs("one")


# The end of the time, and interrupts


def test_the_stop_is_verified_and_the_connection_resumed() -> None:
    with site() as there:
        add(there, stop_seconds=40)
        there.world.script("one", Outcome.success(10_000))
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        patches = there.server.calls("PATCH")
        assert there.sent(method="PATCH") == [PAUSE, RESUME]
        between = there.server.requests[
            there.server.requests.index(patches[0]) + 1 : there.server.requests.index(patches[1])
        ]
        assert [one.method for one in between] == ["GET"] * len(between)
        assert between
        assert there.world.syncs("one")[0].status == "PAUSED"
        assert there.client.connection("one").sync_state == "scheduled"
        assert any("was stopped" in said for said in there.told)


def test_a_pause_that_was_answered_with_500_has_worked_all_the_same() -> None:
    with site() as there:
        add(there, stop_seconds=90)
        there.world.script("one", Outcome.success(10_000))
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        assert there.server.calls("PATCH")[0].status == 500
        assert there.sent(method="PATCH") == [PAUSE, RESUME]
        assert there.world.syncs("one")[0].status == "PAUSED"
        assert not there.client.connection("one").paused


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_resume_that_seems_to_fail_does_not_leave_the_connection_paused(when: Any) -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(10_000))
        fault = Fault.status(500, "/one$", method="PATCH", when=when, after=1)
        there.server.fail(fault)
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        assert not there.client.connection("one").paused


def test_a_stop_that_cannot_be_done_is_told_and_the_timeout_stays_the_error() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(10_000))
        there.server.fail(Fault.status(403, "/one$", method="PATCH", times=None))
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        assert any("left undone" in said for said in there.told)


def test_a_sync_that_was_attached_to_is_nobodys_to_stop() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(10_000))
        there.world.start_sync("one")
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        assert not there.server.writes
        assert there.client.connection("one").is_syncing


def test_work_that_is_stopped_ends_within_a_glance_and_stops_the_sync() -> None:
    with site() as there:
        add(there, stop_seconds=90)
        stop = Stop()
        there.world.script("one", Outcome.success(10_000))
        there.world.later(7.05, stop.set)
        options = StartOptions(on_timeout="stop", restore_schedule=True)
        there.world.set_schedule("one", "auto")
        with pytest.raises(StoppedError):
            actions.start(
                there.client,
                "one",
                options,
                report=there.told.append,
                clock=there.clock,
                stop=stop,
            )
        pause = there.server.calls("PATCH")[1]
        assert pause.json == PAUSE
        assert pause.at - there.server.calls("POST")[0].at == pytest.approx(7.1, abs=0.3)
        assert not any("left undone" in said for said in there.told)
        assert there.world.syncs("one")[0].status == "PAUSED"
        ended = there.client.connection("one")
        assert (ended.paused, ended.is_syncing, ended.schedule_type) == (False, False, "auto")


def test_an_interrupt_while_the_request_is_on_its_way_stops_what_may_have_begun() -> None:
    class Interrupted(BaseException):
        pass

    with site() as there:
        add(there)
        send = there.client.api.send

        def cut(method: Any, path: str, *args: Any, **more: Any) -> Any:
            reply = send(method, path, *args, **more)
            if path.endswith("/sync"):
                raise Interrupted
            return reply

        object.__setattr__(there.client.api, "send", cut)
        with pytest.raises(Interrupted):
            start(there, on_timeout="stop")
        assert there.world.syncs("one")[0].status == "PAUSED"
        assert not there.client.connection("one").paused


def test_an_interrupt_before_anything_was_asked_for_stops_nothing() -> None:
    with site() as there:
        add(there)
        there.world.start_sync("one")
        stop = Stop()
        stop.set()
        options = StartOptions(on_running="queue", on_timeout="stop")
        with pytest.raises(StoppedError):
            actions.start(there.client, "one", options, clock=there.clock, stop=stop)
        assert not there.server.writes
        assert there.client.connection("one").is_syncing


def test_setup_tests_that_take_all_the_time_leave_none_for_a_sync() -> None:
    with site() as there:
        add(there, setup_state="broken")
        there.world.script_tests("one", [])
        there.server.before_answer = lambda request: (
            there.world.advance(400) if request.path.endswith("/test") else None
        )
        with pytest.raises(SyncTimeoutError, match="no sync was started"):
            start(there)
        assert not there.sent("/sync$")


def test_what_is_told_is_for_people_and_names_the_connection(there_told: Site) -> None:
    assert there_told.told
    assert all("one" in said for said in there_told.told)


@pytest.fixture
def there_told() -> Any:
    with site() as there:
        add(there, schedule_type="auto", paused=True)
        there.world.script("one", Outcome.reschedule(30))
        start(there, on_paused="unpause")
        yield there
