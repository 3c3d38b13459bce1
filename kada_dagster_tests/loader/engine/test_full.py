"""Mode full: the target has the rows of the source, whatever becomes of the load in between."""

from __future__ import annotations

import pytest

from kada_dagster.loader.errors import EmptySourceError, SchemaMismatchError, TargetError
from kada_dagster_tests.loader.databases import Ends

FULL = "mode: full\nsource: {table: public.t}\n"
SWAPS = ["auto", "rename", "delete", "truncate"]


def make(ends: Ends, columns: str = "id int PRIMARY KEY, name text") -> None:
    ends.at_source(f"CREATE TABLE t ({columns})")
    ends.at_target(f"CREATE TABLE t ({columns})")


def fill(ends: Ends, rows: int) -> None:
    ends.at_source("TRUNCATE t")
    ends.at_source("INSERT INTO t SELECT i, 'name ' || i FROM generate_series(1, %s) i", rows)


def content(ends: Ends) -> list[tuple[object, ...]]:
    return ends.at_target("SELECT * FROM t ORDER BY 1")


@pytest.mark.parametrize("swap", SWAPS)
def test_the_rows_of_the_source_take_the_place_of_those_of_the_target(
    ends: Ends, swap: str
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'old'), (99, 'gone')")
    fill(ends, 3)
    result = ends.load(f"{FULL}target: {{swap: {swap}}}\n")
    assert content(ends) == ends.at_source("SELECT * FROM t ORDER BY 1")
    assert (result.counts.read, result.counts.inserted) == (3, 3)
    assert result.notes["swap"] == {"auto": "rename"}.get(swap, swap)


@pytest.mark.parametrize("swap", SWAPS)
def test_an_empty_source_is_an_error_that_leaves_the_target_alone(ends: Ends, swap: str) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    with pytest.raises(
        EmptySourceError, match=r"public\.t: the source has no rows.*empty: replace"
    ):
        ends.load(f"{FULL}target: {{swap: {swap}}}\n")
    assert content(ends) == [(1, "old")]


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize(("policy", "kept"), [("keep", [(1, "old")]), ("replace", [])])
def test_an_empty_source_does_what_the_task_says(
    ends: Ends, swap: str, policy: str, kept: list[tuple[object, ...]]
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    ends.load(f"{FULL}empty: {policy}\ntarget: {{swap: {swap}}}\n")
    assert content(ends) == kept
    assert not ends.at_target("SELECT relname FROM pg_class WHERE relname LIKE '\\_load\\_%'")


@pytest.mark.parametrize("swap", SWAPS)
def test_a_row_the_target_refuses_fails_the_load_and_changes_nothing(ends: Ends, swap: str) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text CHECK (name <> 'bad secret'))")
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    ends.at_source("INSERT INTO t VALUES (1, 'good'), (2, 'bad secret')")
    with pytest.raises(TargetError) as caught:
        ends.load(f"{FULL}target: {{swap: {swap}}}\n")
    assert "t_name_check" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert content(ends) == [(1, "old")]
    assert not ends.at_target("SELECT relname FROM pg_class WHERE relname LIKE '\\_load\\_%'")


def test_the_same_key_twice_fails_the_load_and_names_the_constraint(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text)")
    ends.at_source("INSERT INTO t VALUES (1, 'a'), (1, 'b')")
    with pytest.raises(TargetError, match=r"could not create unique index"):
        ends.load(FULL)
    assert content(ends) == []


def test_a_new_table_keeps_all_that_the_old_one_had(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text, up text, day date)")
    ends.at_source("INSERT INTO t VALUES (1, 'a', 'A', '2026-01-01')")
    role, owner = f"reader_{ends.target}", f"owner_{ends.target}"
    ends.at_target(f"CREATE ROLE {role}; CREATE ROLE {owner}")
    try:
        ends.at_target(
            f"""
            CREATE TABLE other (name text PRIMARY KEY);
            INSERT INTO other VALUES ('a');
            CREATE TABLE t (
              id int CONSTRAINT "the key" PRIMARY KEY,
              name text NOT NULL DEFAULT 'x' REFERENCES other,
              up text GENERATED ALWAYS AS (upper(name)) STORED,
              day date CONSTRAINT recent CHECK (day > '2000-01-01'),
              UNIQUE (name, day)
            ) WITH (fillfactor = 70);
            CREATE INDEX "By Day" ON t (day DESC NULLS LAST) WHERE name <> 'it''s';
            CREATE UNIQUE INDEX ON t (lower(name), id) INCLUDE (day);
            CREATE STATISTICS s ON id, day FROM t;
            ALTER TABLE t ALTER name SET STATISTICS 500;
            COMMENT ON TABLE t IS 'what it''s for'; COMMENT ON COLUMN t.day IS 'the day';
            COMMENT ON INDEX "By Day" IS 'fast'; COMMENT ON CONSTRAINT recent ON t IS 'sure';
            GRANT SELECT ON t TO {role} WITH GRANT OPTION; GRANT UPDATE (day) ON t TO {role};
            GRANT DELETE ON t TO PUBLIC; ALTER TABLE t OWNER TO {owner};
            """
        )
        before = likeness(ends)
        ends.at_source("ALTER TABLE t DROP COLUMN up")
        result = ends.load(FULL)
        assert result.notes == {"swap": "rename"}
        assert likeness(ends) == before
        assert len(before) > 20
        assert ends.at_target("SELECT id, name, up FROM t") == [(1, "a", "A")]
    finally:
        ends.at_target(f"DROP TABLE t; DROP OWNED BY {role}; DROP ROLE {role}, {owner}")


def test_privileges_of_a_column_that_is_gone_are_not_taken_along(ends: Ends) -> None:
    """Up to version 15 they stay in the catalogue; here they are put back there."""
    make(ends, "id int PRIMARY KEY, gone int")
    for run in (ends.at_source, ends.at_target):
        run("ALTER TABLE t DROP gone")
    ends.at_source("INSERT INTO t SELECT generate_series(1, 3)")
    ends.at_target(
        "SET allow_system_table_mods = on;"
        "UPDATE pg_attribute SET attacl = '{pg_monitor=r/postgres}' "
        "WHERE attrelid = 't'::regclass AND attisdropped"
    )
    assert ends.load(FULL).notes == {"swap": "rename"}
    assert len(content(ends)) == 3


def likeness(ends: Ends) -> list[tuple[object, ...]]:
    """Everything the catalogue says of the table, but for numbers that must change."""
    return ends.at_target(
        """
        WITH t AS (SELECT * FROM pg_class WHERE oid = 't'::regclass)
        SELECT 'table', t.relname::text, t.relowner::regrole::text || t.reloptions::text
          || obj_description(t.oid) || t.relpersistence::text FROM t
        UNION ALL SELECT 'privilege', g.grantee::text, g.privilege_type || g.is_grantable
          FROM t, aclexplode(t.relacl) g
        UNION ALL SELECT 'column', a.attname, format_type(a.atttypid, a.atttypmod) || a.attnotnull
          || a.attgenerated::text || coalesce(a.attstattarget, -1) || coalesce(a.attacl::text, '')
          || coalesce(col_description(t.oid, a.attnum), '')
          || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
          FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
          LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
        UNION ALL SELECT 'index', c.relname, pg_get_indexdef(c.oid)
          || coalesce(obj_description(c.oid, 'pg_class'), '') || i.indisvalid
          FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
        UNION ALL SELECT 'constraint', k.conname, pg_get_constraintdef(k.oid) || k.convalidated
          || coalesce(obj_description(k.oid, 'pg_constraint'), '')
          FROM t JOIN pg_constraint k ON k.conrelid = t.oid
        UNION ALL SELECT 'statistics', '', pg_get_statisticsobjdef_columns(s.oid)
          FROM t JOIN pg_statistic_ext s ON s.stxrelid = t.oid
        ORDER BY 1, 2, 3
        """
    )


@pytest.mark.parametrize(
    ("obstacle", "named"),
    [
        ("CREATE VIEW v AS SELECT name FROM t", "view v"),
        ("CREATE MATERIALIZED VIEW v AS SELECT name FROM t", "materialized view v"),
        ("CREATE TABLE u (row t)", "column row of table u"),
        (
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql "
            "BEGIN ATOMIC SELECT count(*) FROM t; END",
            "function f()",
        ),
        (
            "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()",
            "trigger x on table t",
        ),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "row security is on"),
        ("CREATE POLICY p ON t USING (true)", "policy p on table t"),
        ("CREATE PUBLICATION p FOR TABLE t", "publication of table t in publication p"),
        ("CREATE SEQUENCE s OWNED BY t.id", "sequence s"),
        ("ALTER TABLE t REPLICA IDENTITY FULL", "its replica identity is set"),
        ("CREATE TABLE child () INHERITS (t)", "table child"),
        ("CLUSTER t USING t_pkey", "it is clustered by an index"),
        ("CREATE TYPE k AS (id int, name text); ALTER TABLE t OF k", "it is of a type"),
    ],
)
def test_a_table_others_depend_on_is_filled_in_place_and_they_go_on(
    ends: Ends, obstacle: str, named: str
) -> None:
    make(ends)
    fill(ends, 2)
    ends.at_target("INSERT INTO t VALUES (7, 'old')")
    before = ends.at_target("SELECT 't'::regclass::oid")
    ends.at_target(obstacle)
    result = ends.load(FULL)
    assert ends.at_target("SELECT 't'::regclass::oid") == before
    assert named in result.notes["no_rename"]
    assert content(ends) == [(1, "name 1"), (2, "name 2")]
    with pytest.raises(SchemaMismatchError, match="cannot be replaced by a new table"):
        ends.load(f"{FULL}target: {{swap: rename}}\n")


def test_rows_others_refer_to_are_never_deleted_behind_their_back(ends: Ends) -> None:
    make(ends)
    fill(ends, 2)
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    ends.at_target("CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE)")
    ends.at_target("INSERT INTO child VALUES (1)")
    with pytest.raises(SchemaMismatchError, match=r"child_id_fkey of child refers to them.*upsert"):
        ends.load(FULL)
    assert ends.at_target("SELECT * FROM child") == [(1,)]
    assert content(ends) == [(1, "old")]


def test_a_partitioned_table_is_filled_in_place(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int PRIMARY KEY, name text)")
    ends.at_target("CREATE TABLE t (id int, name text) PARTITION BY HASH (id)")
    for remainder in range(2):
        ends.at_target(
            f"CREATE TABLE t{remainder} PARTITION OF t "
            f"FOR VALUES WITH (MODULUS 2, REMAINDER {remainder})"
        )
    fill(ends, 5)
    assert ends.load(FULL).notes["swap"] == "delete"
    assert ends.load(f"{FULL}target: {{swap: truncate}}\n").counts.inserted == 5
    assert len(content(ends)) == 5


def test_a_column_the_target_lacks_is_named_with_the_cure(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, extra text)")
    ends.at_target("CREATE TABLE t (id int)")
    with pytest.raises(SchemaMismatchError, match=r"public\.t has no column extra.*it has id"):
        ends.load(FULL)


def test_columns_are_matched_by_the_names_the_task_gives(ends: Ends) -> None:
    ends.at_source('CREATE TABLE t ("Nr" int, label text, unused text)')
    ends.at_source("INSERT INTO t VALUES (1, 'a', 'x')")
    ends.at_target("CREATE TABLE t (id int, name text)")
    ends.load(f"{FULL}columns: {{name: label, id: Nr}}\n")
    assert content(ends) == [(1, "a")]


def test_a_query_may_end_with_a_comment_and_a_semicolon(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_source("INSERT INTO t VALUES (1, '100% {sure}')")
    ends.at_target("CREATE TABLE t (id int, name text)")
    query = "SELECT id, name FROM t WHERE name LIKE '100%' -- all;"
    ends.load("mode: full\nsource: {query: q.sql}\n", q__sql=query)
    assert content(ends) == [(1, "100% {sure}")]


def test_a_target_table_that_is_not_there_is_an_error_with_the_cure(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int)")
    with pytest.raises(SchemaMismatchError, match=r"does not exist.*ver/001_create\.sql"):
        ends.load(FULL)


def test_readers_see_the_old_rows_until_the_new_ones_are_all_there(ends: Ends) -> None:
    """A transaction that began before the load goes on seeing one state, whatever the swap."""
    make(ends)
    fill(ends, 3)
    for swap in ("rename", "delete", "truncate"):
        ends.at_target("DELETE FROM t; INSERT INTO t VALUES (7, 'old')")
        reader = ends.server.connect(ends.target)
        reader.autocommit = False
        cursor = reader.cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        ends.load(f"{FULL}target: {{swap: {swap}}}\n")
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchall()[0][0] in (1, 3), swap  # never 0
        reader.close()
