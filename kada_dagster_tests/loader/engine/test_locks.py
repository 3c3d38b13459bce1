"""How long a load waits for locks: a second where readers queue up behind it, and no longer."""

from __future__ import annotations

import pytest

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
