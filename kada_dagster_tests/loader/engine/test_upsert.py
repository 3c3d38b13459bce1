"""Mode upsert: rows come in by key, and what is the same already is not touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import DuplicateKeyError, SchemaMismatchError
from kada_dagster_tests.loader.databases import Ends

UPSERT = "mode: upsert\nsource: {table: public.t}\nkey: [id]\n"


def make(ends: Ends, columns: str = "id int PRIMARY KEY, name text") -> None:
    ends.at_source(f"CREATE TABLE t ({columns})")
    ends.at_target(f"CREATE TABLE t ({columns})")


def test_new_rows_come_changed_rows_change_and_the_others_stay(ends: Ends) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'same'), (2, 'old'), (9, 'only here')")
    ends.at_source("INSERT INTO t VALUES (1, 'same'), (2, 'new'), (3, 'three')")
    before = ends.at_target("SELECT ctid, xmin FROM t WHERE id = 1")
    counts = ends.load(UPSERT).counts
    assert (counts.read, counts.inserted, counts.updated, counts.unchanged) == (3, 1, 1, 1)
    assert ends.at_target("SELECT * FROM t ORDER BY id") == [
        (1, "same"),
        (2, "new"),
        (3, "three"),
        (9, "only here"),
    ]
    assert ends.at_target("SELECT ctid, xmin FROM t WHERE id = 1") == before
    again = ends.load(UPSERT).counts
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 3)


_ADDS = """
CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO t VALUES (NEW.id + 100, 'added'); RETURN NULL; END $$;
CREATE TRIGGER add AFTER INSERT ON t FOR EACH ROW WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION add()
"""


@pytest.mark.parametrize("change", [_ADDS, "ALTER DATABASE {} SET track_counts = off"])
def test_the_counts_are_those_of_the_rows_that_were_read(ends: Ends, change: str) -> None:
    """Also where a trigger puts in more of them, or the server does not count."""
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'same'), (2, 'old')")
    ends.at_source("INSERT INTO t VALUES (1, 'same'), (2, 'new'), (3, 'three'), (4, 'four')")
    ends.at_target(change.replace("{}", ends.target))
    counts = ends.load(UPSERT).counts
    assert (counts.read, counts.inserted, counts.updated, counts.unchanged) == (4, 2, 1, 1)


def test_values_are_told_apart_to_the_bit_whatever_their_type(ends: Ends) -> None:
    columns = "id int PRIMARY KEY, j json, p point, n numeric, b box"
    make(ends, columns)
    ends.at_source(
        "INSERT INTO t VALUES (1, '{}', '(1,2)', 1.0, '(0,0),(1,4)'),(2, NULL, NULL, NULL, NULL)"
    )
    ends.at_target(
        "INSERT INTO t VALUES (1, '{}', '(1,2)', 1.00, '(0,0),(2,2)'),(2, NULL, NULL, NULL, NULL)"
    )
    counts = ends.load(UPSERT).counts
    assert (counts.updated, counts.unchanged) == (1, 1)  # the boxes have the same area
    same = "SELECT md5(t::text) FROM t ORDER BY id"
    assert ends.at_target(same) == ends.at_source(same)


def test_keys_that_come_twice_are_counted_in_the_error_and_nothing_changes(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text)")
    ends.at_target("INSERT INTO t VALUES (3, 'old')")
    ends.at_source("INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'c'), (2, 'd'), (3, 'e')")
    with pytest.raises(DuplicateKeyError, match=r"2 keys \(id\) come more than once"):
        ends.load(UPSERT)
    assert ends.at_target("SELECT * FROM t") == [(3, "old")]


@pytest.mark.parametrize("deletes", ["none", "hard", "{column: deleted_at}"])
def test_an_empty_table_is_filled_at_once(ends: Ends, deletes: str) -> None:
    make(ends)
    ends.at_target("ALTER TABLE t ADD deleted_at timestamptz")
    ends.at_source("INSERT INTO t SELECT n, 'name ' || n FROM generate_series(1, 500) n")
    counts = ends.load(UPSERT + f"deletes: {deletes}\n").counts
    assert (counts.read, counts.inserted, counts.updated, counts.deleted) == (500, 500, 0, 0)
    rows = "SELECT id, name FROM t ORDER BY id"
    assert ends.at_target(rows) == ends.at_source(rows)
    again = ends.load(UPSERT).counts
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 500)


def test_what_is_not_unique_leaves_an_empty_table_empty(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE)")
    ends.at_source("INSERT INTO t VALUES (1, 'a'), (1, 'b')")
    with pytest.raises(DuplicateKeyError, match=r"t_pkey.*each key \(id\) once"):
        ends.load(UPSERT)
    ends.at_source("UPDATE t SET id = 2, name = 'a' WHERE name = 'b'")
    with pytest.raises(DuplicateKeyError, match="t_name_key"):
        ends.load(UPSERT)
    assert ends.at_target("SELECT * FROM t") == []


def test_rows_without_a_key_are_refused(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int UNIQUE, name text)")
    ends.at_source("INSERT INTO t VALUES (NULL, 'a'), (1, 'b')")
    with pytest.raises(DuplicateKeyError, match="1 rows have no id"):
        ends.load(UPSERT)
    assert ends.at_target("SELECT * FROM t") == []


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX ON t (id)",
        "CREATE UNIQUE INDEX ON t (id) WHERE name <> ''",
        "CREATE UNIQUE INDEX ON t (id, name)",
        "CREATE UNIQUE INDEX ON t ((id + 1))",
        "ALTER TABLE t ADD UNIQUE (id) DEFERRABLE",
    ],
)
def test_a_key_no_unique_index_keeps_is_refused_with_the_statement_that_makes_one(
    ends: Ends, index: str
) -> None:
    make(ends, "id int, name text")
    ends.at_target(index)
    with pytest.raises(SchemaMismatchError, match=r"CREATE UNIQUE INDEX ON public\.t \(id\)"):
        ends.load(UPSERT)


def test_a_key_of_several_columns_may_be_in_any_order(ends: Ends) -> None:
    make(ends, "a int, b text, v int, PRIMARY KEY (b, a) INCLUDE (v)")
    ends.at_source("INSERT INTO t VALUES (1, 'x', 5)")
    assert ends.load(UPSERT.replace("[id]", "[a, b]")).counts.inserted == 1


def test_a_table_of_keys_only_is_loaded_too(ends: Ends) -> None:
    make(ends, "id int PRIMARY KEY")
    ends.at_source("INSERT INTO t VALUES (1), (2)")
    ends.at_target("INSERT INTO t VALUES (1)")
    counts = ends.load(UPSERT).counts
    assert (counts.inserted, counts.updated, counts.unchanged) == (1, 0, 1)


Rows = st.dictionaries(st.integers(0, 6), st.sampled_from(["a", "b", None]), max_size=7)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(source=Rows, target=Rows)
def test_the_target_is_what_a_dictionary_would_be_and_the_counts_add_up(
    ends: Ends, source: dict[int, Any], target: dict[int, Any]
) -> None:
    for run, rows in ((ends.at_source, source), (ends.at_target, target)):
        run("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, name text)")
        run("TRUNCATE t")
        for key, name in rows.items():
            run("INSERT INTO t VALUES (%s, %s)", key, name)
    counts = ends.load(UPSERT).counts
    assert dict(ends.at_target("SELECT id, name FROM t")) == {**target, **source}
    assert counts.inserted == len(source.keys() - target.keys())
    assert counts.updated == sum(
        source[key] != target[key] for key in source.keys() & target.keys()
    )
    assert counts.read == counts.inserted + counts.updated + counts.unchanged
