"""ddl: auto: tables are made from the source's columns, and follow them as far as they may."""

from __future__ import annotations

import pytest

from kada_dagster.loader.ddl.widening import is_wider
from kada_dagster.loader.errors import TargetError
from kada_dagster_tests.loader.databases import Ends

UPSERT = "mode: upsert\nsource: {table: public.t}\nkey: [id]\n"
AUTO = f"{UPSERT}target: {{ddl: auto}}\n"
COLUMNS = (
    "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


def test_a_table_is_made_with_its_key_and_comment(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name varchar(9), n numeric(8,2))")
    ends.at_source("INSERT INTO t VALUES (1, 'a', 1.5)")
    result = ends.load(f"{AUTO}description: what it's for\n")
    assert result.notes["ddl"] == "created with id, name, n"
    assert ends.at_target(COLUMNS) == [
        ("id", "integer"),
        ("name", "character varying(9)"),
        ("n", "numeric(8,2)"),
    ]
    assert ends.at_target("SELECT obj_description('t'::regclass)") == [("what it's for",)]
    assert ends.load(AUTO).counts.unchanged == 1


def test_columns_are_added_and_widened_and_those_that_are_gone_stay(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id bigint, name text, extra date)")
    ends.at_source("INSERT INTO t VALUES (5000000000, 'long name', '2026-01-01')")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name varchar(3), old int NOT NULL)")
    note = ends.load(AUTO).notes["ddl"]
    assert note == (
        "id from integer to bigint; name from character varying(3) to text; add extra date; "
        "old may be missing"
    )
    assert ends.at_target("SELECT id, name, old FROM t") == [(5000000000, "long name", None)]
    assert "ddl" not in ends.load(AUTO).notes


def test_changes_that_lose_something_are_only_made_where_the_task_allows_any(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 2)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, n text, old int)")
    ends.at_target("INSERT INTO t VALUES (7, '7', 7)")
    assert ends.load(AUTO).notes["ddl_left"] == "n from text to integer"
    ends.load(f"{UPSERT}target: {{ddl: auto, alter: any}}\n")
    assert ends.at_target(COLUMNS) == [("id", "integer"), ("n", "integer")]
    assert ends.at_target("SELECT * FROM t ORDER BY 1") == [(1, 2), (7, 7)]


def test_a_load_that_fails_has_changed_no_column(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int, extra int); INSERT INTO t VALUES (1, -1, 2)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v > 0))")
    before = ends.at_target(COLUMNS)
    with pytest.raises(TargetError, match="t_v_check"):
        ends.load(AUTO)
    assert ends.at_target(COLUMNS) == before


def test_a_key_nothing_keeps_is_made_the_primary_key(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1)")
    ends.at_target("CREATE TABLE t (id int, v int)")
    assert ends.load(AUTO).notes["ddl"] == "key id"
    assert ends.load(AUTO).counts.unchanged == 1


def test_a_table_of_versions_is_made_with_its_columns_of_time(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1)")
    task = AUTO.replace("upsert", "history")
    ends.load(task)
    ends.at_source("UPDATE t SET v = 2")
    assert ends.load(task).counts.updated == 1
    assert ends.at_target("SELECT v, is_current FROM t ORDER BY 1") == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("new", "old", "is_it"),
    [
        ("bigint", "integer", True),
        ("integer", "bigint", False),
        ("numeric", "bigint", True),
        ("numeric(5,2)", "integer", False),
        ("numeric(12,2)", "numeric(10,2)", True),
        ("numeric(12,4)", "numeric(10,1)", False),
        ("numeric(12,4)", "numeric(10,2)", True),
        ("text", "character varying(5)", True),
        ("character varying(9)", "character varying(5)", True),
        ("character varying(9)", "character varying", False),
        ("timestamp(6) with time zone", "timestamp(3) with time zone", True),
        ("timestamp with time zone", "timestamp without time zone", False),
        ("double precision", "real", True),
        ("text", "integer", False),
        ("text", "text", False),
    ],
)
def test_a_type_is_wider_where_no_value_of_the_other_is_lost(
    new: str, old: str, is_it: bool
) -> None:
    assert is_wider(new, old) is is_it


def test_indexes_are_made_again_and_privileges_are_given_once(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE INDEX i ON t (v)")
    ends.at_target("COMMENT ON INDEX i IS 'fast'")
    before = ends.at_target("SELECT pg_get_indexdef('i'::regclass), 'i'::regclass::oid")
    role = f"reader_{ends.target}"
    ends.at_target(f"CREATE ROLE {role}; GRANT DELETE ON t TO {role}")
    try:
        target = f"indexes: rebuild, grants: {{{role}: [select, insert]}}"
        task = f"{UPSERT}target: {{{target}, schema_grants: {{{role}: usage}}}}\n"
        notes = ends.load(task).notes
        assert notes["indexes"] == "i"
        assert notes["grant_table"] == f"insert: {role}, select: {role}"
        after = ends.at_target("SELECT pg_get_indexdef('i'::regclass), 'i'::regclass::oid")
        assert (after[0][0], after[0][1] == before[0][1]) == (before[0][0], False)
        assert ends.at_target("SELECT obj_description('i'::regclass, 'pg_class')") == [("fast",)]
        assert "grant_table" not in ends.load(task).notes
        revoked = ends.load(task.replace("indexes", "revoke: true, indexes")).notes
        assert revoked["revoke_table"] == f"delete: {role}"
    finally:
        ends.at_target(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_what_tells_rows_of_the_table_apart_stays_as_strict_as_it_is(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 2)")
    ends.at_target(
        "CREATE TABLE t (own serial PRIMARY KEY, id int NOT NULL UNIQUE, n int NOT NULL)"
    )
    result = ends.load("mode: full\nsource: {table: public.t}\ntarget: {ddl: auto}\n")
    assert result.notes["ddl"] == "n may be missing"
    assert ends.at_target("SELECT * FROM t") == [(1, 1, 2)]


def test_what_a_database_usually_does_with_nulls_of_arrays_and_names_is_no_matter(
    ends: Ends,
) -> None:
    ends.at_source("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a text[], m mood)")
    ends.at_source("INSERT INTO t VALUES (ARRAY['x', NULL], 'a')")
    ends.at_target("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a varchar[], m mood)")
    for name, value in (("array_nulls", "off"), ("quote_all_identifiers", "on")):
        ends.at_target(f"ALTER DATABASE {ends.target} SET {name} = {value}")
    task = "mode: full\nsource: {table: public.t}\ntarget: {ddl: auto, alter: none}\n"
    left = ends.load(task).notes["ddl_left"]
    assert left == "a from character varying[] to text[]"  # and m is what it was
    assert ends.at_target("SELECT a, m FROM t") == [(["x", None], "a")]


@pytest.mark.parametrize(
    "own",
    [
        "at timestamptz NOT NULL DEFAULT now()",
        "own int GENERATED BY DEFAULT AS IDENTITY",
        "own int DEFAULT 7, PRIMARY KEY (own, id) DEFERRABLE",
    ],
)
def test_columns_that_fill_themselves_stay_as_strict_as_they_are(ends: Ends, own: str) -> None:
    ends.at_source("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    ends.at_target(f"CREATE TABLE t (id int NOT NULL UNIQUE, {own})")
    notes = ends.load("mode: full\nsource: {table: public.t}\ntarget: {ddl: auto}\n").notes
    assert "ddl" not in notes
    assert ends.at_target(
        "SELECT bool_and(attnotnull) FROM pg_attribute "
        "WHERE attrelid = 't'::regclass AND attnum > 0"
    ) == [(True,)]


HISTORY_COLUMNS = "valid_from timestamptz NOT NULL, valid_to timestamptz, is_current bool NOT NULL"


def test_the_key_of_a_history_knows_when_a_version_began(ends: Ends) -> None:
    history = "mode: history\nsource: {table: public.t}\nkey: [id]\ntarget: {ddl: auto}\n"
    ends.at_source("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
    ends.at_target(f"CREATE TABLE t (id int NOT NULL, v text, {HISTORY_COLUMNS})")
    ends.at_target(
        "INSERT INTO t VALUES (1, 'z', '2026-01-01Z', '2026-01-02Z', false), "
        "(1, 'a', '2026-01-02Z', NULL, true)"
    )
    assert ends.load(history).notes["ddl"] == "key id, valid_from"
    ends.at_source("UPDATE t SET v = 'b'")
    assert "ddl_left" not in ends.load(history).notes
    assert ends.at_target("SELECT v FROM t ORDER BY valid_from") == [("z",), ("a",), ("b",)]
    ends.at_target("DROP TABLE t")
    ends.load(history)
    assert not ends.load(history).notes.keys() & {"ddl", "ddl_left"}
