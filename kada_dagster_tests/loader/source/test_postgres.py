"""PostgreSQL as a source. That all types travel without change is told in `fidelity`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg2.sql import SQL, Identifier

from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.server import Server
from kada_dagster.loader.source.base import Bound, Selection, TargetColumn
from kada_dagster.loader.source.postgres import PostgresSource
from kada_dagster.postgres.client import ServerAddress
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing

T = Selection(table=("public", "t"))
SHORT = "CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no')"


@pytest.fixture(scope="module")
def origin(postgres: PostgresServer) -> Iterator[Landing]:
    """Another database, as the source."""
    with new_landing(postgres) as made:
        run(made, SHORT)
        yield made


@pytest.fixture(scope="module")
def goal(postgres: PostgresServer) -> Iterator[Landing]:
    """The target."""
    with new_landing(postgres) as made:
        run(made, SHORT)
        yield made


def run(landing: Landing, sql: Any) -> None:
    with landing.raw.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def opened(landing: Landing) -> Iterator[PostgresSource]:
    address = ServerAddress(server="127.0.0.1", port=landing.server.port, username="postgres")
    with PostgresSource(Server(address, landing.database)) as source:
        yield source


@pytest.mark.parametrize(
    ("kind", "other", "read_back"),
    [
        ("int", "bigint", ["1"]),
        ("numeric(9,2)", "text", ["1.00"]),
        ("bigint", "numeric(20,1)", ["1.0"]),
        ("varchar(3)", "text", ["1"]),
        ("short", "text", ["1"]),
        ("text", "short", ["1"]),
    ],
)
def test_another_type_is_read_by_the_target_itself(
    origin: Landing, goal: Landing, kind: str, other: str, read_back: list[str]
) -> None:
    run(origin, f"DROP TABLE IF EXISTS t; CREATE TABLE t (v {kind}); INSERT INTO t VALUES ('1')")
    with opened(origin) as source:
        goal.load(source, T, f"v {other}")
    assert [row[0] for row in goal.rows("SELECT v::text FROM t")] == read_back


def test_views_partitions_and_queries_are_read_like_tables(origin: Landing, goal: Landing) -> None:
    run(
        origin,
        "CREATE TABLE parts (id int, day date) PARTITION BY RANGE (id); "
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); "
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20); "
        "INSERT INTO parts SELECT i, '2026-01-01' FROM generate_series(0, 19) i; "
        'CREATE VIEW "some; view" AS SELECT id FROM parts WHERE id >= 15; '
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM parts WHERE id < 3",
    )
    with opened(origin) as source:
        for selection, rows in (
            (Selection(table=("public", "parts")), 20),
            (Selection(table=("some; view",)), 5),
            (Selection(table=("kept",)), 3),
            (Selection(query="SELECT id, '100%' AS p FROM parts WHERE id = 7 -- one"), 1),
            (Selection(table=("parts",), bounds=(Bound("id", 5, "12"),)), 7),
            (Selection(table=("parts",), bounds=(Bound("day", "2026-01-01", None),)), 20),
        ):
            assert source.count(selection) == goal.load(source, selection) == rows
        names = {table.name[1] for table in source.tables("public")}
    assert {"parts", "some; view", "kept"} <= names
    assert "parts_1" not in names


def test_one_state_is_read_while_others_write(origin: Landing, goal: Landing) -> None:
    run(origin, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    with opened(origin) as source:
        assert source.count(T) == 1
        run(origin, "INSERT INTO t VALUES (2)")
        assert goal.load(source, T) == 1


def test_what_may_not_be_read_says_so(origin: Landing) -> None:
    name = f"reader_{origin.database}"
    run(
        origin,
        SQL("CREATE ROLE {} LOGIN; DROP TABLE IF EXISTS t; CREATE TABLE t (id int)").format(
            Identifier(name)
        ),
    )
    address = ServerAddress(server="127.0.0.1", port=origin.server.port, username=name)
    try:
        with (
            PostgresSource(Server(address, origin.database)) as source,
            pytest.raises(SourceDeniedError, match="grant it to the role that reads"),
        ):
            source.columns(T)
    finally:
        run(origin, SQL("DROP ROLE {}").format(Identifier(name)))


def test_a_connection_that_is_cut_can_be_tried_again(origin: Landing, goal: Landing) -> None:
    into = goal.create("i bigint")
    endless = Selection(query="SELECT generate_series(1, 1000000000::bigint) AS i")
    with opened(origin) as source:
        stream = source.stream(endless, into)

        class Killer:
            done = False

            def write(self, data: bytes, /) -> int:
                if not self.done:
                    run(
                        origin,
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    self.done = True
                return len(data)

        with pytest.raises(SourceLostError, match="can be run again") as caught:
            stream.write(Killer())
    assert caught.value.transient


def test_an_error_among_the_rows_is_one(origin: Landing, goal: Landing) -> None:
    query = Selection(query="SELECT 1 / (5 - i) AS x FROM generate_series(1, 9) i")
    with opened(origin) as source, pytest.raises(SourceReadError, match="division by zero"):
        goal.load(source, query, "x int")


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "72000"])
def test_what_only_was_in_the_way_can_be_tried_again(origin: Landing, state: str) -> None:
    run(
        origin,
        "CREATE OR REPLACE FUNCTION conflict() RETURNS int LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE 'conflict with recovery' USING ERRCODE = '{state}'; END$$",
    )
    query = Selection(query="SELECT conflict() AS x FROM generate_series(1, 2)")
    with opened(origin) as source, pytest.raises(SourceLostError, match="can be run again"):
        source.count(
            Selection(query="SELECT * FROM (SELECT conflict() AS x OFFSET 0) q WHERE x > 0")
        )
    with opened(origin) as source, pytest.raises(SourceLostError, match="can be run again"):
        source.stream(query, [TargetColumn("x", "integer")]).write(io.BytesIO())


@pytest.mark.parametrize(
    "expression",
    [
        "s::int",
        "s::json",
        "s::date",
        "('{' || s)::int[]",
        "now() AT TIME ZONE s",
        "to_date(s, 'Y')",
    ],
)
def test_no_message_repeats_a_value_of_a_row(origin: Landing, expression: str) -> None:
    rows = "(VALUES (E'planted \\n \"planted'), ('x')) v(s)"
    query = Selection(query=f"SELECT {expression} AS x FROM {rows}")
    with opened(origin) as source, pytest.raises(SourceReadError, match=r"SQLSTATE 22") as caught:
        source.stream(query, [TargetColumn("x", "text")]).write(io.BytesIO())
    assert "planted" not in str(caught.value)


def test_columns_are_described_as_they_are_declared(origin: Landing) -> None:
    run(
        origin,
        "DROP TABLE IF EXISTS t; CREATE TABLE t (a bit(3) NOT NULL, b numeric(9,2)[], "
        "c interval(2), d short, e timestamp(3)); COMMENT ON COLUMN t.a IS 'three'",
    )
    kinds = [
        "bit(3)",
        "numeric(9,2)[]",
        "interval(2)",
        "character varying(5)",
        "timestamp(3) without time zone",
    ]
    with opened(origin) as source:
        table = source.columns(T)
        query = source.columns(Selection(query="SELECT x.* FROM t x RIGHT JOIN pg_class ON false"))
    assert [c.target_type for c in table] == [c.target_type for c in query] == kinds
    assert [c.nullable for c in table] == [False, True, True, True, True]
    assert {c.nullable for c in query} == {None}
    assert table[0].comment == "three"


def test_rows_that_a_policy_keeps_from_the_role_are_an_error_and_not_just_missing(
    origin: Landing,
) -> None:
    role = f"reader_{origin.database}"
    run(
        origin,
        f"""CREATE TABLE guarded (id int); INSERT INTO guarded SELECT generate_series(1, 5);
        ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE ROLE {role} LOGIN;
        GRANT SELECT ON guarded TO {role}; CREATE POLICY few ON guarded USING (id < 3)""",
    )
    try:
        address = ServerAddress(server="127.0.0.1", port=origin.server.port, username=role)
        guarded = Selection(table=("public", "guarded"))
        plain = PostgresSource(Server(address, origin.database))
        with plain as source, pytest.raises(SourceDeniedError, match="row_security=on"):
            source.count(guarded)
        told = Server(address, origin.database, {"options": "-c row_security=on"})
        with PostgresSource(told) as source:
            assert source.count(guarded) == 2
    finally:
        run(origin, f"DROP TABLE guarded; DROP ROLE {role}")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_texts_of_another_encoding_arrive_as_they_read(
    postgres: PostgresServer, goal: Landing, encoding: str
) -> None:
    with new_landing(postgres, encoding) as old:
        old.create("s text")
        old.raw.set_client_encoding("UTF8")
        run(old, "INSERT INTO t VALUES ('naïve £')")
        with opened(old) as source:
            goal.load(source, T)
    assert goal.rows() == [("naïve £",)]
