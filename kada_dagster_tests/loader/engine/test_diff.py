"""Mode diff: only blocks that differ travel, and the target comes to what the source has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import EmptySourceError
from kada_dagster_tests.loader.databases import Ends

DIFF = "mode: diff\nsource: {table: public.t}\nkey: [id]\nblock: 10\n"


def both(ends: Ends, sql: str) -> None:
    ends.at_source(sql)
    ends.at_target(sql)


def test_only_the_blocks_that_differ_are_read(ends: Ends) -> None:
    both(ends, "CREATE TABLE t (id int PRIMARY KEY, v text)")
    both(ends, "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i")
    first = ends.load(DIFF)
    assert (first.counts.read, first.counts.unchanged, first.notes["blocks"]) == (0, 100, "0 of 10")
    ends.at_source("UPDATE t SET v = NULL WHERE id = 15; DELETE FROM t WHERE id = 42")
    ends.at_source("INSERT INTO t VALUES (1000, 'new')")
    ends.at_target("INSERT INTO t VALUES (-5, 'extra')")
    result = ends.load(DIFF)
    counts = result.counts
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 2)
    assert counts.read < 70
    everything = "SELECT * FROM t ORDER BY id"
    assert ends.at_target(everything) == ends.at_source(everything)


@pytest.mark.parametrize(
    ("source", "target", "values"),
    [
        ("id int, v int", "id bigint, v bigint", "(1, 5), (2, NULL)"),
        ("id int, v real", "id int, v double precision", "(1, 0.1), (2, 'NaN')"),
        ("id int, v numeric(8,1)", "id int, v numeric(12,3)", "(1, 1.5)"),
        ("id text, v text", "id varchar, v varchar(9)", "('a', ''), ('B', NULL), ('é', 'ü')"),
        ("id uuid, v jsonb", "id uuid, v jsonb", "(gen_random_uuid(), '{\"a\": 1}')"),
        ("id char(3), v char(3)", "id varchar, v text", "('a', 'x'), ('b', NULL)"),
        ("id text, v text", "id char(3), v char(3)", "('a ', 'x '), ('b', NULL)"),
        ("id int[], v int", "id int[], v int", "('{}', 1), ('{1,NULL}', 1), ('{2}', NULL)"),
        ("id date, v int[]", "id date, v int[]", "('2026-01-01', '{1,NULL}')"),
        ("id timestamptz, v bytea", "id timestamptz, v bytea", "('2026-01-01Z', '\\x00ff')"),
    ],
)
def test_what_was_loaded_has_the_same_hashes_whatever_the_types(
    ends: Ends, source: str, target: str, values: str
) -> None:
    ends.at_source(f"CREATE TABLE t ({source}); INSERT INTO t VALUES {values}")
    ends.at_target(f"CREATE TABLE t ({target}, PRIMARY KEY (id))")
    assert ends.load(DIFF).counts.inserted == values.count("(") - values.count("gen_random_uuid(")
    again = ends.load(DIFF)
    assert (again.counts.read, again.notes["blocks"][0]) == (0, "0")


@pytest.mark.parametrize("task", [DIFF, DIFF.replace("diff", "upsert").replace("block: 10\n", "")])
@pytest.mark.parametrize(
    ("kind", "new", "old"),
    [("numeric", "1.0", "1.00"), ("interval", "1 day", "24:00"), ("jsonb", "1.0", "1.00")],
)
def test_keys_that_are_equal_but_read_otherwise_become_those_of_the_source(
    ends: Ends, task: str, kind: str, new: str, old: str
) -> None:
    both(ends, f"CREATE TABLE t (id {kind} PRIMARY KEY)")
    ends.at_source(f"INSERT INTO t VALUES ('{new}')")
    ends.at_target(f"INSERT INTO t VALUES ('{old}')")
    assert ends.load(task).counts.updated == 1
    assert ends.at_target("SELECT id::text FROM t") == [(new,)]
    again = ends.load(task)
    assert (again.counts.unchanged, again.notes.get("blocks", "0 of 1")) == (1, "0 of 1")


def test_keys_of_several_columns_have_blocks_too(ends: Ends) -> None:
    both(ends, "CREATE TABLE t (a int, b text, v int, PRIMARY KEY (b, a))")
    ends.at_source("INSERT INTO t SELECT i % 3, 'k' || i, i FROM generate_series(1, 60) i")
    task = DIFF.replace("[id]", "[a, b]")
    assert ends.load(task).counts.inserted == 60
    ends.at_source("DELETE FROM t WHERE b = 'k7'")
    counts = ends.load(task).counts
    assert counts.deleted == 1
    assert counts.read < 20


def test_rows_that_are_gone_can_be_marked(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1), (2, 2)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v int, gone timestamptz)")
    task = f"{DIFF}deletes: {{column: gone}}\n"
    ends.load(task)
    ends.at_source("DELETE FROM t WHERE id = 1")
    assert ends.load(task).counts.deleted == 1
    assert ends.load(task).notes["blocks"] == "0 of 1"
    ends.at_source("INSERT INTO t VALUES (1, 1)")
    assert ends.load(task).counts.updated == 1
    assert ends.at_target("SELECT id FROM t WHERE gone IS NULL ORDER BY 1") == [(1,), (2,)]


def test_an_empty_source_is_an_error_unless_the_task_says_otherwise(ends: Ends) -> None:
    both(ends, "CREATE TABLE t (id int PRIMARY KEY)")
    ends.at_target("INSERT INTO t VALUES (1)")
    with pytest.raises(EmptySourceError):
        ends.load(DIFF)
    assert ends.load(f"{DIFF}empty: keep\n").counts.deleted == 0
    assert ends.load(f"{DIFF}empty: replace\n").counts.deleted == 1


Rows = st.dictionaries(st.integers(-9, 9), st.sampled_from(["a", "", None]), max_size=12)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=Rows, target=Rows, block=st.integers(1, 5))
def test_the_target_comes_to_what_the_source_has(
    ends: Ends, source: dict[int, Any], target: dict[int, Any], block: int
) -> None:
    for run, rows in ((ends.at_source, source), (ends.at_target, target)):
        run("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, v text); TRUNCATE t")
        for pair in rows.items():
            run("INSERT INTO t VALUES (%s, %s)", *pair)
    task = DIFF.replace("block: 10", f"block: {block}") + "empty: replace\n"
    counts = ends.load(task).counts
    assert dict(ends.at_target("SELECT id, v FROM t")) == source
    assert counts.inserted == len(source.keys() - target.keys())
    assert counts.deleted == len(target.keys() - source.keys())
    assert counts.inserted + counts.updated + counts.unchanged == len(source)
