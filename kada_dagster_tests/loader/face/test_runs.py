"""Runs over ranges, after errors that may pass, and that are broken off."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.loader.resource import LoaderResource
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.engine.test_stopping import sleepers, wait_for
from kada_dagster_tests.loader.face.location import Location
from kada_dagster_tests.postgres.tcp_proxy import TcpProxy

Make = Callable[..., Location]
DAYS = """\
mode: full
source: {table: public.s}
target: {ddl: auto}
split: {by: at, every: day, start: "2026-01-01"}
retries: {max_retries: 2, delay_seconds: 0}
checks: {row_count: {}}
"""
WHOLE = """\
mode: full
source: {table: public.s}
target: {ddl: auto}
retries: {max_retries: 1, delay_seconds: 0}
"""


def days(ends: Ends, rows: int = 48) -> None:
    """A row an hour, from 1 January 2026 on."""
    ends.at_source(
        "CREATE TABLE s AS SELECT n AS id, '2026-01-01 00:00+00'::timestamptz "
        f"+ n * interval '1 hour' AS at FROM generate_series(0, {rows - 1}) n"
    )


def rows_of(ends: Ends) -> list[tuple[Any, ...]]:
    query = "SELECT (at AT TIME ZONE 'UTC')::date::text, count(*) FROM t GROUP BY 1 ORDER BY 1"
    return ends.at_target(query)


class Faulty(LoaderResource):
    """Loses its connection when it loads a range for the first time."""

    ranges: list[str]

    def load(self, task: Any, project: Any, part: Any, report: Any) -> Any:
        if part.name in self.ranges:
            self.ranges.remove(part.name)
            raise ConnectionFailedError(f"lost at {part.name}")
        return super().load(task, project, part, report)


def test_a_run_of_one_range_loads_and_reports_just_that(location: Make, ends: Ends) -> None:
    days(ends)
    place = location(public__t=DAYS)
    done = place.run("public.t", partition="2026-01-02")
    assert done.checks() == [("public/t", "row_count", True)]
    assert rows_of(ends) == [("2026-01-02", 24)]
    ((name, facts),) = place.events("public.t")
    assert name == "2026-01-02"
    assert facts["dagster/partition_row_count"] == facts["rows_inserted"] == 24
    assert "dagster/row_count" not in facts


def test_a_run_over_ranges_loads_one_after_the_other_and_reports_each(
    location: Make, ends: Ends
) -> None:
    days(ends, rows=60)
    place = location(public__t=DAYS)
    done = place.run("public.t", first="2026-01-01", last="2026-01-04")
    assert done.checks() == [("public/t", "row_count", True)]
    assert rows_of(ends) == [("2026-01-01", 24), ("2026-01-02", 24), ("2026-01-03", 12)]
    events = place.events("public.t")
    assert [(name, facts["rows_read"]) for name, facts in events] == [
        ("2026-01-01", 24),
        ("2026-01-02", 24),
        ("2026-01-03", 12),
        ("2026-01-04", 0),
    ]
    begins = [facts["began"] for _, facts in events]
    assert begins == sorted(begins)
    assert len(set(begins)) == 4


def test_ranges_before_the_one_that_failed_are_loaded_and_reported(
    location: Make, ends: Ends
) -> None:
    days(ends)
    place = location(public__t=DAYS)
    broken = Faulty(ranges=["2026-01-02"] * 3)
    done = place.run(
        "public.t", first="2026-01-01", last="2026-01-03", resources={"dwh_loader": broken}
    )
    assert not done.success
    assert done.failure() == (
        "lost at 2026-01-02",
        {"error": "ConnectionFailedError", "attempts": 3},
    )
    assert [name for name, _ in place.events("public.t")] == ["2026-01-01"]
    assert rows_of(ends) == [("2026-01-01", 24)]


def test_another_attempt_goes_on_where_the_last_one_failed(location: Make, ends: Ends) -> None:
    days(ends)
    place = location(public__t=DAYS)
    faulty = Faulty(ranges=["2026-01-02"])
    done = place.run(
        "public.t", first="2026-01-01", last="2026-01-02", resources={"dwh_loader": faulty}
    )
    assert done.success
    assert done.retries() == [0]
    assert rows_of(ends) == [("2026-01-01", 24), ("2026-01-02", 24)]
    first, again, second = place.events("public.t")
    assert [name for name, _ in (first, again, second)] == ["2026-01-01"] * 2 + ["2026-01-02"]
    assert again[1] == {**first[1], "ranges": 2}  # one load, told when the attempt failed, too


class Unheard(LoaderResource):
    """Fails when everything was committed, once."""

    failures: list[str]

    def load(self, task: Any, project: Any, part: Any, report: Any) -> Any:
        result = super().load(task, project, part, report)
        if self.failures:
            raise ConnectionFailedError(self.failures.pop())
        return result


def test_another_attempt_does_not_load_again_what_was_committed(location: Make, ends: Ends) -> None:
    days(ends)
    ends.at_target("CREATE TABLE log (at timestamptz DEFAULT clock_timestamp())")
    place = location(public__t=f"{WHOLE}after: log.sql\n")
    place.files["routes/erp/public/t/log.sql"] = "INSERT INTO log DEFAULT VALUES"
    done = place.run("public.t", resources={"dwh_loader": Unheard(failures=["gone"])})
    assert done.success
    assert done.retries() == [0]
    assert ends.at_target("SELECT count(*) FROM log") == [(1,)]
    ((_, facts),) = place.events("public.t")
    assert facts["rows_inserted"] == 48
    assert "another attempt" in facts["note/commit"]
    assert place.run("public.t").success
    assert ends.at_target("SELECT count(*) FROM log") == [(2,)]


def test_ranges_of_numbers_are_partitions_too(location: Make, ends: Ends) -> None:
    days(ends)
    task = "mode: upsert\nkey: [id]\nsource: {table: public.s}\ntarget: {ddl: auto}\n"
    task += "split: {by: id, size: 10, start: 0, end: 30}\n"
    place = location(public__t=task)
    assert place.run("public.t", first="10", last="20").success
    assert ends.at_target("SELECT min(id), max(id) FROM t") == [(10, 47)]


@pytest.mark.parametrize(
    ("other", "partition"),
    [
        ('by: at, every: day, start: "2026-01-01"', "2026-01-02"),
        ('by: at, every: month, start: "2025-12-01"', "2026-01-01"),
        ('by: at, every: hour, start: "2026-01-01"', "2026-01-01 05:00:00"),
        ("by: id, size: 10, start: 0, end: 48", "10"),
    ],
)
def test_split_tasks_may_depend_on_tasks_that_are_split_otherwise(
    location: Make, ends: Ends, other: str, partition: str
) -> None:
    days(ends)
    task = "mode: full\nsource: {table: public.s}\ntarget: {ddl: auto}\ndepends: [public.t]\n"
    place = location(public__t=DAYS, public__u=task + f"split: {{{other}}}\n")
    assert place.run("public.t", first="2026-01-01", last="2026-01-02").success
    assert place.run("public.u", partition=partition).success
    assert ends.at_target("SELECT count(*) > 0 FROM u") == [(True,)]
    (dep,) = place.spec("public.u").deps
    assert dep.asset_key.to_user_string() == "public/t"


def test_a_split_task_needs_a_partition(location: Make, ends: Ends) -> None:
    place = location(public__t=DAYS)
    assert "launch it for a range or several" in place.run("public.t").failure()[0]


def heal(proxy: TcpProxy) -> None:
    """Wait until every connection is cut, and bring the network back."""
    assert proxy.tripped.wait(30)
    time.sleep(0.3)
    proxy._left = 10**9
    proxy.tripped.clear()


@pytest.mark.parametrize(("end", "limit"), [("erp", 300_000), ("target", 1_500)])
def test_a_lost_connection_is_a_retry_of_the_same_run(
    location: Make, ends: Ends, end: str, limit: int
) -> None:
    rows = "SELECT n AS id, repeat('x', 200) AS v FROM generate_series(1, 5000) n"
    ends.at_source(f"CREATE TABLE s AS {rows}")
    ends.at_target("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (0, 'old')")
    task = "mode: full\nsource: {table: public.s}\nretries: {max_retries: 3, delay_seconds: 1}\n"
    with TcpProxy(ends.server.port, limit) as proxy:
        place = location({"ports": {end: proxy.port}}, public__t=task)
        threading.Thread(target=heal, args=(proxy,)).start()
        done = place.run("public.t")
    assert done.success, done.failure()
    assert done.retries()[:1] == [1]
    assert ends.at_target("SELECT count(*), count(DISTINCT id) FROM t") == [(5000, 5000)]
    assert len(place.events("public.t")) == 1


def test_a_server_that_stays_away_is_a_failure_after_all_attempts(
    location: Make, ends: Ends
) -> None:
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    task = "mode: full\nsource: {table: public.s}\nretries: {max_retries: 2, delay_seconds: 0}\n"
    place = location({"ports": {"erp": 1}}, public__t=task)
    done = place.run("public.t")
    assert done.retries() == [0, 0]
    assert done.failure()[1] == {"error": "ConnectionFailedError", "attempts": 3}
    assert ends.at_target("SELECT id FROM t") == [(7,)]


@pytest.mark.parametrize(
    "waits", ["mode: sql\nsql: q.sql\n", "mode: full\nsource: {query: q.sql}\n"]
)
def test_a_run_that_is_cancelled_ends_at_once_and_leaves_the_table(
    location: Make, ends: Ends, waits: str
) -> None:
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    files = {"routes/erp/public/t/q.sql": "SELECT 1 AS id FROM pg_sleep(300)"}
    place = location({"files": files}, public__t=waits)

    def interrupt() -> None:
        wait_for(ends, 1)
        os.kill(os.getpid(), signal.SIGINT)  # what Dagster sends the process of a run

    threading.Thread(target=interrupt).start()
    assert not place.run("public.t").success
    assert sleepers(ends) == 0
    assert ends.at_target("SELECT id FROM t") == [(7,)]
