"""Databases by way of ODBC: SQLite's and PostgreSQL's drivers, where the machine has them."""

from __future__ import annotations

import sqlite3
import struct
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.odbc import OdbcSource, moment_with_zone, spelt
from kada_dagster.loader.source.registry import open_source
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing
from kada_dagster_tests.loader.source.postgres_defaults import HIDDEN, LIMITS, ODD, odd_defaults
from kada_dagster_tests.loader.source.postgres_denied import require_listed, some_denied

pyodbc: Any = pytest.importorskip("pyodbc", exc_type=ImportError)
T = Selection(table=("t",))
PG, LITE = "PostgreSQL Unicode", "SQLite3"
needs_pg = pytest.mark.skipif(PG not in pyodbc.drivers(), reason="odbc-postgresql is missing")
needs_lite = pytest.mark.skipif(LITE not in pyodbc.drivers(), reason="libsqliteodbc is missing")


@contextmanager
def opened(text: str) -> Iterator[OdbcSource]:
    profile = PROFILE.validate_python({"type": "odbc", "connection_string": text})
    with open_source(profile, "shop") as source:
        assert isinstance(source, OdbcSource)
        yield source


@pytest.fixture(scope="module")
def origin(postgres: PostgresServer) -> Iterator[Landing]:
    """A PostgreSQL database to read from."""
    with new_landing(postgres) as made:
        made.rows(f"ALTER DATABASE {made.database} SET timezone = 'Asia/Tokyo'; SELECT 1")
        yield made


def pg(origin: Landing) -> str:
    address = f"Server=127.0.0.1;Port={origin.server.port};Database={origin.database}"
    return f"Driver={{{PG}}};{address};UID=postgres;PWD=${{SHOP_PASSWORD}};UseDeclareFetch=1"


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "ge}he;im")


PG_VALUES: list[tuple[str, str, str]] = [
    ("integer", "1", "integer"),
    ("bigint", "9223372036854775807", "bigint"),
    ("numeric(10,2)", "1.50", "numeric(10,2)"),
    ("numeric", "1.123456789", "numeric"),
    ("boolean", "true", "boolean"),
    ("text", "E'a\\tb\\\\N 😀'", "text"),
    ("character varying", "repeat('x', 300)", "text"),
    ("character varying(20)", "'x'", "character varying(20)"),
    ("bytea", r"'\x00ff'", "bytea"),
    ("date", "'infinity'", "date"),
    ("timestamp without time zone", "'2026-07-02 03:04:05.123456'", "timestamp without time zone"),
    ("timestamp with time zone", "'2026-07-02 03:04:05.123456+02'", "timestamp with time zone"),
    ("time without time zone", "'23:59:59.5'", "time without time zone"),
    ("interval", "'1 mon 2 days'", "interval"),
    ("uuid", "'123e4567-e89b-12d3-a456-426655440000'", "uuid"),
    ("jsonb", "'{\"a\": [1, null]}'", "jsonb"),
    ("double precision", "0.1", "double precision"),
]


@needs_pg
def test_types_of_postgresql_arrive_as_they_are_by_table_and_by_query(
    landing: Landing, origin: Landing
) -> None:
    origin.create(", ".join(f"c{i} {kind}" for i, (kind, _, _) in enumerate(PG_VALUES)))
    origin.rows(f"INSERT INTO t VALUES ({', '.join(v for _, v, _ in PG_VALUES)}) RETURNING 1")
    with opened(pg(origin)) as source:
        found = source.columns(Selection(table=("public", "t")))
        assert [c.target_type for c in found] == [target for _, _, target in PG_VALUES]
        texts = ", ".join(f"c{i}::text" for i in range(len(PG_VALUES)))
        landing.load(source, Selection(table=("public", "t")))
        assert landing.rows(f"SELECT {texts} FROM t") == origin.rows(f"SELECT {texts} FROM t")
        declared = ", ".join(f"c{i} {target}" for i, (_, _, target) in enumerate(PG_VALUES))
        landing.load(source, Selection(query="SELECT * FROM t"), declared)
        assert landing.rows(f"SELECT {texts} FROM t") == origin.rows(f"SELECT {texts} FROM t")


@needs_pg
def test_a_moment_that_a_query_tells_without_its_zone_is_in_utc(
    landing: Landing, origin: Landing
) -> None:
    query = "SELECT timestamptz '2026-07-02 03:04:05+02' AS moment"
    with opened(pg(origin)) as source:
        landing.load(source, Selection(query=query))
    assert landing.types() == ["timestamp without time zone"]
    assert landing.rows("SELECT moment::text FROM t") == [("2026-07-02 01:04:05",)]


@needs_pg
def test_bounds_are_half_open_and_bound_as_values_of_their_column(
    landing: Landing, origin: Landing
) -> None:
    origin.create("id int, moment timestamp, zoned timestamptz, day date, n numeric(9,2)")
    origin.rows(
        "INSERT INTO t SELECT i, m, m::timestamptz, m::date, i FROM generate_series(1, 3) AS g(i), "
        "LATERAL (SELECT timestamp '2026-01-01' + i * interval '1 day' AS m) AS x RETURNING 1"
    )
    bounds = [
        Bound("id", "2", "9"),
        Bound("moment", "2026-01-03 00:00:00"),
        Bound("zoned", "2026-01-03 00:00:00+00"),
        Bound("day", "2026-01-03"),
        Bound("n", "1.5"),
    ]
    with opened(pg(origin)) as source:
        for bound in bounds:
            selection = Selection(query="SELECT * FROM t WHERE '?' = '?'", bounds=(bound,))
            landing.load(source, selection)
            assert (bound, landing.rows("SELECT id FROM t ORDER BY 1")) == (bound, [(2,), (3,)])
            assert source.count(selection) == 2


@needs_pg
def test_one_state_is_read_and_nothing_can_be_written(landing: Landing, origin: Landing) -> None:
    origin.create("id int")
    with opened(pg(origin)) as source:
        assert source.count(T) == 0
        origin.rows("INSERT INTO t VALUES (2) RETURNING 1")
        assert source.count(T) == landing.load(source, T) == 0
        with pytest.raises(SourceReadError, match="read-only transaction"):
            source._all("t", ("INSERT INTO t VALUES (1) RETURNING id", []))


@needs_pg
def test_defaults_of_postgresql_change_no_value_and_end_no_load(
    landing: Landing, origin: Landing
) -> None:
    with odd_defaults(origin), opened(pg(origin)) as source:
        landing.load(source, T)
        assert landing.rows(ODD) == [("-1 days -02:03:04", "2026-01-02", "0.30000000000000004")]
        landing.load(source, Selection(query=LIMITS))
    assert landing.rows() == [("0", "0")]


@needs_pg
def test_rows_that_a_policy_of_postgresql_hides_are_an_error_and_not_just_missing(
    landing: Landing, origin: Landing
) -> None:
    text = pg(origin).replace("UID=postgres", f"UID={origin.database}")
    with odd_defaults(origin):
        origin.rows(HIDDEN.format(role=origin.database))
        try:
            with opened(text) as source, pytest.raises(SourceDeniedError, match="row_security = o"):
                landing.load(source, T)
            with opened(f"{text};ConnSettings=SET row_security=on") as source:
                assert landing.load(source, T) == 0
        finally:
            origin.rows(f"DROP OWNED BY {origin.database}; DROP ROLE {origin.database}; SELECT 1")


@needs_pg
def test_tables_are_told_with_keys_and_what_may_be_missing(origin: Landing) -> None:
    origin.rows(
        "DROP TABLE IF EXISTS t; CREATE TABLE a_b (y text, x int, PRIMARY KEY (x, y)); "
        "CREATE TABLE axb (x text); CREATE VIEW recent AS SELECT x FROM a_b; SELECT 1"
    )
    with opened(pg(origin)) as source:
        found = {table.name: table for table in source.tables("public")}
        assert {t.name for t in source.tables(None)} == set(found)
    assert list(found) == [("public", "a_b"), ("public", "axb"), ("public", "recent")]
    table = found["public", "a_b"]
    assert table.key == ("x", "y")
    assert [(c.name, c.target_type, c.nullable) for c in table.columns] == [
        ("y", "text", False),
        ("x", "integer", False),
    ]


@needs_pg
def test_a_connection_that_is_cut_can_be_tried_again(landing: Landing, origin: Landing) -> None:
    into = landing.create("i int")
    query = Selection(query="SELECT i FROM generate_series(1, 99999) AS g(i)")
    with opened(pg(origin)) as source:
        pid = source._all("pid", ("SELECT pg_backend_pid()", []))[0][0]
        origin.rows("SELECT pg_terminate_backend(%s, 5000)", int(pid))
        with pytest.raises(SourceLostError, match="the load can be run again") as caught:
            landing.take(source.stream(query, into), into)
    assert caught.value.transient


@needs_pg
def test_neither_password_nor_values_are_in_any_message(origin: Landing) -> None:
    text = pg(origin).replace(f"Port={origin.server.port}", "Port=1")
    with pytest.raises(SourceLostError, match="shop: connect: ") as lost, opened(text):
        pass
    origin.create("s text")
    origin.rows("INSERT INTO t VALUES ('Jane Doe') RETURNING 1")
    with opened(pg(origin)) as source, pytest.raises(SourceReadError) as bad:
        source._all("t", ("SELECT s::int FROM t", []))
    shown = f"{lost.value} {bad.value}"
    assert "invalid input syntax for type integer" in shown
    assert not [word for word in ("Jane", "ge}he;im", "ge}}he;im") if word in shown]


@needs_lite
def test_a_sqlite_file_is_read_with_its_declared_types(landing: Landing, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(
            "CREATE TABLE t (id integer PRIMARY KEY, name varchar(20) NOT NULL, price "
            "decimal(10,2), data blob, moment timestamp, weight double, note text)"
        )
        raw.execute(
            "INSERT INTO t VALUES (1, 'aé😀', 1.5, x'00ff', '2026-01-02 03:04:05.5', 0.1, ?)",
            ("x" * 100_000,),
        )
        raw.commit()
    with opened(f"Driver={{{LITE}}};Database={file}") as source:
        assert landing.load(source, T) == 1
        (table,) = source.tables(None)
    assert landing.types()[:3] == ["integer", "character varying(20)", "numeric(10,2)"]
    texts = "name, price::text, data::text, moment::text, weight, length(note)"
    assert landing.rows(f"SELECT {texts} FROM t") == [
        ("aé😀", "1.50", r"\x00ff", "2026-01-02 03:04:05.5", 0.1, 100_000)
    ]
    assert (table.name, table.key) == (("t",), ("id",))
    assert [c.nullable for c in table.columns[:2]] == [True, False]


@needs_lite
def test_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with (
        opened(f"Driver={{{LITE}}};Database={tmp_path}/new.db") as source,
        pytest.raises(SourceReadError, match="no such table: t"),
    ):
        source.columns(T)


def test_a_driver_that_is_not_installed_is_an_error_of_the_configuration() -> None:
    with (
        pytest.raises(ConfigError, match=r"connections\.yaml: shop: connect: .*'Nope'") as caught,
        opened("Driver={Nope};Server=x;UID=me;PWD=${SHOP_PASSWORD}"),
    ):
        pass
    assert "ge}" not in str(caught.value)


def test_a_missing_pyodbc_or_libodbc_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(ConfigError, match=r"pip install 'kada_dagster\[odbc\]'"), opened("DSN=x"):
        pass
    (tmp_path / "pyodbc.py").write_text("raise ImportError('libodbc.so.2: cannot open')")
    monkeypatch.delitem(sys.modules, "pyodbc")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="libodbc cannot be loaded"), opened("DSN=x"):
        pass


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("a;b", "{a;b}"),
        ("a}b", "{a}}b}"),
        ("{x", "{{x}"),
        ("two words=2", "two words=2"),
        (" x", "{ x}"),
        ("", "{}"),
    ],
)
def test_values_are_in_braces_where_they_need_it(value: str, expected: str) -> None:
    assert spelt(value) == expected


@needs_pg
def test_a_value_of_a_variable_cannot_change_the_connection_string(
    origin: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "x;Database=nothing;Port=1")
    with opened(pg(origin)) as source:
        assert source._all("x", ("SELECT current_database()", []))[0][0] == origin.database


def test_sql_servers_moment_with_zone_keeps_its_zone() -> None:
    packed = struct.pack("<6hI2h", 2026, 7, 2, 3, 4, 5, 123_456_700, 5, 30)
    zone = timezone(timedelta(hours=5, minutes=30))
    assert moment_with_zone(packed) == datetime(2026, 7, 2, 3, 4, 5, 123_456, zone)


@needs_pg
def test_a_table_of_postgresql_that_may_not_be_read_is_listed_with_the_reason(
    origin: Landing,
) -> None:
    text = pg(origin).replace("UID=postgres", f"UID={origin.database}")
    with some_denied(origin), opened(text) as source:
        require_listed(source)
