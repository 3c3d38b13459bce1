"""How long a load waits for locks: a second where readers queue up behind it, and no longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Timer

import pytest

from kada_dagster.loader.engine.target import transaction
from kada_dagster.loader.server import Server
from kada_dagster.postgres.client import ServerAddress
from kada_dagster_tests.loader.databases import Ends

TASK = "mode: full\nsource: {table: public.t}\nbefore: [a.sql]\nafter: [b.sql]\n"
SEEN = "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS wait"


@pytest.mark.parametrize("swap", ["rename", "truncate"])
@pytest.mark.parametrize(
    ("before", "after"), [("SELECT 1", "0"), ("SET LOCAL lock_timeout = '7s'", "7s")]
)
def test_what_runs_behind_a_swap_waits_for_locks_as_it_would_before(
    ends: Ends, swap: str, before: str, after: str
) -> None:
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    ends.load(f"{TASK}target: {{swap: {swap}}}\n", a__sql=before, b__sql=SEEN)
    assert ends.at_target("SELECT wait FROM seen") == [(after,)]


def test_what_runs_behind_a_change_of_columns_waits_too(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int PRIMARY KEY, new int); INSERT INTO t VALUES (1, 1)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY)")
    task = f"{TASK}key: [id]\ntarget: {{ddl: auto}}\n".replace("full", "upsert")
    ends.load(task, a__sql="SELECT 1", b__sql=SEEN)
    assert ends.at_target("SELECT wait FROM seen") == [("0",)]


@pytest.mark.parametrize("limit", ["idle_in_transaction_session_timeout", "transaction_timeout"])
@pytest.mark.parametrize("waits", ["source", "target"])
def test_an_end_that_waits_for_the_other_is_not_cut_off(ends: Ends, waits: str, limit: str) -> None:
    """Many servers end a transaction in which nothing happens for a while."""
    if limit == "transaction_timeout" and ends.server.version < 17:
        pytest.skip("this server has no such limit")
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    limited, held = ends.source, ends.target
    if waits == "target":
        limited, held = held, limited
    ends.at_source(f"ALTER DATABASE {limited} SET {limit} = '400ms'")
    with closing(ends.server.connect(held)) as raw, ThreadPoolExecutor() as pool:
        raw.autocommit = False
        with raw.cursor() as cursor:
            cursor.execute("LOCK TABLE t")
        Timer(1.2, raw.rollback).start()
        task = "mode: full\nsource: {table: public.t}\n"
        assert pool.submit(ends.load, task).result().counts.read == 1


@pytest.mark.parametrize(
    ("limits", "seconds", "statement", "idle"),
    [
        ("", 0, "0", "0"),
        ("", 5, "5s", "0"),
        ("-c statement_timeout=7s", 0, "7s", "0"),
        ("-c statement_timeout=7s -c idle_in_transaction_session_timeout=9s", 5, "5s", "9s"),
    ],
)
def test_limits_of_a_profile_stay_and_those_of_a_role_do_not(
    ends: Ends, limits: str, seconds: float, statement: str, idle: str
) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    for name in names:
        ends.at_target(f"ALTER DATABASE {ends.target} SET {name} = '30s'")
    options = {"options": limits} if limits else {}
    address = ServerAddress("127.0.0.1", ends.server.port, "postgres")
    with transaction(Server(address, ends.target, options), time_limit=seconds) as opened:
        found = [opened.rows("limit", f"SHOW {name}")[0][0] for name in names]
    assert found == [statement, idle]
