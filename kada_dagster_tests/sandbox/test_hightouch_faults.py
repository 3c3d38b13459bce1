"""Limits and failures of the Hightouch stand-in: each switch does what it says."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from kada_dagster.sandbox.hightouch import (
    Faults,
    HightouchServer,
    WriteAttemptedError,
    failure,
)
from kada_dagster.sandbox.hightouch.answers import FAILURES
from kada_dagster.sandbox.web import CallBudget
from kada_dagster_tests.sandbox.hightouch_calls import get, ids
from kada_dagster_tests.sandbox.hightouch_workspaces import workspace

BROKEN = ("cut", "reset")


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def statuses(server: HightouchServer, count: int, path: str = "/syncs") -> list[int]:
    return [get(server, path).status_code for _ in range(count)]


def test_calls_over_the_budget_are_refused_until_the_window_has_moved_on() -> None:
    clock = Hands()
    with HightouchServer(workspace(), calls=3, seconds=10, clock=clock) as server:
        assert statuses(server, 2) == [200, 200]
        clock.time += 6
        assert statuses(server, 3) == [200, 429, 429]
        clock.time += 4
        assert statuses(server, 3) == [200, 200, 429]
        assert server.budget.refused == 3


def test_the_budget_is_the_vendors_unless_told() -> None:
    with HightouchServer(workspace()) as server:
        assert (server.budget.calls, server.budget.seconds) == (200, 10)


def test_the_budget_counts_exactly_when_many_ask_at_once() -> None:
    budget = CallBudget(50, 10, Hands())
    with ThreadPoolExecutor(8) as threads:
        admitted = list(threads.map(lambda _: budget.admits(), range(400)))
    assert (admitted.count(True), budget.refused) == (50, 350)


@pytest.mark.parametrize("header", [None, "3"])
def test_a_refused_call_says_when_to_come_back_only_if_told_to(header: str | None) -> None:
    with HightouchServer(workspace(), Faults(retry_after=header), calls=0) as server:
        answer = get(server, "/syncs")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("kind", [kind for kind in FAILURES if kind not in (*BROKEN, "trickle")])
def test_a_planned_failure_is_answered_once(kind: str) -> None:
    expected = FAILURES[kind]
    with HightouchServer(workspace()) as server:
        server.fail(kind)
        answer = get(server, "/syncs")
        assert (answer.status_code, answer.content) == (expected.status, expected.body)
        assert answer.headers.get("Content-Type", "") == expected.content_type
        assert ids(server, "/syncs") == [1]


@pytest.mark.parametrize("kind", BROKEN)
def test_an_answer_can_break_off(kind: str) -> None:
    with HightouchServer(workspace()) as server:
        server.fail(kind)
        with pytest.raises(requests.RequestException):
            get(server, "/syncs")
        assert ids(server, "/syncs") == [1]


def test_an_answer_can_trickle() -> None:
    with HightouchServer(workspace()) as server:
        server.fail("trickle")
        address = ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(b"GET /api/v1/syncs HTTP/1.1\r\nHost: x\r\n\r\n")
            received = [connection.recv(1000) for _ in range(3)]
    assert received[0].startswith(b"HTTP/1.1 200")
    assert b"".join(received).endswith(b'\r\n\r\n{"')


def test_an_answer_can_stay_away_until_the_server_stops() -> None:
    failed = threading.Event()
    with HightouchServer(workspace()) as server:
        server.fail("hang")

        def ask() -> None:
            with pytest.raises(requests.RequestException):
                get(server, "/syncs")
            failed.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert not failed.wait(0.2)
    asking.join(10)
    assert failed.is_set()


def test_failures_strike_where_and_as_often_as_planned() -> None:
    with HightouchServer(workspace()) as server:
        server.fail("bad_gateway", "/syncs/1", times=2, after=1)
        server.fail("forbidden", "/models", times=None)
        assert statuses(server, 4, "/syncs/1/runs") == [200, 502, 502, 200]
        assert statuses(server, 2) == [200, 200]
        assert statuses(server, 3, "/models") == [403, 403, 403]
        server.failures.clear()
        assert statuses(server, 1, "/models") == [200]


def test_an_outage_lasts_as_long_as_planned() -> None:
    clock = Hands()
    with HightouchServer(workspace(), clock=clock) as server:
        server.outage(600)
        clock.time += 599
        assert statuses(server, 2) == [503, 503]
        clock.time += 1
        assert statuses(server, 1) == [200]


def test_a_key_can_expire_in_the_middle() -> None:
    with HightouchServer(workspace()) as server:
        server.fail("unauthorized", times=None, after=2)
        assert statuses(server, 4) == [200, 200, 401, 401]


def test_a_failure_that_does_not_exist_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="no such failure: flood; there are hang, unauthorized"):
        failure("flood")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_anything_but_get_is_refused_and_fails_the_test(method: str) -> None:
    sent: list[Any] = []

    def send() -> None:
        with HightouchServer(workspace()) as server:
            sent.append(requests.request(method, f"{server.url}/syncs", json={}, timeout=10))

    with pytest.raises(WriteAttemptedError, match=method):
        send()
    assert [answer.status_code for answer in sent] == [405]


def test_a_write_does_not_hide_the_failure_of_a_test() -> None:
    def send() -> None:
        with HightouchServer(workspace()) as server:
            requests.post(f"{server.url}/syncs", timeout=10)
            raise LookupError("the test's own")

    with pytest.raises(LookupError):
        send()


def test_every_request_is_in_the_log_with_its_answer() -> None:
    clock = Hands()
    with HightouchServer(workspace(), clock=clock) as server:
        get(server, "/models", tags=["a:1", "b:2"], limit=3)
        clock.time = 107.5
        get(server, "/models/9")
        server.fail("reset")
        with pytest.raises(requests.RequestException):
            get(server, "/sources")
    log = [(one.method, one.path, dict(one.query), one.at, one.status) for one in server.requests]
    tags = {"tags": ("a:1", "b:2"), "limit": ("3",)}
    assert log[:2] == [
        ("GET", "/models", tags, 100.0, 200),
        ("GET", "/models/9", {}, 107.5, 404),
    ]
    assert {(one[1], one[4]) for one in log[2:]} == {("/sources", 0)}


def test_latency_passes_before_an_answer_and_the_end_of_the_server_cuts_it_short() -> None:
    done = threading.Event()
    with HightouchServer(workspace(), latency=3600) as server:

        def ask() -> None:
            with pytest.raises(requests.RequestException):
                get(server, "/syncs")
            done.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert not done.wait(0.2)
        assert server.requests == []
    asking.join(10)
    assert done.is_set()


def test_a_stopped_server_can_be_opened_again_and_lets_go_of_its_clients() -> None:
    server = HightouchServer(workspace())
    with pytest.raises(RuntimeError, match="not open"):
        _ = server.url
    with requests.Session() as session:
        headers = {"Authorization": f"Bearer {server.token}"}
        with server:
            assert session.get(f"{server.url}/syncs", headers=headers, timeout=10).ok
            old = server.url
        with pytest.raises(requests.ConnectionError):
            session.get(f"{old}/syncs", headers=headers, timeout=10)
    with server:
        assert ids(server, "/syncs") == [1]


def test_the_sandbox_runs_on_its_own_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "kada_dagster.sandbox.hightouch", "--objects", "30"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url, token = (process.stdout.readline().strip() for _ in range(2))
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{url}/sources", headers=headers, timeout=10)
        process.stdin.close()
        last = process.stdout.read()
    assert len(answer.json()["data"]) == 1
    assert (last, process.returncode) == ("1 requests\n", 0)
