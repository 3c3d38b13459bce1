"""A load that is stopped from another thread ends at once, wherever it waits, and left nothing."""

from __future__ import annotations

import time
from threading import Thread

import pytest

from kada_dagster.errors import KadaError
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.stopping import LoadStoppedError, Stop, breakable, stoppable
from kada_dagster.loader.engine.target import transaction
from kada_dagster.loader.server import Server
from kada_dagster.postgres.client import ServerAddress
from kada_dagster_tests.loader.databases import Ends

SLEEP = "SELECT 1 AS id FROM pg_sleep(300)"
WAITS = {
    "the source computes": {"task": "mode: full\nsource: {query: q.sql}\n", "q__sql": SLEEP},
    "the target computes": {"task": "mode: sql\nsql: q.sql\n", "q__sql": SLEEP},
    "a file runs": {"task": "mode: sql\nbefore: q.sql\n", "q__sql": SLEEP},
}


def sleepers(ends: Ends) -> int:
    """Sessions of both databases in which a statement sleeps."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%pg_sleep%%'"
        " AND pid <> pg_backend_pid() AND datname IN (%s, %s)"
    )
    return ends.at_target(query, ends.source, ends.target)[0][0]


def wait_for(ends: Ends, number: int) -> None:
    end = time.monotonic() + 20
    while sleepers(ends) != number:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("where", WAITS)
def test_what_a_load_waits_for_is_broken_off_on_both_servers(ends: Ends, where: str) -> None:
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    stop, errors = Stop(), list[BaseException]()

    def load() -> None:
        try:
            with stoppable(stop):
                ends.load(**WAITS[where])
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=load)
    thread.start()
    wait_for(ends, 1)
    began = time.monotonic()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert time.monotonic() - began < 5
    assert isinstance(errors[0], KadaError)
    wait_for(ends, 0)
    assert ends.at_target("SELECT id FROM t") == [(7,)]


def test_a_load_that_is_stopped_before_it_begins_does_nothing(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    project = ends.project(
        **{"public/t/task.yaml": "mode: sql\nsql: q.sql\n", "public/t/q.sql": "SELECT 1 AS id"}
    )
    stop = Stop()
    stop.set()
    with stoppable(stop), pytest.raises(LoadStoppedError):
        run_task(project.tasks["public.t"], project)
    assert ends.at_target("SELECT id FROM t") == []
    assert run_task(project.tasks["public.t"], project).counts.inserted == 1


def test_a_pause_ends_when_it_is_stopped() -> None:
    stop = Stop()
    stop.wait(0.0)
    Thread(target=stop.set).start()
    with pytest.raises(LoadStoppedError):
        stop.wait(60.0)


def test_only_what_runs_within_is_broken_off() -> None:
    ended: list[str] = []
    stop = Stop()
    with breakable(lambda: ended.append("outside")), stoppable(stop):
        with breakable(lambda: ended.append("over")):
            pass
        with breakable(lambda: ended.append("inside")):
            stop.set()
    assert ended == ["inside"]


def test_a_transaction_in_between_two_statements_is_ended_too(ends: Ends) -> None:
    server = Server(ServerAddress("127.0.0.1", ends.server.port, "postgres"), ends.target)
    stop = Stop()

    def make_and_stop() -> None:
        with stoppable(stop), transaction(server) as target:
            target.run("make", "CREATE TABLE made (id int)")
            stop.set()

    with pytest.raises(KadaError):
        make_and_stop()
    assert ends.at_target("SELECT to_regclass('made')") == [(None,)]
