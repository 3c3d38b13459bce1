"""The sample database loads everywhere, again and again, and holds every kind of object."""

from __future__ import annotations

import re

import psycopg2
import pytest

from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer

OURS = "('ref','crm','shop','finance','staging','analytics','audit','Marketing 2025')"

# What a catalogue demo needs, and how many of it there must be at least.
KINDS: dict[str, tuple[int, str]] = {
    "schemas": (8, f"SELECT FROM pg_namespace WHERE nspname IN {OURS}"),
    "plain tables": (35, "{relations} AND relkind = 'r' AND NOT relispartition"),
    "partitioned tables": (4, "{relations} AND relkind = 'p'"),
    "partitions of a partition": (
        2,
        "{relations} AND relispartition AND relkind = 'r' AND EXISTS"
        " (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent"
        "  WHERE i.inhrelid = c.oid AND p.relispartition)",
    ),
    "range partitioning": (2, "SELECT FROM pg_partitioned_table WHERE partstrat = 'r'"),
    "list partitioning": (1, "SELECT FROM pg_partitioned_table WHERE partstrat = 'l'"),
    "hash partitioning": (1, "SELECT FROM pg_partitioned_table WHERE partstrat = 'h'"),
    "default partitions": (1, "SELECT FROM pg_partitioned_table WHERE partdefid <> 0"),
    "inherited tables": (
        2,
        "SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE c.relkind = 'r' AND NOT c.relispartition",
    ),
    "unlogged tables": (2, "{relations} AND relkind = 'r' AND relpersistence = 'u'"),
    "foreign tables": (1, "{relations} AND relkind = 'f'"),
    "user mappings": (2, "SELECT FROM pg_user_mappings"),
    "views": (12, "{relations} AND relkind = 'v'"),
    "views on views": (
        4,
        "SELECT DISTINCT r.ev_class FROM pg_depend d JOIN pg_rewrite r ON"
        " r.oid = d.objid JOIN pg_class v ON v.oid = d.refobjid JOIN pg_namespace n ON"
        " n.oid = v.relnamespace WHERE d.classid = 'pg_rewrite'::regclass AND v.relkind = 'v'"
        f" AND r.ev_class <> v.oid AND n.nspname IN {OURS}",
    ),
    "materialised views, filled": (2, "{relations} AND relkind = 'm' AND relispopulated"),
    "indexes of materialised views": (
        3,
        "SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relkind = 'm'",
    ),
    "partial indexes": (2, "SELECT FROM pg_index WHERE indpred IS NOT NULL"),
    "expression indexes": (1, "SELECT FROM pg_index WHERE indexprs IS NOT NULL"),
    "sequences with an owner": (
        5,
        "SELECT FROM pg_depend d JOIN pg_class s ON s.oid = d.objid"
        " WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0",
    ),
    "functions": (10, "{routines} AND prokind = 'f'"),
    "procedures": (2, "{routines} AND prokind = 'p'"),
    "aggregates": (1, "{routines} AND prokind = 'a'"),
    "overloaded functions": (1, "{routines} AND proname = 'order_total' AND pronargs = 2"),
    "security definer functions": (2, "{routines} AND prosecdef"),
    "triggers": (5, "SELECT FROM pg_trigger WHERE NOT tgisinternal"),
    "constraint triggers": (1, "SELECT FROM pg_trigger WHERE NOT tgisinternal AND tgdeferrable"),
    "instead-of triggers": (1, "SELECT FROM pg_trigger WHERE tgtype & 64 > 0"),
    "rules beside the views' own": (
        1,
        "SELECT FROM pg_rewrite r JOIN pg_class c ON"
        " c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
        f" rulename <> '_RETURN' AND nspname IN {OURS}",
    ),
    "enum types": (2, "{types} AND typtype = 'e'"),
    "domains": (3, "{types} AND typtype = 'd'"),
    "range types": (1, "{types} AND typtype = 'r'"),
    "composite types": (1, "{relations} AND relkind = 'c'"),
    "identity columns": (5, "{columns} AND attidentity = 'a'"),
    "identity columns by default": (2, "{columns} AND attidentity = 'd'"),
    "columns with a collation of their own": (
        1,
        "{columns} AND attcollation NOT IN"
        " (SELECT oid FROM pg_collation WHERE collname IN ('default', 'C'))",
    ),
    "checks": (8, "{constraints} AND contype = 'c' AND conrelid <> 0"),
    "domain checks": (2, "{constraints} AND contypid <> 0"),
    "primary keys": (25, "{constraints} AND contype = 'p'"),
    "unique constraints": (4, "{constraints} AND contype = 'u'"),
    "foreign keys": (25, "{constraints} AND contype = 'f'"),
    "deferred foreign keys": (2, "{constraints} AND contype = 'f' AND condeferred"),
    "foreign keys that are not validated": (
        1,
        "{constraints} AND contype = 'f' AND NOT convalidated",
    ),
    "exclusion constraints": (2, "{constraints} AND contype = 'x'"),
    "policies": (5, "SELECT FROM pg_policy"),
    "restrictive policies": (1, "SELECT FROM pg_policy WHERE NOT polpermissive"),
    "statistics objects": (1, "SELECT FROM pg_statistic_ext"),
    "publications": (1, "SELECT FROM pg_publication"),
    "subscriptions": (
        1,
        "SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
        " WHERE datname = current_database()",
    ),
    "roles": (9, "SELECT FROM pg_roles WHERE rolname LIKE 'shop\\_%'"),
    "memberships": (
        4,
        "SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname LIKE 'shop\\_%'",
    ),
    "grants on tables": (20, "{relations} AND relacl IS NOT NULL"),
    "grants on columns": (2, "{columns} AND attacl IS NOT NULL"),
    "default privileges": (3, "SELECT FROM pg_default_acl"),
    "extensions": (1, "SELECT FROM pg_extension"),
    "tables with rows": (35, "{relations} AND relkind IN ('r', 'm') AND reltuples > 0"),
    "comments on columns": (250, "{columns} AND col_description(c.oid, attnum) IS NOT NULL"),
}
SHORTHAND = {
    "{relations}": "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
    f" WHERE nspname IN {OURS}",
    "{routines}": "SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
    f" WHERE nspname IN {OURS}",
    "{types}": f"SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
    f" WHERE nspname IN {OURS}",
    "{columns}": "SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
    f" JOIN pg_namespace n ON n.oid = relnamespace WHERE attnum > 0"
    f" AND NOT attisdropped AND nspname IN {OURS}",
    "{constraints}": "SELECT FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace"
    f" WHERE nspname IN {OURS}",
}
NEWER: dict[int, str] = {
    12: "{columns} AND attgenerated = 's'",
    14: "{routines} AND prosqlbody IS NOT NULL",
    15: "SELECT FROM pg_publication_rel WHERE prqual IS NOT NULL",
    18: "{columns} AND attgenerated = 'v'",
}
WITHOUT_COMMENT = f"""
    SELECT 'relation ' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname IN {OURS} AND relkind IN ('r', 'p', 'f', 'v', 'm')
        AND obj_description(c.oid, 'pg_class') IS NULL
    UNION ALL
    SELECT 'routine ' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname IN {OURS} AND obj_description(p.oid, 'pg_proc') IS NULL
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'i')
    UNION ALL
    SELECT 'schema ' || nspname FROM pg_namespace n
    WHERE nspname IN {OURS} AND obj_description(n.oid, 'pg_namespace') IS NULL
"""


def count(cursor: psycopg2.extensions.cursor, sql: str) -> int:
    for short, full in SHORTHAND.items():
        sql = sql.replace(short, full)
    cursor.execute(sql)
    return cursor.rowcount


def test_it_loads_twice_in_a_row_and_holds_every_kind_of_object(
    every_postgres: PostgresServer,
) -> None:
    sample_database.create(every_postgres.connect, "sample_kinds")
    in_use = every_postgres.connect("sample_kinds")  # a session must not stop the second time
    sample_database.create(every_postgres.connect, "sample_kinds")
    in_use.close()
    connection = every_postgres.connect("sample_kinds")
    with connection.cursor() as cursor:
        found = {kind: count(cursor, sql) for kind, (_, sql) in KINDS.items()}
        newer = {v: count(cursor, sql) for v, sql in NEWER.items() if v <= every_postgres.version}
        cursor.execute(WITHOUT_COMMENT)
        silent = cursor.fetchall()
    connection.close()
    assert {kind: n for kind, n in found.items() if n < KINDS[kind][0]} == {}
    assert 0 not in newer.values()
    assert silent == []


def test_every_view_that_needs_no_other_server_can_be_read(postgres: PostgresServer) -> None:
    sample_database.create(postgres.connect, "sample_views")
    connection = postgres.connect("sample_views")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n"
            f" ON n.oid = relnamespace WHERE nspname IN {OURS} AND relkind IN ('v', 'm')"
            " AND relname <> 'purchase_margin'"
        )
        views = [name for (name,) in cursor.fetchall()]
        empty = [view for view in views if count(cursor, f"SELECT FROM {view} LIMIT 1") == 0]
    connection.close()
    assert len(views) >= 18
    assert empty == []


def test_the_reader_logs_in_with_its_password_and_cannot_write_or_read_customers(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("guarded") / "data"
    with PostgresServer.start(folder, password="admin pw", settings={"fsync": "off"}) as server:
        sample_database.create(server.connect, reader_password="reader 'pw'")
        with pytest.raises(psycopg2.OperationalError):
            server.connect("shop", "shop_reader", "wrong")
        connection = server.connect("shop", "shop_reader", "reader 'pw'")
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relname = 'customer'")
            assert cursor.fetchone() == ("customer",)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT * FROM crm.customer")
            with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
                cursor.execute("CREATE TABLE shop.mine ()")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT subconninfo FROM pg_subscription")
        connection.close()
    assert b"reader 'pw'" not in (folder / "server.log").read_bytes()


def test_two_loads_give_the_same_rows(postgres: PostgresServer) -> None:
    checksums: list[object] = []
    for database in ("sample_once", 'sample "again"'):
        sample_database.create(postgres.connect, database)
        connection = postgres.connect(database)
        with connection.cursor() as cursor:
            cursor.execute("SET timezone = 'UTC'")
            cursor.execute(
                "SELECT (SELECT md5(string_agg(c::text, '|' ORDER BY customer_id))"
                " FROM crm.customer c),"
                " (SELECT md5(string_agg(v::text, '|' ORDER BY customer_id))"
                " FROM analytics.customer_rank v),"
                " (SELECT md5(string_agg(e::text, '|' ORDER BY entry_id))"
                " FROM finance.ledger_entry e)"
            )
            checksums.append(cursor.fetchone())
        connection.close()
    assert checksums[0] == checksums[1]
    assert None not in checksums[0]  # type: ignore[operator]


@pytest.mark.parametrize("version", range(11, 20))
def test_a_script_keeps_line_numbers_and_chooses_one_of_each_pair(version: int) -> None:
    script = sample_database.script_for(version)
    everything = sample_database._script()
    assert len(script.splitlines()) == len(everything.splitlines())
    assert (
        len(re.findall(r"^CREATE FUNCTION shop\.order_total\(wanted bigint\)", script, re.M)) == 1
    )
    assert len(re.findall(r"^    face_mm2 bigint", script, re.M)) == 1
    assert ("BEGIN ATOMIC" in script) == (version >= 14)
    assert (" VIRTUAL" in script) == (version >= 18)
