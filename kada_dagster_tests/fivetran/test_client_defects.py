"""What other clients of this API get wrong, each as a test that ours does not.

Numbers are those of the defects of dagster-fivetran 0.29.27; those of its sensor (6 to 9) and of
its assets (10) are tested with ours. Others: airflow-provider-fivetran-async 2.4.0,
prefect-fivetran 0.1.0b0, Kestra's plugin.
"""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any, Literal

import pytest

from kada_dagster.api.errors import (
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions
from kada_dagster.fivetran.errors import SyncFailedError, SyncTimeoutError
from kada_dagster.sandbox.fivetran import Outcome, Quirks
from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.web import Answer, Request
from kada_dagster_tests.fivetran.sites import site
from kada_dagster_tests.fivetran.test_actions import MANUAL, PAUSE, PLAIN, RESUME, add, start


def test_dagster_1_a_page_with_next_cursor_is_followed_by_the_next() -> None:
    with site() as there:
        for number in range(1001):
            there.world.add_connection("postgres", id=f"c{number}")
        assert len(list(there.client.connections())) == 1001


def test_dagster_1_the_older_spelling_of_the_cursor_is_understood_too() -> None:
    def older(request: Request, true: Answer) -> Answer:
        body = json.loads(true.body)
        cursor = body["data"].pop("next_cursor", None)
        data = {**body["data"], **({"nextCursor": cursor} if cursor else {})}
        return Answer(true.status, json.dumps({**body, "data": data}).encode())

    with site() as there:
        for number in range(1001):
            there.world.add_connection("postgres", id=f"c{number}")
        there.server.fail(Fault("connections$", changed=older, times=None))
        assert len(list(there.client.connections())) == 1001


def test_dagster_1_groups_are_paged() -> None:
    with site() as there:
        for number in range(1001):
            there.world.add_group(f"g{number}")
        assert len(list(there.client.groups())) == 1001
        assert len(list(there.client.destinations())) == 1001


def test_dagster_2_a_server_that_nobody_hears_is_an_error_of_its_own() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with (
            site(base_url=url) as there,
            pytest.raises(ApiUnavailableError, match="refused") as caught,
        ):
            start(there)
    assert (caught.value.exit_code, caught.value.transient) == (4, True)
    assert not caught.value.maybe_done


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ApiUnauthorizedError), (403, ApiForbiddenError), (404, ApiNotFoundError)],
)
def test_dagster_3_a_refusal_is_not_tried_again_and_says_what_fivetran_said(
    status: int, kind: type[Exception]
) -> None:
    with site() as there:
        add(there)
        fault = Fault.status(status, code="NotFound_Thing", message="It says why.", times=None)
        there.server.fail(fault)
        with pytest.raises(kind, match="It says why") as caught:
            start(there)
        assert getattr(caught.value, "code", None) == "NotFound_Thing"
        assert len(there.server.requests) == 1


def test_dagster_3_a_429_is_waited_for_as_long_as_it_says() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.too_many("/one$", retry_after=100))
        before = there.world.now
        start(there)
        sync = there.world.syncs("one")[0]
        assert timedelta(seconds=100) <= sync.start - before < timedelta(seconds=102)


def test_dagster_3_a_429_that_is_longer_than_the_deadline_ends_it_at_once() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.too_many("/sync$", retry_after=3600, times=None))
        before = there.clock.now()
        with pytest.raises(ApiUnavailableError, match=r"in 3600 s") as caught:
            start(there)
        assert caught.value.retry_after == 3600
        assert there.clock.now() == before
        assert len(there.sent("/sync$")) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_dagster_4_a_request_that_failed_is_not_repeated_before_a_look(status: int) -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.status(status, "/sync$", when="after"))
        found = start(there)
        assert len(there.sent("/sync$")) == 1
        assert len(there.world.syncs("one")) == 1
        assert found.succeeded_at == there.world.syncs("one")[0].end


def test_dagster_4_a_request_that_was_not_done_is_made_again_after_a_look() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.status(500, "/sync$"))
        start(there)
        asked = [(one.method, one.path.rpartition("/")[2]) for one in there.server.requests]
        first = asked.index(("POST", "sync"))
        assert asked[first : first + 3] == [("POST", "sync"), ("GET", "one"), ("POST", "sync")]
        assert len(there.world.syncs("one")) == 1


def test_dagster_4_the_version_is_asked_for_in_accept_and_bodies_are_plain_json() -> None:
    with site(quirks=Quirks(strict_accept=True)) as there:
        add(there)
        start(there)
        (post,) = there.server.calls("POST")
        assert post.headers["accept"] == "application/json;version=2"
        assert post.headers["content-type"] == "application/json"


@pytest.mark.parametrize("table", ["events.v2", "in/out", "order items", "100%", "Größe", 'a"b'])
def test_dagster_5_a_table_may_be_called_anything(table: str) -> None:
    from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table

    config = SchemaConfig({"my.schema": Schema("my.schema", "d", {table: Table(table, "t")})})
    for quirks in (Quirks(), Quirks(tables_resync=False, scoped_resync=False)):
        with site(quirks=quirks) as there:
            add(there, layout=lambda: config)
            if not quirks.scoped_resync:
                there.server.fail(Fault.status(405, "/one/resync$", times=None))
            actions.force_resync(there.client, "one", {"my.schema": [table]}, clock=there.clock)
            assert there.world.syncs("one")[-1].scope == {"my.schema": [table]}


def test_dagster_11_starting_costs_no_setup_tests() -> None:
    with site(budgets=Budgets(tests=((1, 3600),))) as there:
        add(there, schedule_type="auto")
        for _ in range(5):
            start(there)
        assert there.sent(method="PATCH") == [MANUAL]
        assert there.world.setup_tests_run == []


def test_dagster_12_a_wait_ends_with_the_timeout() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(100_000))
        with pytest.raises(SyncTimeoutError, match="300 s") as caught:
            start(there)
        assert caught.value.exit_code == 3
        assert there.clock.now() == pytest.approx(_began(there) + 300, abs=0.01)
        assert there.client.connection("one").is_syncing  # left, as is the default


def _began(there: Any) -> float:
    return there.server.requests[0].at


def test_dagster_12_a_sync_is_stopped_at_the_timeout_if_that_is_wanted() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(100_000))
        with pytest.raises(SyncTimeoutError):
            start(there, on_timeout="stop")
        assert there.sent(method="PATCH") == [PAUSE, RESUME]
        assert there.world.syncs("one")[0].status == "PAUSED"
        assert not there.client.connection("one").paused


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_dagster_12_a_sync_is_stopped_on_an_interrupt_if_that_is_wanted(
    interrupt: type[BaseException],
) -> None:
    def interrupted(said: str) -> None:
        if "asked for" in said:
            there.world.advance(1)
            raise interrupt

    policies: list[tuple[Literal["stop", "leave"], bool]] = [("stop", True), ("leave", False)]
    for policy, stopped in policies:
        with site() as there:
            add(there)
            options = StartOptions(on_timeout=policy)
            with pytest.raises(interrupt):
                actions.start(there.client, "one", options, report=interrupted, clock=there.clock)
            assert bool(there.world.syncs("one")[0].status) is stopped
            assert not there.client.connection("one").paused


def test_airflow_the_first_sync_ever_is_told_by_its_success() -> None:
    for outcome in (Outcome.success(), Outcome.failure()):
        with site() as there:
            add(there, new=True)
            there.world.script("one", outcome)
            assert there.client.connection("one").succeeded_at is None
            if outcome.kind == "success":
                assert start(there).succeeded_at == there.world.syncs("one")[0].end
            else:
                with pytest.raises(SyncFailedError):
                    start(there)


def test_airflow_a_429_while_waiting_is_not_the_end() -> None:
    with site() as there:
        add(there)
        there.world.later(
            10, lambda: there.server.fail(Fault.too_many("/one$", retry_after=30, times=3))
        )
        assert start(there).status == "succeeded"


def test_airflow_a_400_is_an_error_with_its_code_and_no_missing_key() -> None:
    with site() as there:
        add(there)
        there.server.fail(Fault.status(400, "/sync$", message="No way."))
        with pytest.raises(Exception, match="400: No way") as caught:
            start(there)
        assert getattr(caught.value, "code", None) == "InvalidInput"


def test_airflow_calls_have_a_timeout() -> None:
    with site(timeout=0.2) as there:
        add(there)
        there.server.fail(Fault.slow("/one$", 1.0))
        assert start(there).status == "succeeded"
        assert there.client.api.calls > 9  # the one that was slow was made again


def test_airflow_a_sync_that_was_put_off_is_asked_for_once_and_not_at_every_read() -> None:
    with site(quirks=Quirks(early_sync="nothing")) as there:
        add(there)
        there.world.script("one", Outcome.reschedule(200))
        found = start(there, timeout=1000)
        assert there.sent() == [PLAIN, PLAIN]
        early, own = there.world.syncs("one")
        assert found.rescheduled_for == early.end + timedelta(seconds=200)
        assert own.start >= found.rescheduled_for


def test_airflow_a_moment_that_has_passed_is_no_error() -> None:
    with site(quirks=Quirks(early_sync="nothing")) as there:
        add(there)
        there.world.script("one", Outcome.reschedule(50))
        there.world.start_sync("one")
        there.world.advance(600)
        assert there.client.connection("one").is_rescheduled
        assert start(there).status == "succeeded"


def test_prefect_a_sync_that_was_put_off_does_not_wait_for_ever() -> None:
    for schedule in ("auto", "manual"):
        with site() as there:
            add(there, schedule_type=schedule)
            there.world.script("one", Outcome.reschedule(3000))
            with pytest.raises(SyncTimeoutError, match="put the sync off"):
                start(there, manual=False)
            assert there.clock.now() - _began(there) < 60


def test_prefect_a_failure_before_the_success_does_not_hide_it() -> None:
    """Both within two reads: the sync failed, and one that Fivetran began at once succeeded."""
    with site() as there:
        add(there)
        there.world.script("one", Outcome.failure(seconds=32), Outcome.success(2))
        there.world.later(33, lambda: there.world.start_sync("one"))
        found = start(there)
        assert found.failed_at
        assert found.succeeded_at
        assert found.succeeded_at > found.failed_at


def test_prefect_a_failure_after_the_success_is_the_latest_and_tells_both() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(32), Outcome.failure("Later", seconds=2))
        there.world.later(33, lambda: there.world.start_sync("one"))
        with pytest.raises(SyncFailedError, match="Later") as caught:
            start(there)
        assert caught.value.succeeded_at == there.world.syncs("one")[0].end
        assert caught.value.failed_at == there.world.syncs("one")[1].end


def test_prefect_an_old_failure_is_no_failure() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.failure())
        there.world.start_sync("one")
        there.world.advance(100)
        assert start(there).status == "succeeded"


def test_kestra_what_runs_already_is_told_apart_from_what_was_asked_for() -> None:
    with site() as there:
        add(there)
        there.world.start_sync("one")
        assert start(there).attached
        assert not start(there).attached
        there.world.start_sync("one")
        assert not start(there, on_running="queue").attached


def test_kestra_a_sync_that_was_put_off_is_waited_for_where_the_time_suffices() -> None:
    for schedule in ("auto", "manual"):
        with site() as there:
            add(there, schedule_type=schedule)
            there.world.script("one", Outcome.reschedule(100))
            found = start(there, manual=False)
            assert found.succeeded_at == there.world.syncs("one")[-1].end
            assert len(there.sent()) == (1 if schedule == "auto" else 2)


def test_bigquery_etl_3481_a_sync_of_ten_minutes_costs_less_than_45_calls() -> None:
    with site(budgets=Budgets.trial()) as there:
        add(there, schedule_type="auto")
        there.world.script("one", Outcome.success(600))
        start(there, timeout=900)
        assert len(there.server.requests) <= 45
