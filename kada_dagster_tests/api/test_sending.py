"""What is sent besides GET, and that nothing is done twice that might have been done once."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from kada_dagster.api.auth import BearerAuth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.call import Call, date_of
from kada_dagster.api.client import ApiClient
from kada_dagster.api.errors import ApiCallError, ApiError, ApiUnavailableError
from kada_dagster.api.exchange import Exchange
from kada_dagster.api.retrying import Retries
from kada_dagster.api.sending import SendingClient
from kada_dagster.errors import ExtractError
from kada_dagster.hevo.client import Account as HevoAccount
from kada_dagster.hightouch.client import Workspace
from kada_dagster.secrets import Secret
from kada_dagster_tests.api.clients import client, sender
from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen, reply
from kada_dagster_tests.api.manual_clock import ManualClock
from kada_dagster_tests.api.test_client import always, hung_up, in_turn

TOKEN = "s3cr3t-token"
BEARER = BearerAuth(Secret(value=TOKEN))
OK = reply({"code": "Success"}, Date="Sat, 28 Nov 2026 20:05:09 GMT")
LOST = hung_up(b"")


def post(api: SendingClient, **options: Any) -> Reply:
    return api.send("POST", "/things", {}, **{"repeatable": True, **options})


def failure(
    respond: Callable[[Seen], Reply], act: Callable[[SendingClient], object] = post, **options: Any
) -> tuple[ApiCallError, int]:
    """The error that an act ends in, and how many requests were sent until then."""
    with HttpServer(respond) as server:
        api = sender(server.url, BEARER, **options)
        with api, pytest.raises(ApiCallError) as caught:
            act(api)
        return caught.value, len(server.seen)


def test_a_body_is_sent_as_json_with_its_type() -> None:
    with HttpServer(always(OK)) as server, sender(server.url + "/v1", BEARER) as api:
        answer = api.send(
            *("POST", "/things/a%2Fb/do"), {"force": False, "ü": 1}, repeatable=True, accept="x/y"
        )
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/things/a%2Fb/do")
    assert json.loads(seen.body) == {"force": False, "ü": 1}
    assert (seen.headers["content-type"], seen.headers["accept"]) == ("application/json", "x/y")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert answer.value == {"code": "Success"}
    assert answer.date == datetime(2026, 11, 28, 20, 5, 9, tzinfo=timezone.utc)
    assert answer.headers["date"] == "Sat, 28 Nov 2026 20:05:09 GMT"


def test_an_empty_body_is_sent_as_one_and_no_content_is_an_answer() -> None:
    with HttpServer(always(Reply(status=204))) as server, sender(server.url) as api:
        assert api.send("PATCH", "/things", {}, repeatable=True).value is None
    assert (server.seen[0].method, server.seen[0].body) == ("PATCH", b"{}")


def test_a_client_that_reads_cannot_send() -> None:
    with HttpServer(always(OK)) as server, client(server.url) as api:
        assert not hasattr(api, "send")
        sends = Exchange(BEARER, 5, 1, {})
        with pytest.raises(ValueError, match="POST"):
            sends.send(Call("/things", f"{server.url}/things", method="POST", body=b"{}"))
        sends.close()
    assert not server.seen


def test_hevo_and_hightouch_have_clients_that_only_read() -> None:
    secret = Secret(value="any")
    for account in (HevoAccount("http://127.0.0.1:1", secret, secret), Workspace(secret)):
        api = account.open().api
        assert type(api) is ApiClient
        assert api.methods == {"GET"}
        api.close()


@pytest.mark.parametrize("first", [reply({}, 500), reply({}, 503), LOST, reply({}, 429)])
def test_what_may_be_done_twice_is_tried_again(first: Reply) -> None:
    with HttpServer(in_turn(first, OK)) as server, sender(server.url) as api:
        assert api.send("POST", "/things", {}, repeatable=True).value == {"code": "Success"}
        assert [seen.method for seen in server.seen] == ["POST", "POST"]


@pytest.mark.parametrize("first", [reply({}, 500), reply({}, 503), reply({}, 408), LOST])
def test_what_may_not_is_left_in_doubt_after_one_attempt(first: Reply) -> None:
    error, sent = failure(in_turn(first, OK), lambda api: post(api, repeatable=False))
    assert type(error) is ApiUnavailableError
    assert "may have been done all the same" in str(error)
    assert (error.maybe_done, error.method, error.path) == (True, "POST", "/things")
    assert sent == 1


def test_what_may_not_is_tried_again_after_a_429() -> None:
    clock = ManualClock()
    answers = in_turn(reply({}, 429, Retry_After="7"), OK)
    with (
        HttpServer(answers) as server,
        sender(server.url, budget=RateBudget(100, 1, clock)) as api,
    ):
        api.send("POST", "/things", {}, repeatable=False)
        assert len(server.seen) == 2
    assert clock.now() == pytest.approx(7, abs=0.3)


def test_what_may_not_is_tried_again_where_nobody_heard() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with sender(f"http://127.0.0.1:{taken.getsockname()[1]}") as api:
            with pytest.raises(ApiUnavailableError, match="refused") as caught:
                api.send("POST", "/things", {}, repeatable=False)
            assert api.calls == 3
    assert not caught.value.maybe_done


def test_doubt_stays_although_a_later_attempt_was_refused() -> None:
    error, sent = failure(in_turn(LOST, reply({}, 400)))
    assert (error.status, error.maybe_done, sent) == (400, True, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 415, 422, 501])
def test_a_refusal_leaves_no_doubt(status: int) -> None:
    error, sent = failure(always(reply({}, status)))
    assert (error.status, error.maybe_done, sent) == (status, False, 1)


def test_a_read_leaves_no_doubt() -> None:
    error, sent = failure(always(reply({}, 503)), lambda api: api.get("/things"))
    assert (error.method, error.maybe_done, sent) == ("GET", False, 3)


def test_what_is_no_json_leaves_doubt() -> None:
    error, sent = failure(always(Reply(b"<html>")))
    assert "not JSON" in str(error)
    assert (type(error), error.maybe_done, sent) == (ApiError, True, 1)


def test_a_redirect_is_not_followed_by_what_is_sent() -> None:
    error, sent = failure(always(Reply(status=307, headers={"Location": "/other"})))
    assert "redirects" in str(error)
    assert (type(error), sent) == (ApiError, 1)


def test_the_apis_own_code_comes_with_the_error() -> None:
    answer = reply({"code": "NotFound_Connection", "message": "No connection with id 'x'."}, 404)
    error, _ = failure(always(answer), lambda api: api.get("/things"))
    assert error.code == "NotFound_Connection"
    assert "No connection with id 'x'" in str(error)


@pytest.mark.parametrize("code", [None, 7.5, "two words", "", {"a": 1}, TOKEN, f"x{TOKEN}y", "é"])
def test_a_code_that_is_none_or_holds_a_secret_is_not_shown(code: Any) -> None:
    error, _ = failure(always(reply({"code": code}, 400)))
    assert error.code == ""


def test_the_right_that_is_missing_is_to_do_it() -> None:
    answer = always(reply({}, 403))
    assert "right to do this" in str(failure(answer)[0])
    assert "right to read this" in str(failure(answer, lambda api: api.get("/things"))[0])


@pytest.mark.parametrize(
    "act",
    [lambda api: api.read("/things", within=300), lambda api: post(api, within=300)],
    ids=["read", "send"],
)
def test_a_wait_that_does_not_fit_ends_the_call_at_once(act: Callable[[Any], object]) -> None:
    clock = ManualClock()
    answer = always(reply({"message": "Slow down."}, 429, Retry_After="3600"))
    error, sent = failure(answer, act, budget=RateBudget(9, 1, clock))
    assert type(error) is ApiUnavailableError
    assert "in 3600 s" in str(error)
    assert (error.retry_after, sent, clock.now()) == (3600, 1, 0)


def test_a_long_wait_that_fits_is_obeyed() -> None:
    clock = ManualClock()
    answers = in_turn(reply({}, 429, Retry_After="200"), OK)
    with HttpServer(answers) as server, sender(server.url, budget=RateBudget(9, 1, clock)) as api:
        api.read("/things", within=300)
    assert clock.now() == pytest.approx(200, abs=0.3)


def test_an_account_that_obeys_does_not_cut_a_long_wait_short() -> None:
    clock, retries = ManualClock(), Retries(most=3, obeys=True)
    answer = always(reply({}, 429, Retry_After="3600"))
    error, sent = failure(answer, budget=RateBudget(9, 1, clock), retries=retries)
    assert (error.retry_after, sent, clock.now()) == (3600, 1, 0)


def test_attempts_begin_within_the_time_that_there_is() -> None:
    clock, retries = ManualClock(), Retries(most=50, within=10_000)
    _, sent = failure(
        always(reply({}, 503)),
        lambda api: api.read("/things", within=100),
        budget=RateBudget(999, 1, clock),
        retries=retries,
    )
    assert 10 < clock.now() <= 100
    assert sent > 3


def test_without_time_there_is_one_attempt() -> None:
    _, sent = failure(always(reply({}, 503)), lambda api: api.read("/things", within=0))
    assert sent == 1
    with HttpServer(always(OK)) as server, sender(server.url) as api:
        assert api.read("/things", within=0).value == {"code": "Success"}


def test_a_full_budget_is_not_waited_for_beyond_the_time_that_there_is() -> None:
    clock = ManualClock()
    with (
        HttpServer(always(OK)) as server,
        sender(server.url, budget=RateBudget(1, 3600, clock)) as api,
    ):
        api.get("/things")
        with pytest.raises(ApiUnavailableError, match="used up") as caught:
            api.send("POST", "/things", {}, repeatable=False, within=300)
        assert len(server.seen) == 1
    assert not caught.value.maybe_done
    assert caught.value.retry_after == pytest.approx(3600)


def test_the_timeout_of_one_call_may_be_longer() -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(1.5)  # the server hangs up behind it, and says so
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    with HttpServer(always(Reply(raw=slow))) as server, sender(server.url, timeout=0.5) as api:
        assert post(api, repeatable=False, timeout=30).value == {}
        with pytest.raises(ApiUnavailableError, match="no answer in time") as caught:
            post(api, repeatable=False)
    assert caught.value.maybe_done


def test_neither_bodies_nor_credentials_are_in_logs_or_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"password": "in-the-body"}
    error, _ = failure(
        always(reply({"message": TOKEN}, 503)),
        lambda api: api.send("PATCH", "/things", body, repeatable=True),
    )
    shown = f"{caplog.text} {error} {error!r} {error.reason} {error.__cause__} {error.__context__}"
    assert "Sample: PATCH /things: 503; again in" in shown
    assert TOKEN not in shown
    assert "in-the-body" not in shown


def test_a_closed_client_sends_nothing() -> None:
    with HttpServer(always(OK)) as server:
        api = sender(server.url)
        api.close()
        with pytest.raises(ExtractError):
            api.send("POST", "/things", {}, repeatable=True)
    assert not server.seen


def test_the_servers_clock_is_kept_and_never_guessed() -> None:
    with HttpServer(in_turn(OK, reply(1))) as server, sender(server.url) as api:
        assert api.date is None
        assert api.read("/things").date == datetime(2026, 11, 28, 20, 5, 9, tzinfo=timezone.utc)
        assert api.read("/things").date is None
        assert api.date == datetime(2026, 11, 28, 20, 5, 9, tzinfo=timezone.utc)


@pytest.mark.parametrize("said", ["", "yesterday", "0", "Sat, 99 Nov 2026 20:05:09 GMT"])
def test_a_date_that_is_none_is_none(said: str) -> None:
    assert date_of({"Date": said}) is None


@pytest.mark.parametrize(
    "said",
    [
        "Sat, 28 Nov 2026 20:05:09 GMT",
        "Sat, 28 Nov 2026 20:05:09 -0000",
        "Sat, 28 Nov 2026 22:05:09 +0200",
        "Saturday, 28-Nov-26 20:05:09 GMT",
    ],
)
def test_a_date_is_read_in_utc(said: str) -> None:
    assert date_of({"Date": said}) == datetime(2026, 11, 28, 20, 5, 9, tzinfo=timezone.utc)
