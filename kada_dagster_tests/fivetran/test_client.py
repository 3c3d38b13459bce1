"""The client against the sandbox: every address, what it sends, and what it takes for an answer."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kada_dagster.api.errors import (
    ApiError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.fivetran.client import BASE_URL, Account
from kada_dagster.sandbox.fivetran import Outcome, Quirks
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.secrets import Secret
from kada_dagster_tests.fivetran.sites import site

NOW = datetime(2026, 11, 2, tzinfo=timezone.utc)


def test_an_account_is_reached_at_fivetrans_own_address() -> None:
    account = Account(Secret(value="key"), Secret(value="word"))
    assert account.base_url == BASE_URL == "https://api.fivetran.com/v1"
    assert (account.timeout, account.calls_per_hour) == (60, 20_000)
    with closing(account.open()) as client:
        assert client.api.methods == {"GET", "POST", "PATCH"}
    assert "word" not in repr(account)


def test_checking_reads_the_account_once() -> None:
    with site() as there:
        there.client.check()
        assert [one.path for one in there.server.calls()] == ["/v1/account/info"]
        there.server.expire_key()
        with pytest.raises(ApiUnauthorizedError):
            there.client.check()


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_all_connections_are_listed_by_the_thousand(count: int) -> None:
    with site(quirks=Quirks(null_cursor=count % 2 == 0)) as there:
        for number in range(count):
            there.world.add_connection("postgres", id=f"c{number:04}")
        found = list(there.client.connections())
        assert sorted(one.id for one in found) == [f"c{number:04}" for number in range(count)]
        assert there.client.api.calls == max(1, -(-count // 1000))
        assert all(one.seen_at == NOW for one in found)


def test_the_connections_of_a_group_are_listed() -> None:
    with site() as there:
        there.world.add_group("One")
        there.world.add_group("Two / b", id="two/b")
        there.world.add_connection("postgres", id="first", group="one")
        there.world.add_connection("postgres", id="second", group="two/b")
        assert [one.id for one in there.client.connections("two/b")] == ["second"]
        assert [one["id"] for one in there.client.groups()] == ["one", "two/b"]
        assert [one["id"] for one in there.client.destinations()] == ["one", "two/b"]
        with pytest.raises(ApiNotFoundError):
            list(there.client.connections("three"))


def test_a_list_that_breaks_off_is_an_error_and_no_shorter_list() -> None:
    with site() as there:
        for number in range(1500):
            there.world.add_connection("postgres", id=f"c{number}")
        there.server.fail(Fault.status(500, "connections$", times=None, after=1))
        with pytest.raises(ApiUnavailableError):
            list(there.client.connections())


def test_a_list_that_goes_round_in_circles_is_an_error() -> None:
    with site() as there:
        for number in range(2500):
            there.world.add_connection("postgres", id=f"c{number}")
        there.server.fail(Fault.repeats_cursor("connections$"))
        with pytest.raises(ApiError, match="twice"):
            list(there.client.connections())


def test_a_connection_is_read_under_any_id() -> None:
    with site() as there:
        for name in ("plain", "a/b", "a b", "50%", "ü", ".."):
            there.world.add_connection("postgres", id=name)
            assert there.client.connection(name).id == name


def test_a_connection_that_is_gone_is_not_found_by_one_call() -> None:
    with site() as there:
        with pytest.raises(ApiNotFoundError, match="does not exist") as caught:
            there.client.connection("gone")
        assert caught.value.code.startswith("NotFound_")
        assert there.client.api.calls == 1


def test_the_old_paths_are_used_where_the_new_ones_are_not_there() -> None:
    with site(quirks=Quirks(current_paths=False)) as there:
        there.world.add_connection("postgres", id="one")
        assert there.client.connection("one").id == "one"
        there.client.sync("one")
        assert there.client.set_schedule("one", "manual").schedule_type == "manual"
        assert len(there.world.syncs("one")) == 1
        with pytest.raises(ApiNotFoundError) as caught:
            there.client.connection("gone")
        assert caught.value.code.startswith("NotFound_")
    with site(quirks=Quirks(current_paths=False, legacy_paths=False)) as there:
        there.world.add_connection("postgres", id="one")
        with pytest.raises(ApiNotFoundError, match="/connections/one"):
            there.client.connection("one")


def test_every_request_asks_for_the_version_it_reads() -> None:
    with site(quirks=Quirks(strict_accept=True)) as there:
        there.world.add_connection("postgres", id="one")
        there.client.check()
        there.client.connection("one")
        assert list(there.client.connections())
        assert list(there.client.destinations())
        assert list(there.client.transformations()) == []
        assert there.client.schemas("one")
        assert there.client.connector_type("postgres")


@pytest.mark.parametrize("answer", ["{}", '{"data": {}}', '{"data": [1]}', "[]", "null", '"x"'])
def test_an_answer_without_a_connection_is_none(answer: str) -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.fail(
            Fault("/one", changed=lambda request, true: type(true)(200, answer.encode()))
        )
        with pytest.raises(ApiError, match="without an id"):
            there.client.connection("one")


def test_a_change_never_runs_the_setup_tests() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        assert there.client.set_schedule("one", "manual").schedule_type == "manual"
        assert there.client.set_paused("one", True).paused
        assert not there.client.set_paused("one", False).paused
        assert there.sent(method="PATCH") == [
            {"schedule_type": "manual", "run_setup_tests": False},
            {"paused": True, "run_setup_tests": False},
            {"paused": False, "run_setup_tests": False},
        ]
        assert there.world.setup_tests_run == []


@pytest.mark.parametrize("force", [False, True])
def test_a_sync_is_asked_for_and_the_servers_time_comes_back(force: bool) -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.world.advance(3)
        assert there.client.sync("one", force=force) == NOW + timedelta(seconds=3)
        assert there.sent("/sync$") == [{"force": force}]
        assert len(there.world.syncs("one")) == 1


def test_a_plain_sync_is_asked_for_again_and_a_forced_one_is_not() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.fail(Fault.status(500, "/sync$", when="after"))
        there.client.sync("one")
        assert len(there.sent("/sync$")) == 2
        there.server.fail(Fault.status(500, "/sync$", when="after"))
        with pytest.raises(ApiUnavailableError) as caught:
            there.client.sync("one", force=True)
        assert caught.value.maybe_done
        assert len(there.sent("/sync$")) == 3


def test_the_setup_tests_are_run_with_a_body_that_is_empty_and_there() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        answer = there.client.test("one")
        assert [one["status"] for one in answer["setup_tests"]] == ["PASSED", "SKIPPED", "PASSED"]
        assert there.sent("/test$") == [{}]


def test_schemas_that_were_never_read_are_none_and_those_of_nothing_an_error() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.world.add_connection("postgres", id="fresh", new=True, schedule_type="manual")
        schemas = there.client.schemas("one")
        assert schemas is not None
        assert "public" in schemas["schemas"]
        assert there.client.schemas("fresh") is None
        with pytest.raises(ApiNotFoundError):
            there.client.schemas("gone")


def test_the_columns_of_a_table_are_asked_for_under_its_names() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        schemas = there.client.schemas("one") or {}
        table = next(iter(schemas["schemas"]["public"]["tables"]))
        assert there.client.columns("one", "public", table)["columns"]
        with pytest.raises(ApiNotFoundError):
            there.client.columns("one", "pub/lic", "a.b / c")
        assert there.server.requests[-1].path.endswith("/pub%2Flic/tables/a.b%20%2F%20c/columns")


def test_the_history_is_read_in_weeks_each_sync_once_oldest_first() -> None:
    with site(quirks=Quirks(history_window="overlap")) as there:
        there.world.add_connection("postgres", id="one", sync_frequency=1440)
        begin = there.world.now
        there.world.advance(30 * 86_400)
        there.server.forget()
        found = there.client.history("one", begin, there.world.now)
        assert found is not None
        true = there.world.syncs("one")
        assert [one.sync_id for one in found] == [one.sync_id for one in true]
        assert [one.start for one in found] == [one.start for one in true]
        spans = [request.query for request in there.server.calls()]
        assert len(spans) == 5
        for span in spans:
            first, last = (
                datetime.fromisoformat(span[name][0].replace("Z", "+00:00"))
                for name in ("start_time", "end_time")
            )
            assert timedelta(0) < last - first <= timedelta(days=7)


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_history_that_is_not_to_be_had_is_none(status: int) -> None:
    with site(quirks=Quirks(history=status)) as there:
        there.world.add_connection("postgres", id="one")
        assert there.client.history("one", NOW, NOW + timedelta(hours=1)) is None


def test_a_history_that_is_empty_is_no_history_that_is_not_there() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        assert there.client.history("one", NOW - timedelta(hours=1), NOW) == []
        assert there.client.history("one", NOW, NOW) == []


def test_a_history_that_fails_is_an_error() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.fail(Fault.status(500, "history", times=None))
        with pytest.raises(ApiUnavailableError):
            there.client.history("one", NOW - timedelta(hours=1), NOW)


def test_what_a_sync_came_to_is_in_the_history() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one", schedule_type="manual")
        there.world.script("one", Outcome.failure("No space"), Outcome.success(90))
        for _ in range(2):
            there.client.sync("one")
            there.world.advance(100)
        failed, done = there.client.history("one", NOW, there.world.now) or []
        assert (failed.status, failed.reason) == ("FAILURE", "No space")
        assert (done.status, done.reason) == ("COMPLETED", "")
        assert (done.extract_mb, done.process_mb, done.load_mb) == (1.25, None, 0.9)
        assert done.start
        assert done.end == done.start + timedelta(seconds=90)


SCOPE = {"public": ["supplier"]}


def test_tables_are_resynced_by_the_first_way_there_is() -> None:
    ways = [
        ({}, "/schemas/tables/resync", SCOPE),
        ({"tables_resync": False}, "/resync", {"scope": SCOPE}),
    ]
    for quirks, path, body in ways:
        with site(quirks=Quirks(**quirks)) as there:
            there.world.add_connection("postgres", id="one", schedule_type="manual")
            answered = there.client.resync_tables("one", SCOPE)
            assert answered == NOW
            assert there.server.requests[-1].path == f"/v1/connections/one{path}"
            assert there.sent()[-1] == body
            assert there.world.syncs("one")[-1].scope == SCOPE


def test_tables_are_resynced_one_by_one_where_there_is_no_other_way() -> None:
    with site(quirks=Quirks(tables_resync=False)) as there:
        there.world.add_connection("postgres", id="one", schedule_type="manual")
        there.server.fail(Fault.status(405, "/one/resync$", times=None))
        there.client.resync_tables("one", SCOPE)
        assert there.server.requests[-1].path.endswith("/schemas/public/tables/supplier/resync")
        assert there.world.syncs("one")[-1].scope == SCOPE


def test_a_table_that_is_not_there_is_no_reason_to_try_another_way() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        with pytest.raises(ApiNotFoundError, match="absent"):
            there.client.resync_tables("one", {"public": ["absent"]})
        assert len(there.sent()) == 1
        assert not there.world.syncs("one")


@pytest.mark.parametrize("status", [400, 401, 403, 409, 415, 500])
def test_a_resync_that_is_refused_is_never_asked_for_otherwise(status: int) -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.fail(Fault.status(status, "resync", times=None))
        with pytest.raises(Exception, match=f"answered with {status}"):
            there.client.resync_tables("one", SCOPE)
        assert len(there.sent()) == 1
        assert not there.world.syncs("one")


@pytest.mark.parametrize("scope", [{}, {"public": []}, {"public": ["supplier"], "other": []}])
def test_a_resync_of_no_tables_is_never_sent(scope: dict[str, list[str]]) -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        with pytest.raises(ValueError, match="no tables"):
            there.client.resync_tables("one", scope)
        assert not there.sent()


def test_a_resync_of_everything_is_another_function() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one", schedule_type="manual")
        there.client.resync("one")
        assert there.sent() == [{}]
        assert there.world.syncs("one")[-1].is_historical


def test_the_account_is_called_no_more_often_than_it_may_be() -> None:
    with site(calls_per_hour=5, budget=None) as there:
        for _ in range(5):
            there.client.check()
        with pytest.raises(ApiUnavailableError, match="used up") as caught:
            there.client.connection("one", within=10)
        assert len(there.server.requests) == 5
    assert caught.value.retry_after
    assert caught.value.retry_after > 3500


def test_an_hour_without_calls_is_told_and_not_slept_through() -> None:
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.fail(Fault.too_many(retry_after=3600, times=None))
        before = there.clock.now()
        with pytest.raises(ApiUnavailableError, match="one-hour") as caught:
            there.client.connection("one")
        assert (caught.value.retry_after, caught.value.code) == (3600, "TooManyRequests")
        assert there.clock.now() == before
        assert len(there.server.requests) == 1


def test_a_right_that_is_missing_is_told() -> None:
    with site() as there:
        there.server.fail(Fault.status(403, message="You may not."))
        with pytest.raises(ApiForbiddenError, match="You may not"):
            there.client.check()


def test_neither_key_nor_secret_nor_header_is_shown_by_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with site() as there:
        key, word = there.server.api_key, there.server.api_secret
        there.world.add_connection("postgres", id="one")
        there.server.fail(Fault.status(500, message=f"{key} {word}", times=2))
        there.client.connection("one")
        there.server.fail(Fault.status(400, message=f"{key} {word}", times=1))
        with pytest.raises(ApiError) as caught:
            there.client.sync("one")
        shown = f"{caplog.text} {caught.value} {caught.value!r} {there.client!r}"
    assert "400" in shown
    for secret in (key, word, b64encode(f"{key}:{word}".encode()).decode()):
        assert secret not in shown


def test_the_body_of_what_is_sent_is_json_with_its_type() -> None:
    seen: list[Any] = []
    with site() as there:
        there.world.add_connection("postgres", id="one")
        there.server.before_answer = seen.append
        there.client.sync("one")
    assert json.loads(seen[0].body) == {"force": False}
    assert seen[0].method == "POST"
