"""Rows that are gone at the source are deleted or marked, and never by accident."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import EmptySourceError
from kada_dagster_tests.loader.databases import Ends

UPSERT = "mode: upsert\nsource: {table: public.t}\nkey: [id]\n"
INCREMENTAL = "mode: incremental\nsource: {table: public.t}\nkey: [id]\ncursor: v\n"
SOFT = "deletes: {column: gone_at}\n"


def make(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int PRIMARY KEY, v int)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v int, gone_at timestamptz)")


@pytest.mark.parametrize("task", [UPSERT, INCREMENTAL])
def test_rows_that_are_gone_are_deleted(ends: Ends, task: str) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    assert ends.load(f"{task}deletes: hard\n").counts.deleted == 0
    ends.at_source("DELETE FROM t WHERE id < 3")
    assert ends.load(f"{task}deletes: hard\n").counts.deleted == 2
    assert ends.at_target("SELECT id FROM t") == [(3,)]


@pytest.mark.parametrize("task", [UPSERT, INCREMENTAL])
def test_rows_that_are_gone_are_marked_once_and_freed_when_they_come_back(
    ends: Ends, task: str
) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 1), (2, 2)")
    ends.load(task + SOFT)
    ends.at_source("DELETE FROM t WHERE id = 2")
    assert ends.load(task + SOFT).counts.deleted == 1
    marked = ends.at_target("SELECT gone_at FROM t WHERE id = 2")
    assert marked[0][0] is not None
    assert ends.load(task + SOFT).counts.deleted == 0
    assert ends.at_target("SELECT gone_at FROM t WHERE id = 2") == marked
    ends.at_source("INSERT INTO t VALUES (2, 2)")
    assert ends.load(task + SOFT).counts.updated == 1
    assert ends.at_target("SELECT id FROM t WHERE gone_at IS NULL ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("task", [UPSERT, INCREMENTAL])
@pytest.mark.parametrize(
    ("policy", "left"), [("", 1), ("empty: keep\n", 1), ("empty: replace\n", 0)]
)
def test_an_empty_source_deletes_only_where_the_task_says_so(
    ends: Ends, task: str, policy: str, left: int
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 1)")
    text = f"{task}deletes: hard\n{policy}"
    if policy:
        ends.load(text)
    else:
        with pytest.raises(EmptySourceError):
            ends.load(text)
    assert len(ends.at_target("SELECT id FROM t")) == left


Rows = st.dictionaries(st.integers(0, 5), st.integers(0, 2), min_size=1)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=Rows, target=Rows)
def test_the_target_has_what_the_source_has_and_nothing_else(
    ends: Ends, source: dict[int, int], target: dict[int, int]
) -> None:
    for run, rows in ((ends.at_source, source), (ends.at_target, target)):
        run("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, v int); TRUNCATE t")
        for pair in rows.items():
            run("INSERT INTO t VALUES (%s, %s)", *pair)
    counts = ends.load(f"{UPSERT}deletes: hard\n").counts
    assert dict(ends.at_target("SELECT id, v FROM t")) == source
    assert counts.deleted == len(target.keys() - source.keys())
