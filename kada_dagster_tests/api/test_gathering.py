"""Many calls at once: order, bounds, and how quickly they stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.clock import SystemClock
from kada_dagster.api.errors import ApiNotFoundError, ApiUnavailableError
from kada_dagster.api.gathering import Gathering
from kada_dagster.api.paging import OffsetPaging
from kada_dagster.api.retrying import Retries
from kada_dagster.api.stopping import NEVER, Stop, StoppedError, current
from kada_dagster_tests.api.clients import client, served
from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen, reply
from kada_dagster_tests.api.test_paging import by_offset, rows


def same(job: int) -> int:
    return job


REPOSITORY = Path(__file__).parents[2]


def test_results_come_in_the_order_of_the_jobs_from_calls_at_the_same_time() -> None:
    everybody_is_there = threading.Barrier(8)

    def respond(seen: Seen) -> Reply:
        if int(seen.path[1:]) < 64:
            everybody_is_there.wait(20)  # breaks unless eight requests are here at once
        time.sleep(0.002 * (hash(seen.path) % 4))
        return reply(seen.path)

    with HttpServer(respond) as server, client(server.url, concurrency=8, timeout=30) as api:
        found = list(api.gather(range(100), lambda job: api.get(f"/{job}")))
        assert found == [(job, f"/{job}") for job in range(100)]
        assert api.calls == 100
        assert server.connections <= 8


@given(st.integers(0, 60), st.integers(1, 6), st.lists(st.integers(0, 3), max_size=60))
@settings(max_examples=60, deadline=None)
def test_every_job_has_its_result_whatever_takes_how_long(
    count: int, concurrency: int, delays: list[int]
) -> None:
    def fetch(job: int) -> int:
        if job < len(delays):
            time.sleep(delays[job] / 2000)
        return job * job

    found = Gathering(fetch, concurrency, NEVER).run(range(count))
    assert list(found) == [(job, job * job) for job in range(count)]


def test_no_more_requests_are_on_their_way_than_allowed_even_with_lists_as_jobs() -> None:
    lock, on_their_way, most = threading.Lock(), 0, 0
    lists = by_offset(rows(300))

    def respond(seen: Seen) -> Reply:
        nonlocal on_their_way, most
        with lock:
            on_their_way += 1
            most = max(most, on_their_way)
        time.sleep(0.002)
        with lock:
            on_their_way -= 1
        return lists(seen) if seen.path == "/list" else reply(seen.path)

    with HttpServer(respond) as server, client(server.url, concurrency=4) as api:
        jobs = api.items("/list", OffsetPaging(limit=10))
        found = [result for _, result in api.gather(jobs, lambda job: api.get(f"/{job['id']}"))]
    assert found == [f"/{number}" for number in range(300)]
    assert most <= 4


def test_no_more_jobs_are_begun_than_may_wait() -> None:
    taken = 0

    def jobs() -> Iterator[int]:
        nonlocal taken
        for job in range(10_000):
            taken += 1
            yield job

    gathered = Gathering(same, 3, NEVER).run(jobs())
    for handed_out in range(1, 50):
        next(gathered)
        time.sleep(0.001)
        assert taken - handed_out <= 3 * 4
    gathered.close()


def test_only_as_many_threads_as_there_are_jobs() -> None:
    threads: set[int] = set()

    def fetch(job: int) -> None:
        threads.add(threading.get_ident())
        time.sleep(0.01)

    assert len(list(Gathering(fetch, 100, NEVER).run(range(3)))) == 3
    assert len(threads) <= 3


def test_threads_end_with_the_work() -> None:
    before = set(threading.enumerate())
    list(Gathering(same, 8, NEVER).run(range(100)))
    gathered = Gathering(same, 8, NEVER).run(range(100))
    next(gathered)
    gathered.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_the_first_error_is_raised_and_stops_the_rest() -> None:
    def respond(seen: Seen) -> Reply:
        return reply({"message": "gone"}, 404) if seen.path == "/20" else reply(1)

    with HttpServer(respond) as server, client(server.url, concurrency=4) as api:
        with pytest.raises(ApiNotFoundError, match="GET /20 "):
            for _ in api.gather(range(1000), lambda job: api.get(f"/{job}")):
                pass
        sent = api.calls
        assert sent <= 20 + 4 * 4 + 4
        time.sleep(0.1)
        assert api.calls - sent <= 4  # those that were on their way


def test_an_error_does_not_wait_for_answers_that_hang() -> None:
    let_go = threading.Event()

    def respond(seen: Seen) -> Reply:
        if seen.path == "/0":
            let_go.wait(30)
        return reply({}, 404 if seen.path == "/5" else 200)

    with HttpServer(respond) as server, client(server.url, concurrency=4) as api:
        try:
            with pytest.raises(ApiNotFoundError):
                list(api.gather(range(100), lambda job: api.get(f"/{job}")))
            assert not let_go.is_set()
        finally:
            let_go.set()


def test_an_error_ends_waits_for_the_budget_and_for_retries() -> None:
    def respond(seen: Seen) -> Reply:
        if seen.path == "/3":
            time.sleep(0.1)  # meanwhile the others wait
            return reply({}, 404)
        return reply({}, 503, Retry_After="3000")

    retries = Retries(most=5, longest_wait=3000.0, within=10_000.0)
    budget = RateBudget(4, 3600.0)
    with served(respond, concurrency=8, budget=budget, retries=retries) as (_, api):
        with pytest.raises(ApiNotFoundError):
            list(api.gather(range(100), lambda job: api.get(f"/{job}")))
        assert api.calls == 4


def test_an_error_ends_the_waits_of_the_jobs_own_calls() -> None:
    lists = by_offset(rows(100))

    def respond(seen: Seen) -> Reply:
        return lists(seen) if seen.path == "/list" else reply({}, 404)

    budget = RateBudget(2, 3600.0)
    with HttpServer(respond) as server, client(server.url, budget=budget) as api:
        jobs = api.items("/list", OffsetPaging(limit=1))
        with pytest.raises(ApiNotFoundError):
            list(api.gather(jobs, lambda job: api.get(f"/{job['id']}")))
        assert api.calls == 2


def test_an_error_of_the_jobs_themselves_is_raised() -> None:
    def jobs() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Gathering(same, 2, NEVER).run(jobs()))


def test_an_inner_gather_stops_with_the_outer_one() -> None:
    inner_errors: list[BaseException] = []
    waiting = threading.Event()

    def respond(seen: Seen) -> Reply:
        if seen.path == "/fails":
            waiting.wait(20)
            return reply({}, 404)
        return reply(1)

    budget = RateBudget(3, 3600.0)
    with HttpServer(respond) as server, client(server.url, budget=budget) as api:

        def fetch(job: str) -> object:
            if job == "fails":
                return api.get("/fails")
            try:
                return list(api.gather(range(50), lambda number: api.get(f"/{number}")))
            except BaseException as error:
                inner_errors.append(error)
                raise
            finally:
                waiting.set()

        threading.Timer(0.2, waiting.set).start()
        with pytest.raises(ApiNotFoundError):
            list(api.gather(["fails", "inner"], fetch))
        until = time.monotonic() + 20
        while not inner_errors and time.monotonic() < until:
            time.sleep(0.01)
    assert isinstance(inner_errors[0], StoppedError)


def test_a_gather_that_waits_ends_when_what_it_is_part_of_is_stopped() -> None:
    outer, errors = Stop(), list[BaseException]()

    def fetch(job: int) -> int:
        outer.set()
        return job

    def gather() -> None:
        try:
            list(Gathering(fetch, 1, outer).run(range(10)))
        except BaseException as error:
            errors.append(error)

    inner = threading.Thread(target=gather, daemon=True)
    inner.start()
    inner.join(20)
    assert [type(error) for error in errors] == [StoppedError]


def test_a_closed_client_ends_its_gather() -> None:
    with HttpServer(lambda seen: reply(1)) as server:
        api = client(server.url, budget=RateBudget(1, 3600.0))
        gathered = api.gather(range(10), lambda job: api.get(f"/{job}"))
        assert next(gathered) == (0, 1)
        api.close()
        with pytest.raises(StoppedError):
            next(gathered)


def test_one_fetch_that_has_to_be_repeated_does_not_lose_the_others() -> None:
    def respond(seen: Seen) -> Reply:
        return reply({}, 500) if seen.number % 3 == 0 else reply(seen.path)

    retries = Retries(most=50)
    with HttpServer(respond) as server, client(server.url, retries=retries) as api:
        found = list(api.gather(range(100), lambda job: api.get(f"/{job}")))
    assert found == [(job, f"/{job}") for job in range(100)]


def test_a_429_holds_back_all_threads() -> None:
    """After the one that was too much, nobody sends before the time the server named."""
    refused_at: list[float] = []
    after: list[float] = []

    def respond(seen: Seen) -> Reply:
        if seen.path == "/too-much" and not refused_at:
            refused_at.append(time.monotonic())
            return reply({}, 429, Retry_After="1")
        if refused_at:
            after.append(time.monotonic() - refused_at[0])
        return reply(1)

    with served(respond, budget=RateBudget(10_000, 1.0), concurrency=4) as (_, api):

        def work() -> None:
            while not after or after[-1] < 1.0:
                api.get("/others")

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        api.get("/too-much")
        for thread in threads:
            thread.join(20)
    assert not [moment for moment in after if 0.5 < moment < 0.99]
    assert after[-1] >= 0.99


def test_no_429_is_caused_by_a_client_that_knows_the_budget() -> None:
    """The server counts strictly, when a request arrives; latency varies."""
    lock, arrived, refused = threading.Lock(), list[float](), 0

    def respond(seen: Seen) -> Reply:
        nonlocal refused
        with lock:
            now = time.monotonic()
            arrived[:] = [moment for moment in arrived if moment > now - 0.3]
            if len(arrived) >= 20:
                refused += 1
                return reply({"message": "Request rate limit exceeded"}, 429)
            arrived.append(now)
        time.sleep(0.001 * (seen.number % 7))
        return reply(1)

    with served(respond, budget=RateBudget(20, 0.3)) as (_, api):
        assert len(list(api.gather(range(130), lambda job: api.get(f"/{job}")))) == 130
        assert api.calls == 130
    assert refused == 0


def test_an_outage_ends_the_whole_crawl_with_one_error() -> None:
    with HttpServer(lambda seen: Reply(b"<html>", 502)) as server, client(server.url) as api:
        with pytest.raises(ApiUnavailableError):
            list(api.gather(range(1000), lambda job: api.get(f"/{job}")))
        assert api.calls < 100


SCRIPT = """
    import sys, time
    from kada_dagster.api.budget import RateBudget
    from kada_dagster.api.client import ApiClient
    with ApiClient(sys.argv[1], service="Sample", auth=None, timeout=600,
                   budget=RateBudget(100, 3600)) as api:
        try:
            for job, result in api.gather(range(1000), lambda job: api.get(f"/{job}")):
                print(job, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


def test_an_interrupt_ends_the_process_though_answers_hang() -> None:
    let_go = threading.Event()

    def respond(seen: Seen) -> Reply:
        if seen.number > 10:
            let_go.wait(60)
        return reply(1)

    with HttpServer(respond) as server:
        command = [sys.executable, "-c", dedent(SCRIPT), server.url]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            try:
                assert process.stdout
                assert process.stdout.readline() == b"0\n"
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=30)  # far below the 600 s of the timeout
                assert said.endswith(b"interrupted\n")
                assert process.returncode == 0
            finally:
                let_go.set()
                process.kill()


@given(
    st.lists(st.lists(st.integers(0, 2), max_size=12), max_size=6),
    st.integers(1, 4),
    st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_jobs_of_several_lists_have_their_results_in_the_order_of_the_lists(
    lists: list[list[int]], width: int, depth: int
) -> None:
    def fetch(delay: int) -> int:
        time.sleep(delay / 2000)
        return delay * 10

    streams = [lambda one=one: iter(one) for one in lists]
    found = Gathering(fetch, 3, NEVER).run_streams(streams, width=width, depth=depth)
    assert list(found) == [(job, job * 10) for one in lists for job in one]


def test_a_list_behind_one_that_is_slow_to_come_has_its_jobs_done_meanwhile() -> None:
    done = threading.Semaphore(0)

    def slow() -> Iterator[str]:
        yield "first"
        assert all(done.acquire(timeout=20) for _ in range(5))
        yield "last"

    def fetch(job: str) -> str:
        if job.startswith("other"):
            done.release()
        return job

    streams = [slow, lambda: (f"other {n}" for n in range(5))]
    found = Gathering(fetch, 2, NEVER).run_streams(streams, width=2, depth=5)
    assert [job for job, _ in found] == ["first", "last", *(f"other {n}" for n in range(5))]


def test_the_first_error_of_a_job_far_behind_ends_a_list_that_waits_for_nothing() -> None:
    def endless() -> Iterator[str]:
        while True:
            current.get().sleep(SystemClock(), 0.01)
            yield "more"

    def fetch(job: str) -> str:
        if job == "bad":
            raise ValueError(job)
        return job

    streams = [endless, lambda: iter(["bad"])]
    with pytest.raises(ValueError, match="bad"):
        list(Gathering(fetch, 2, NEVER).run_streams(streams, width=2, depth=3))
