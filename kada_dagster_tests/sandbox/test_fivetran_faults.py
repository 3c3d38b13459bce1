"""What goes wrong at the Fivetran stand-in: each fault, each budget, and the record of requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
import requests

from kada_dagster.sandbox.fivetran import Budgets, Fault, FivetranWorld, ManualClock
from kada_dagster.sandbox.fivetran.budgets import Meter
from kada_dagster.sandbox.fivetran.call import Call
from kada_dagster_tests.sandbox.fivetran_calls import Caller, served

SYNC = "/connections/one/sync"


def one() -> FivetranWorld:
    world = FivetranWorld()
    world.add_connection(id="one", schedule_type="manual")
    return world


def statuses(caller: Caller, count: int, path: str = "/connections") -> list[int]:
    return [caller.get(path).status_code for _ in range(count)]


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (Fault.lost("/sync$"), True),
        (Fault.dropped("/sync$"), False),
        (Fault.cut("/sync$"), True),
    ],
)
def test_a_connection_can_close_before_or_after_the_deed(fault: Fault, done: bool) -> None:
    world = one()
    with served(world) as caller:
        caller.server.fail(fault)
        with pytest.raises(requests.RequestException):
            caller.post(SYNC, {"force": True})
        assert bool(world.syncs("one")) is done
        assert caller.post(SYNC, {"force": True}).status_code == 200
        sent = [(request.status, request.json) for request in caller.server.calls("POST")]
    assert sent == [(200 if fault.sent > 0 else 0, {"force": True}), (200, {"force": True})]


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (Fault.status(500, "/sync$"), 500, False),
        (Fault.status(500, "/sync$", when="after"), 500, True),
        (Fault.status(503, "/sync$", when="after", code="Busy"), 503, True),
        (Fault.html("/sync$"), 502, False),
        (Fault.html("/sync$", when="after"), 502, True),
        (Fault.garbled("/sync$"), 200, True),
        (Fault.no_content("/sync$"), 204, True),
        (Fault.too_many("/sync$"), 429, False),
    ],
)
def test_an_answer_can_be_another_one_before_or_after_the_deed(
    fault: Fault, status: int, done: bool
) -> None:
    world = one()
    with served(world) as caller:
        caller.server.fail(fault)
        assert caller.post(SYNC).status_code == status
        assert bool(world.syncs("one")) is done
        assert caller.post(SYNC).status_code == 200


def test_a_pause_can_be_answered_by_an_error_though_it_worked() -> None:
    world = one()
    with served(world) as caller:
        caller.server.fail(Fault.status(500, "/connections/one$", method="PATCH", when="after"))
        assert caller.get("/connections/one").status_code == 200
        answer = caller.patch("/connections/one", paused=True, run_setup_tests=False)
        assert (answer.status_code, answer.json()["code"]) == (500, "InternalServerError")
        assert caller.data("/connections/one")["paused"] is True


@pytest.mark.parametrize(
    ("fault", "is_json"),
    [(Fault.html(), False), (Fault.garbled(), False), (Fault.status(400), True)],
)
def test_broken_answers_are_no_json_and_errors_are(fault: Fault, is_json: bool) -> None:
    with served(one()) as caller:
        caller.server.fail(fault)
        answer = caller.get("/groups")
    if is_json:
        assert answer.json() == {"code": "InvalidInput", "message": "Something broke"}
    else:
        with pytest.raises(ValueError, match=r"."):
            answer.json()


def test_faults_strike_where_and_as_often_as_they_were_told() -> None:
    with served(one()) as caller:
        caller.server.fail(Fault.status(500, "/connections$", times=2, after=1))
        caller.server.fail(Fault.status(403, "/groups", times=None, message="not yours"))
        assert statuses(caller, 4) == [200, 500, 500, 200]
        assert statuses(caller, 3, "/groups") == [403] * 3
        assert caller.get("/groups").json() == {"code": "Forbidden", "message": "not yours"}
        caller.server.failures.clear()
        assert statuses(caller, 1, "/groups") == [200]


def test_a_page_in_the_middle_can_fail() -> None:
    world = FivetranWorld()
    for _ in range(5):
        world.add_connection(schedule_type="manual")
    with served(world) as caller:
        caller.server.fail(Fault.status(500, "/connections$", after=1))
        pages = caller.pages("/connections", limit=2)
        assert len(next(pages)) == 2
        with pytest.raises(AssertionError, match="InternalServerError"):
            next(pages)


def test_a_cursor_can_name_its_own_page_for_ever() -> None:
    world = FivetranWorld()
    for _ in range(5):
        world.add_connection(schedule_type="manual")
    with served(world) as caller:
        caller.server.fail(Fault.repeats_cursor("/connections$"))
        first = caller.data("/connections", limit=2)
        second = caller.data("/connections", limit=2, cursor=first["next_cursor"])
    assert second["next_cursor"] == first["next_cursor"]
    assert second["items"] != first["items"]


def test_answers_can_be_slow() -> None:
    with served(one()) as caller:
        caller.server.fail(Fault.slow("/groups$", 0.2))
        began = monotonic()
        assert caller.get("/groups").status_code == 200
        assert monotonic() - began >= 0.2
        caller.server.fail(Fault.slow("/groups$", 3600))
        with pytest.raises(requests.Timeout):
            caller.session.get(f"{caller.server.base_url}/groups", timeout=0.1)


def test_connections_can_be_refused_and_the_port_stays() -> None:
    world = one()
    with served(world) as caller:
        address = caller.server.base_url
        assert caller.post(SYNC).status_code == 200
        with caller.server.refusing(), pytest.raises(requests.ConnectionError):
            caller.session.get(f"{address}/groups", timeout=10)
        assert caller.server.base_url == address
        assert caller.get("/connections/one").json()["data"]["status"]["sync_state"] == "syncing"


def test_an_outage_lasts_as_long_by_the_clock_of_the_world() -> None:
    world = one()
    with served(world) as caller:
        caller.server.outage(600)
        world.advance(599)
        assert statuses(caller, 2) == [503, 503]
        world.advance(1)
        assert statuses(caller, 1) == [200]


def test_a_429_says_when_to_come_back_or_nothing() -> None:
    with served(one()) as caller:
        caller.server.fail(Fault.too_many())
        answer = caller.get("/groups")
        assert (answer.headers["Retry-After"], answer.json()["code"]) == ("3600", "TooManyRequests")
        caller.server.fail(Fault.too_many(retry_after=None))
        assert "Retry-After" not in caller.get("/groups").headers


def test_the_budget_is_told_and_kept_by_the_clock_of_the_world() -> None:
    world = one()
    with served(world, budgets=Budgets(all=((3, 3600),))) as caller:
        first = caller.get("/groups")
        assert first.headers["X-Rate-Limit"] == "3"
        assert first.headers["X-Rate-Limit-Remaining"] == "2"
        world.advance(60.5)
        assert statuses(caller, 2) == [200, 200]
        refused = caller.post(SYNC)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3540")
        assert refused.headers["X-Rate-Limit-Remaining"] == "0"
        assert refused.json()["code"] == "TooManyRequests"
        assert world.syncs("one") == []
        world.advance(3539)
        assert statuses(caller, 1) == [429]
        world.advance(1)
        assert statuses(caller, 3) == [200, 429, 429]
        assert caller.server.meter.refused == 4


@pytest.mark.parametrize(
    ("method", "path", "body", "kinds"),
    [
        ("GET", "/v1/connections", None, "a"),
        ("POST", "/v1/connections/one/sync", {"force": True}, "a"),
        ("POST", "/v1/connections/one/test", {}, "ast"),
        ("POST", "/v1/connectors/one/test", {}, "ast"),
        ("PATCH", "/v1/connections/one", {"paused": True}, "ast"),
        ("PATCH", "/v1/connections/one", {"paused": True, "run_setup_tests": True}, "ast"),
        ("PATCH", "/v1/connections/one", {"paused": True, "run_setup_tests": False}, "a"),
        ("POST", "/v1/connections/one/schemas/reload", {}, "as"),
        ("GET", "/v1/connections/one/schemas/a/tables/b%2Fc/columns", None, "as"),
        ("GET", "/v1/connections/one/schemas", None, "a"),
        ("POST", "/v1/webhooks/w/test", {"event": "sync_end"}, "a"),
    ],
)
def test_requests_count_towards_the_budgets_of_their_kind(
    method: str, path: str, body: Any, kinds: str
) -> None:
    import json

    call = Call(method, path, body=b"" if body is None else json.dumps(body).encode())
    for kind, field in (("a", "all"), ("s", "source"), ("t", "tests")):
        budgets = Budgets(**{"all": (), "source": (), "tests": (), field: ((1, 60),)})
        meter = Meter(budgets, lambda: 0.0)
        assert meter.wait(call) == 0
        assert (meter.wait(call) > 0) is (kind in kinds), (kind, path)


def test_a_request_over_one_budget_is_not_counted_in_the_others() -> None:
    meter = Meter(Budgets(all=((3, 60),), source=(), tests=((1, 60),)), lambda: 0.0)
    test = Call("POST", "/v1/connections/one/test", body=b"{}")
    assert [meter.wait(test) for _ in range(5)] == [0, 60, 60, 60, 60]
    plain = Call("GET", "/v1/groups")
    assert [meter.wait(plain) for _ in range(3)] == [0, 0, 60]


def test_the_documented_budgets_are_there() -> None:
    paid, trial, none = Budgets.paid(), Budgets.trial(), Budgets.none()
    assert paid.all == ((20_000, 3600),)
    assert paid.source == ((500, 60), (5_000, 3600))
    assert paid.tests == ((250, 60), (2_500, 3600))
    assert (trial.all, trial.tests) == (((500, 3600),), ((50, 3600),))
    assert trial.source == ((25, 60), (250, 3600))
    with served(one(), budgets=none) as caller:
        assert "X-Rate-Limit" not in caller.get("/groups").headers


def test_budgets_count_exactly_when_many_ask_at_once() -> None:
    meter = Meter(Budgets(all=((50, 60),)), lambda: 0.0)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: meter.wait(Call("GET", "/v1/groups")), range(400)))
    assert (waits.count(0.0), meter.refused) == (50, 350)


def test_every_request_is_kept_as_it_was_sent_but_for_the_secret() -> None:
    world = FivetranWorld(ManualClock())
    world.add_connection(id="one", schedule_type="manual")
    with served(world) as caller:
        caller.get("/connections", limit=5, group_id="warehouse")
        world.advance(1.5)
        caller.patch("/connections/one", schedule_type="auto", run_setup_tests=False)
        (listed, changed) = caller.server.requests
        assert (listed.method, listed.path, listed.status) == ("GET", "/v1/connections", 200)
        assert dict(listed.query) == {"limit": ("5",), "group_id": ("warehouse",)}
        assert (changed.method, changed.json) == (
            "PATCH",
            {"schedule_type": "auto", "run_setup_tests": False},
        )
        assert changed.at - listed.at == 1.5
        assert changed.headers["content-type"] == "application/json"
        assert "authorization" not in changed.headers
        assert caller.server.api_secret not in repr(caller.server.requests)
        assert caller.server.calls("PATCH", "/one$") == [changed]
        assert caller.server.calls("DELETE") == []
        caller.server.forget()
        assert caller.server.requests == []


def test_the_world_can_change_between_two_requests() -> None:
    world = one()
    seen: list[str] = []

    def between(request: Any) -> None:
        seen.append(request.method)
        if request.method == "POST":
            world.pause("one")

    with served(world) as caller:
        caller.server.before_answer = between
        assert caller.data("/connections/one")["paused"] is False
        assert caller.post(SYNC).status_code == 200
    assert world.syncs("one") == []
    assert seen == ["GET", "POST"]


def test_latency_is_of_every_answer() -> None:
    with served(one(), latency=0.05) as caller:
        began = monotonic()
        statuses(caller, 3)
        assert monotonic() - began >= 0.15
