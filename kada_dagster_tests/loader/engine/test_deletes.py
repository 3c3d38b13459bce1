"""Rows that are gone at the source are deleted or marked, and never by accident."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import EmptySourceError, TargetError
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


@pytest.mark.parametrize("deletes", [SOFT, "deletes: hard\n"])
def test_rows_come_back_from_behind_the_mark(ends: Ends, deletes: str) -> None:
    make(ends)
    task = f"{INCREMENTAL}{deletes}columns: {{id: id, v: v}}\n"
    ends.at_source("INSERT INTO t VALUES (1, 1), (2, 2), (3, NULL), (9, 9)")
    ends.load(task)
    ends.at_source("DELETE FROM t WHERE id IN (1, 3)")
    assert ends.load(task).counts.deleted == 2
    ends.at_source("INSERT INTO t VALUES (1, 1), (3, NULL), (4, 4), (10, 10)")
    back = ends.load(task)
    assert back.notes["restored"] == "3 rows from behind the mark"
    assert back.counts.inserted + back.counts.updated == 4
    assert (back.counts.read, back.counts.unchanged, back.mark_after) == (5, 1, "10")
    there = "SELECT id, v FROM t WHERE gone_at IS NULL ORDER BY id"
    assert ends.at_target(there) == ends.at_source("SELECT id, v FROM t ORDER BY id")
    again = ends.load(task)
    assert (again.counts.read, again.notes) == (1, {})


def test_what_is_behind_the_mark_is_not_read_again_for_rows_that_have_no_key(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1), (9, 9)")
    ends.at_target("CREATE TABLE t (id int UNIQUE, v int)")
    task = f"{INCREMENTAL}deletes: hard\n"
    ends.load(task)
    ends.at_source("INSERT INTO t VALUES (NULL, 3), (1, 2)")  # an older version, and no key
    assert ends.load(task).notes == {}
    ends.at_source("INSERT INTO t VALUES (4, 4)")
    assert ends.load(task).counts.inserted == 1
    assert ends.at_target("SELECT id, v FROM t ORDER BY id") == [(1, 1), (4, 4), (9, 9)]


def test_a_target_that_was_emptied_is_filled_again(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 1), (9, 9)")
    task = f"{INCREMENTAL}deletes: hard\n"
    ends.load(task)
    ends.at_target("TRUNCATE t")
    assert ends.load(task).counts.inserted == 2
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (9,)]


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


DIFF = "mode: diff\nsource: {table: public.t}\nkey: [id]\n"


@pytest.mark.parametrize("task", [UPSERT, INCREMENTAL, DIFF])
def test_a_unique_value_may_move_from_a_row_that_is_gone_to_a_new_one(
    ends: Ends, task: str
) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, v int, mail text UNIQUE)"
    ends.at_source(f"{ddl}; INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y')")
    ends.at_target(ddl)
    task = f"{task}deletes: hard\n"
    ends.load(task)
    ends.at_source("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 3, 'x')")
    counts = ends.load(task).counts
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 0, 1)
    assert ends.at_target("SELECT * FROM t ORDER BY id") == [(2, 2, "y"), (3, 3, "x")]


@pytest.mark.parametrize("task", [UPSERT, INCREMENTAL, DIFF])
def test_a_row_may_go_when_those_that_referred_to_it_refer_to_another(
    ends: Ends, task: str
) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, v int, boss int REFERENCES t)"
    ends.at_source(f"{ddl}; INSERT INTO t VALUES (1, 1, NULL), (2, 2, 1)")
    ends.at_target(ddl)
    task = f"{task}deletes: hard\n"
    ends.load(task)
    ends.at_source(
        "INSERT INTO t VALUES (3, 3, NULL); UPDATE t SET boss = 3, v = 4 WHERE id = 2;"
        "DELETE FROM t WHERE id = 1"
    )
    assert ends.load(task).counts.deleted == 1
    assert ends.at_target("SELECT * FROM t ORDER BY id") == [(2, 4, 3), (3, 3, None)]


def test_a_unique_value_of_two_rows_that_are_there_is_an_error_that_deletes_nothing(
    ends: Ends,
) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1), (2, 2)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE)")
    ends.load(f"{UPSERT}deletes: hard\n")
    ends.at_source("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 2)")
    with pytest.raises(TargetError, match="t_v_key"):
        ends.load(f"{UPSERT}deletes: hard\n")
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


CI = """
CREATE SCHEMA ext; CREATE TYPE ext.ci;
CREATE FUNCTION ext.read(cstring) RETURNS ext.ci LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION ext.show(ext.ci) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE ext.ci (INPUT = ext.read, OUTPUT = ext.show, STORAGE = extended);
CREATE CAST (ext.ci AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION ext.same(ext.ci, ext.ci) RETURNS bool LANGUAGE sql IMMUTABLE
  AS 'SELECT lower($1::text) = lower($2::text)';
CREATE FUNCTION ext.less(ext.ci, ext.ci) RETURNS bool LANGUAGE sql IMMUTABLE
  AS 'SELECT lower($1::text) < lower($2::text)';
CREATE FUNCTION ext.order(ext.ci, ext.ci) RETURNS int LANGUAGE sql IMMUTABLE
  AS 'SELECT bttextcmp(lower($1::text), lower($2::text))';
CREATE OPERATOR ext.= (FUNCTION = ext.same, LEFTARG = ext.ci, RIGHTARG = ext.ci);
CREATE OPERATOR ext.< (FUNCTION = ext.less, LEFTARG = ext.ci, RIGHTARG = ext.ci);
CREATE OPERATOR CLASS ext.ci DEFAULT FOR TYPE ext.ci USING btree AS
  OPERATOR 1 ext.<, OPERATOR 3 ext.=, FUNCTION 1 ext.order(ext.ci, ext.ci);
"""
"""A type as citext is, in a schema that is not looked into."""


@pytest.mark.parametrize("kind", ["ext.ci", "ext.name"])
@pytest.mark.parametrize("mode", ["mode: upsert", "mode: incremental\ncursor: v"])
def test_keys_are_the_same_as_the_unique_index_says(ends: Ends, mode: str, kind: str) -> None:
    ends.at_source("CREATE TABLE t (id text, v int); INSERT INTO t VALUES ('ABC', 2), ('x', 1)")
    ends.at_target(f"{CI}; CREATE DOMAIN ext.name AS ext.ci; CREATE TABLE t (id {kind}, v int)")
    ends.at_target("CREATE UNIQUE INDEX ON t (id); INSERT INTO t VALUES ('abc', 1), ('gone', 1)")
    task = f"{mode}\nsource: {{table: public.t}}\nkey: [id]\ndeletes: hard\n"
    counts = ends.load(task).counts
    assert ends.at_target("SELECT id::text, v FROM t ORDER BY v") == [("x", 1), ("ABC", 2)]
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 1)


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
