"""Rows that come by key into a partitioned table, whose rows do not say which of them are new."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.engine.context import Counts
from kada_dagster.loader.errors import DuplicateKeyError
from kada_dagster_tests.loader.databases import Ends

SOURCE = "source: {table: public.t}\nkey: [id]\n"
UPSERT = f"mode: upsert\n{SOURCE}"
DIFF = f"mode: diff\n{SOURCE}"
NEW = f"mode: incremental\n{SOURCE}cursor: id\nlag: 100\n"
SOFT = "deletes: {column: gone_at}\n"


def make(ends: Ends, columns: str = "id int PRIMARY KEY, name text") -> None:
    """The second partition was made when a column was gone: its rows have another layout."""
    ends.at_source(f"CREATE TABLE t ({columns})")
    ends.at_target(
        f"CREATE TABLE t (old int, {columns}, gone_at timestamptz) PARTITION BY RANGE (id);"
        "CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "ALTER TABLE t DROP COLUMN old;"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (10) TO (20)"
    )


def rows(ends: Ends) -> list[tuple[Any, ...]]:
    return ends.at_target("SELECT id, name FROM t WHERE gone_at IS NULL ORDER BY id")


@pytest.mark.parametrize("task", [UPSERT, DIFF + SOFT, NEW])
def test_new_rows_come_and_changed_rows_change_in_all_partitions(ends: Ends, task: str) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (11, 'c')")
    assert ends.load(task).counts.inserted == 3
    ends.at_source("UPDATE t SET name = 'new' WHERE id <> 2; INSERT INTO t VALUES (12, 'd')")
    counts = ends.load(task).counts
    assert (counts.inserted, counts.updated, counts.deleted, counts.unchanged) == (1, 2, 0, 1)
    assert rows(ends) == [(1, "new"), (2, "b"), (11, "new"), (12, "d")]


def test_rows_are_marked_and_freed_there_too(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a'), (11, 'b')")
    ends.load(UPSERT + SOFT)
    ends.at_source("DELETE FROM t WHERE id = 11")
    assert ends.load(UPSERT + SOFT).counts == Counts(1, 0, 0, 1, 1)
    ends.at_source("INSERT INTO t VALUES (11, 'b')")
    assert ends.load(UPSERT + SOFT).counts == Counts(2, 0, 1, 0, 1)
    assert rows(ends) == [(1, "a"), (11, "b")]


def test_rows_of_keys_only_are_counted_there_too(ends: Ends) -> None:
    make(ends, "id int PRIMARY KEY")
    ends.at_target("INSERT INTO t VALUES (1)")
    ends.at_source("INSERT INTO t VALUES (1), (2), (11)")
    assert ends.load(UPSERT).counts == Counts(3, 2, 0, 0, 1)


def test_keys_that_come_twice_are_an_error_there_too(ends: Ends) -> None:
    make(ends)
    ends.at_source("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (2, 'x'), (2, 'y')")
    ends.at_target("INSERT INTO t VALUES (1, 'a')")
    with pytest.raises(DuplicateKeyError, match=r"1 keys \(id\) come more than once"):
        ends.load(UPSERT)
    assert rows(ends) == [(1, "a")]


Rows = st.dictionaries(st.integers(7, 12), st.sampled_from(["a", "b", None]), max_size=6)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=Rows, target=Rows)
def test_the_counts_add_up(ends: Ends, source: dict[int, Any], target: dict[int, Any]) -> None:
    if not ends.at_target("SELECT to_regclass('t')")[0][0]:
        make(ends)
    for run, there in ((ends.at_source, source), (ends.at_target, target)):
        run("TRUNCATE t")
        for key, name in there.items():
            run("INSERT INTO t VALUES (%s, %s)", key, name)
    counts = ends.load(UPSERT).counts
    assert dict(rows(ends)) == {**target, **source}
    assert counts.inserted == len(source.keys() - target.keys())
    assert counts.updated == sum(source[k] != target[k] for k in source.keys() & target.keys())
    assert counts.read == counts.inserted + counts.updated + counts.unchanged
