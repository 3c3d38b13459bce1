"""Databases by way of SQLAlchemy: DuckDB, PostgreSQL and SQLite, each a real one."""

from __future__ import annotations

import logging
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.registry import open_source
from kada_dagster.loader.source.sqlalchemy import SqlalchemySource
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing
from kada_dagster_tests.loader.source.mariadb_server import PASSWORD, MariadbDatabase
from kada_dagster_tests.loader.source.mariadb_source import with_default
from kada_dagster_tests.loader.source.postgres_defaults import HIDDEN, LIMITS, ODD, odd_defaults
from kada_dagster_tests.loader.source.postgres_denied import require_listed, some_denied

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("duckdb_engine")
T = Selection(table=("t",))
SECRET = "p@ss/w%rd: ü"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "shop.duckdb"


@pytest.fixture(scope="module")
def origin(postgres: PostgresServer) -> Iterator[Landing]:
    """A PostgreSQL database to read from."""
    with new_landing(postgres) as made:
        made.rows(f"ALTER DATABASE {made.database} SET timezone = 'Asia/Tokyo'; SELECT 1")
        yield made


def make(file: Path, *statements: str) -> None:
    with closing(duckdb.connect(str(file))) as raw:
        for statement in statements:
            raw.execute(statement)


@contextmanager
def opened(url: str) -> Iterator[SqlalchemySource]:
    profile = PROFILE.validate_python({"type": "sqlalchemy", "url": url})
    with open_source(profile, "shop") as source:
        assert isinstance(source, SqlalchemySource)
        yield source


def duck(file: Path) -> Any:
    return opened(f"duckdb:///{file}")


def postgres_url(origin: Landing, user: str = "postgres") -> str:
    return f"postgresql+psycopg2://{user}@127.0.0.1:{origin.server.port}/{origin.database}"


DUCK_TYPES: list[tuple[str, str, str, str | None]] = [
    ("BOOLEAN", "boolean", "true", "true"),
    ("TINYINT", "smallint", "-128", "-128"),
    ("UTINYINT", "smallint", "255", "255"),
    ("USMALLINT", "integer", "65535", "65535"),
    ("UINTEGER", "bigint", "4294967295", "4294967295"),
    ("BIGINT", "bigint", "-9223372036854775808", "-9223372036854775808"),
    ("UBIGINT", "numeric(20,0)", "18446744073709551615", "18446744073709551615"),
    ("HUGEINT", "numeric(39,0)", f"{2**127 - 1}", f"{2**127 - 1}"),
    ("DECIMAL(38,10)", "numeric(38,10)", "0.0000000001", "0.0000000001"),
    ("FLOAT", "real", "0.1", "0.1"),
    ("DOUBLE", "double precision", "'-infinity'", "-Infinity"),
    ("DOUBLE", "double precision", "'nan'", "NaN"),
    ("VARCHAR(3)", "text", "'a\tb\\\\N'", "a\tb\\\\N"),
    ("BLOB", "bytea", "'\\x00\\xFF'::BLOB", "\\x00ff"),
    ("DATE", "date", "'infinity'", "infinity"),
    ("DATE", "date", "'0044-03-15 (BC)'", "0044-03-15 BC"),
    ("TIMESTAMP", "timestamp without time zone", "'-infinity'", "-infinity"),
    ("TIMESTAMP", "timestamp without time zone", "'0044-03-15 (BC) 12:00:00'",
     "0044-03-15 12:00:00 BC"),
    ("TIMESTAMP_NS", "timestamp without time zone", "'2026-01-02 03:04:05.123456'",
     "2026-01-02 03:04:05.123456"),
    ("TIMESTAMPTZ", "timestamp with time zone", "'2026-07-02 03:04:05.5+02'",
     "2026-07-02 01:04:05.5+00"),
    ("TIME", "time without time zone", "'23:59:59.999999'", "23:59:59.999999"),
    ("TIMETZ", "time with time zone", "'10:00:00+02:30'", "10:00:00+02:30"),
    ("INTERVAL", "interval", "INTERVAL '1 month 2 days -3.5 seconds'",
     "1 mon 2 days -00:00:03.5"),
    ("UUID", "uuid", "'123e4567-e89b-12d3-a456-426655440000'",
     "123e4567-e89b-12d3-a456-426655440000"),
    ("JSON", "json", "'\"text\"'", '"text"'),
    ("BIT", "bit varying", "'1011'", "1011"),
    ("ENUM('x', 'y')", "text", "'y'", "y"),
    ("INTEGER[]", "integer[]", "[1, NULL]", "{1,NULL}"),
    ("INTEGER[2]", "integer[]", "[1, 2]", "{1,2}"),
    ("VARCHAR[]", "text[]", "['a\"b', 'NULL']", '{"a\\"b","NULL"}'),
    ("TIMESTAMP[]", "timestamp without time zone[]", "['infinity']", "{infinity}"),
    ("STRUCT(a INTEGER, b DATE)", "jsonb", "{'a': 1, 'b': DATE '2026-01-02'}",
     '{"a": 1, "b": "2026-01-02"}'),
    ("MAP(VARCHAR, INTEGER)", "jsonb", "MAP {'k': 1}", '{"k": 1}'),
]  # fmt: skip


def test_every_type_of_duckdb_arrives_as_it_is(landing: Landing, file: Path) -> None:
    columns = ", ".join(f"c{i} {kind}" for i, (kind, _, _, _) in enumerate(DUCK_TYPES))
    values = ", ".join(value for _, _, value, _ in DUCK_TYPES)
    nulls = ", ".join("NULL" for _ in DUCK_TYPES)
    make(file, f"CREATE TABLE t ({columns})", f"INSERT INTO t VALUES ({values}), ({nulls})")
    with duck(file) as source:
        query = Selection(query="SELECT * FROM t")
        for selection in (T, query):
            found = [c.target_type for c in source.columns(selection)]
            assert found == [target for _, target, _, _ in DUCK_TYPES]
        assert landing.load(source, T) == 2
    texts = ", ".join(f"c{i}::text" for i in range(len(DUCK_TYPES)))
    first, second = landing.rows(f"SELECT {texts} FROM t")
    assert list(first) == [text for _, _, _, text in DUCK_TYPES]
    assert set(second) == {None}


ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | TEXT,
    st.none() | st.binary(max_size=20),
    st.none() | st.decimals("-1e20", "1e20", places=6),
    st.none() | st.dates(),
    st.none() | st.datetimes(),
    st.none() | st.lists(st.none() | TEXT, max_size=3),
)


@given(st.lists(ROW, min_size=1, max_size=10))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_values_arrive_as_they_are_stored(
    landing: Landing, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    file = tmp_path_factory.mktemp("duck") / "all.duckdb"
    kinds = ("BIGINT", "DOUBLE", "VARCHAR", "BLOB", "DECIMAL(38,6)", "DATE", "TIMESTAMP")
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate((*kinds, "VARCHAR[]")))
    with closing(duckdb.connect(str(file))) as raw:
        raw.execute(f"CREATE TABLE t ({columns})")
        raw.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    with duck(file) as source:
        landing.load(source, T)
    arrived = [tuple(bytes(v) if i == 3 and v is not None else v for i, v in enumerate(row))
               for row in landing.rows()]  # fmt: skip
    assert arrived == rows


PG_VALUES: list[tuple[str, str]] = [
    ("integer", "1"),
    ("numeric", "12345678901234567890.123456789"),
    ("numeric", "'NaN'"),
    ("real", "0.1"),
    ("double precision", "1e300"),
    ("boolean", "true"),
    ("text", "E'a\\tb\\\\N'"),
    ("character varying(9)", "'x'"),
    ("bytea", r"'\x00ff'"),
    ("date", "'infinity'"),
    ("date", "'0044-03-15 BC'"),
    ("timestamp without time zone", "'-infinity'"),
    ("timestamp with time zone", "'2026-07-02 03:04:05.123456+02'"),
    ("time without time zone", "'24:00:00'"),
    ("interval", "'1 mon 2 days -00:00:03.5'"),
    ("uuid", "'123e4567-e89b-12d3-a456-426655440000'"),
    ("jsonb", "'{\"a\": [1, null]}'"),
    ("json", "'{\"a\":  1}'"),
    ("inet", "'192.0.2.1'"),
    ("integer[]", "'{1,NULL}'"),
    ("bit(3)", "'101'"),
    ("money", "1.5"),
]


def test_types_of_postgresql_arrive_as_they_are_by_table_and_by_query(
    landing: Landing, origin: Landing
) -> None:
    columns = ", ".join(f"c{i} {kind}" for i, (kind, _) in enumerate(PG_VALUES))
    origin.create(columns)
    origin.rows(f"INSERT INTO t VALUES ({', '.join(v for _, v in PG_VALUES)}) RETURNING 1")
    texts = ", ".join(f"c{i}::text" for i in range(len(PG_VALUES)))
    with opened(postgres_url(origin)) as source:
        assert [c.target_type for c in source.columns(T)] == [kind for kind, _ in PG_VALUES]
        for selection in (T, Selection(query="SELECT * FROM t -- a comment: 100% :ok")):
            landing.load(source, selection)
            assert landing.rows(f"SELECT {texts} FROM t") == origin.rows(f"SELECT {texts} FROM t")


MARIA_VALUES: list[tuple[str, str, str, str]] = [
    ("bigint unsigned", "18446744073709551615", "numeric(20,0)", "18446744073709551615"),
    ("time(6)", "'-00:00:00.000001'", "interval", "-00:00:00.000001"),
    ("timestamp(3) null", "'2026-07-02 03:04:05.678'", "timestamp with time zone",
     "2026-07-02 03:04:05.678+00"),
    ("datetime(6)", "'2026-07-02 03:04:05.678901'", "timestamp without time zone",
     "2026-07-02 03:04:05.678901"),
    ("json", "'{\"a\": 1}'", "text", '{"a": 1}'),
    ("bit(10)", "b'0000000101'", "bit(10)", "0000000101"),
    ("set('x','y')", "'x,y'", "text", "x,y"),
    ("decimal(65,30)", "0.5", "numeric(65,30)", "0.500000000000000000000000000000"),
    ("float", "16777217.5", "real", "1.6777218e+07"),
    ("varchar(9)", "'a%b'", "character varying(9)", "a%b"),
    ("tinyint(1)", "-5", "smallint", "-5"),
    ("date", "'2026-01-02'", "date", "2026-01-02"),
]  # fmt: skip


def test_types_of_mariadb_arrive_as_they_are_by_table_and_by_query(
    landing: Landing, maria: MariadbDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARIA_PASSWORD", PASSWORD)
    maria.run(f"CREATE TABLE t ({', '.join(f'c{i} {v[0]}' for i, v in enumerate(MARIA_VALUES))})")
    maria.run(f"INSERT INTO t VALUES ({', '.join(v[1] for v in MARIA_VALUES)})")
    declared = ", ".join(f"c{i} {v[2]}" for i, v in enumerate(MARIA_VALUES))
    texts = ", ".join(f"c{i}::text" for i in range(len(MARIA_VALUES)))
    url = f"mysql+pymysql://root:${{MARIA_PASSWORD}}@127.0.0.1:{maria.port}/{maria.name}"
    bounds = (Bound("c2", "2026-07-02 05:04:05.678+02"), Bound("c11", "2026-01-02"))
    with opened(url) as source:
        assert [c.target_type for c in source.columns(T)] == [v[2] for v in MARIA_VALUES]
        landing.load(source, Selection(table=("t",), bounds=bounds), declared)
        assert landing.rows(f"SELECT {texts} FROM t") == [tuple(v[3] for v in MARIA_VALUES)]
        but_bits = "SELECT c0, c1, c2, c3, c4, c6, c7, c9, c10, c11 FROM t WHERE c9 LIKE 'a%'"
        landing.load(source, Selection(query=but_bits, bounds=bounds[:1]))
        assert landing.rows("SELECT c2::text, c3::text, c4 FROM t") == [
            ("2026-07-02 03:04:05.678", "2026-07-02 03:04:05.678901", '{"a": 1}')
        ]


def test_rows_behind_a_limit_of_mariadb_are_read(
    landing: Landing, maria: MariadbDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARIA_PASSWORD", PASSWORD)
    maria.run("CREATE TABLE t AS SELECT 1 AS id UNION SELECT 2 UNION SELECT 3")
    url = f"mysql+pymysql://root:${{MARIA_PASSWORD}}@127.0.0.1:{maria.port}/{maria.name}"
    with with_default(maria, "sql_select_limit", "1"), opened(url) as source:
        assert landing.load(source, T) == 3


BOUNDS: list[tuple[tuple[Bound, ...], list[int]]] = [
    ((Bound("id", 2, 4),), [2, 3]),
    ((Bound("id", "2", "4"),), [2, 3]),
    ((Bound("moment", "2026-01-02 00:00:00", "2026-01-04"),), [2, 3]),
    ((Bound("moment", "2026-01-03", None, includes_null=True),), [3, 4]),
    ((Bound("moment"), Bound("day", "2026-01-02 00:00:00")), [2, 3]),
    ((Bound("zoned", "2026-01-02 02:00:00+02"),), [2, 3]),
    ((Bound("n", "1.5", "2.5"),), [2]),
    ((Bound("name", "100%"),), [1, 2, 3, 4]),
]
ROWS = (
    "CREATE TABLE t (id {0}, moment timestamp, day date, zoned timestamptz, n numeric(9,2), "
    "name text)"
)
INSERT = "INSERT INTO t VALUES " + ", ".join(
    f"({i}, '2026-01-0{i} 00:00:00', '2026-01-0{i}', '2026-01-0{i} 00:00:00+00', {i}, '100%')"
    if i < 4
    else f"({i}, NULL, NULL, NULL, NULL, '100%')"
    for i in range(1, 5)
)


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_a_range_of_floats_begins_with_the_value_that_postgresql_prints(
    landing: Landing, origin: Landing, file: Path, kind: str
) -> None:
    """Four bytes are compared as eight, and 0.7 is more than what they hold of it."""
    rows = "INSERT INTO t VALUES (0.1), (0.3), (0.7), (0.9)"
    if kind == "duckdb":
        make(file, "CREATE TABLE t (f FLOAT)", rows)
    else:
        origin.rows(f"DROP TABLE IF EXISTS t; CREATE TABLE t (f real); {rows} RETURNING 1")
    with opened(f"duckdb:///{file}" if kind == "duckdb" else postgres_url(origin)) as source:
        for bound in (Bound("f", lower="0.7"), Bound("f", upper="0.7")):
            assert landing.load(source, Selection(table=("t",), bounds=(bound,))) == 2


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_bounds_are_half_open_and_bound_as_values_of_their_column(
    landing: Landing, origin: Landing, file: Path, kind: str
) -> None:
    if kind == "duckdb":
        make(file, ROWS.format("INTEGER"), INSERT)
    else:
        origin.rows("DROP TABLE IF EXISTS t; " + ROWS.format("int") + f"; {INSERT} RETURNING 1")
    url = f"duckdb:///{file}" if kind == "duckdb" else postgres_url(origin)
    query = "SELECT * FROM t WHERE name LIKE '100%'"
    with opened(url) as source:
        for bounds, expected in BOUNDS:
            for selection in (
                Selection(table=("t",), bounds=bounds),
                Selection(query=query, bounds=bounds),
            ):
                landing.load(source, selection)
                found = [row[0] for row in landing.rows("SELECT id FROM t ORDER BY 1")]
                assert (bounds, found) == (bounds, expected)
                assert source.count(selection) == len(expected)


def test_odd_names_are_names(landing: Landing, file: Path) -> None:
    make(
        file,
        'CREATE TABLE "my table; --" ("a""b" INTEGER, "Select" TEXT, "%s :x" TEXT)',
        """INSERT INTO "my table; --" VALUES (1, 'x', 'y')""",
    )
    with duck(file) as source:
        bounds = (Bound('a"b', 1),)
        selection = Selection(table=("my table; --",), columns=("%s :x", 'a"b'), bounds=bounds)
        into = landing.create("p text, n int")
        landing.take(source.stream(selection, into), into)
    assert landing.rows() == [("y", 1)]


def test_a_column_or_a_table_that_is_not_there_is_an_error(landing: Landing, file: Path) -> None:
    make(file, "CREATE TABLE t (id INTEGER)")
    into = landing.create("nothing text")
    with duck(file) as source:
        with pytest.raises(SourceReadError, match="t has no column nothing"):
            source.stream(T, into)
        with pytest.raises(SourceReadError, match="gone does not exist"):
            source.columns(Selection(table=("gone",)))


def test_tables_are_told_with_keys_comments_and_what_may_be_missing(
    origin: Landing, file: Path
) -> None:
    statements = [
        "CREATE TABLE orders (b VARCHAR(9), a INTEGER, c DATE NOT NULL, PRIMARY KEY (a, b))",
        "CREATE VIEW recent AS SELECT a, c FROM orders",
        "COMMENT ON TABLE orders IS 'Who bought'",
        "COMMENT ON COLUMN orders.c IS 'When'",
    ]
    make(file, *statements)
    origin.rows("DROP TABLE IF EXISTS t; " + "; ".join(statements) + "; SELECT 1")
    for url in (f"duckdb:///{file}", postgres_url(origin)):
        with opened(url) as source:
            orders, recent = source.tables(None)
        assert (orders.name, orders.key, orders.comment) == (("orders",), ("a", "b"), "Who bought")
        told = [(c.name, c.nullable, c.comment) for c in orders.columns]
        assert told == [("b", False, ""), ("a", False, ""), ("c", False, "When")]
        assert (recent.name, recent.key) == (("recent",), ())
    with opened(postgres_url(origin)) as source:
        assert [t.name for t in source.tables("public")] == [
            ("public", "orders"),
            ("public", "recent"),
        ]


def test_one_state_is_read_while_others_write(landing: Landing, origin: Landing) -> None:
    origin.create("id int")
    origin.rows("INSERT INTO t VALUES (1) RETURNING 1")
    with opened(postgres_url(origin)) as source:
        assert source.count(T) == 1
        origin.rows("INSERT INTO t VALUES (2) RETURNING 1")
        assert source.count(T) == landing.load(source, T) == 1


def test_nothing_can_be_written(origin: Landing, file: Path) -> None:
    write = ("INSERT INTO t VALUES (1)", [])
    origin.create("id int")
    with (
        opened(postgres_url(origin)) as source,
        pytest.raises(SourceReadError, match="read-only transaction"),
    ):
        source._all("t", write)
    make(file, "CREATE TABLE t (id INTEGER)")
    with duck(file) as source, pytest.raises(SourceReadError, match="read-only"):
        source._all("t", write)


def test_rows_come_as_a_stream(landing: Landing, origin: Landing) -> None:
    into = landing.create("i bigint, s text")
    query = "SELECT i, repeat('x', 200) AS s FROM generate_series(1, 40000) AS g(i)"

    class Sink:
        def write(self, data: bytes, /) -> int:
            return len(data)

    with opened(postgres_url(origin)) as source:
        stream = source.stream(Selection(query=query), into)
        tracemalloc.start()
        try:
            stream.write(Sink())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert stream.rows == 40_000
    assert peak < 4_000_000  # the rows are 8 MB


ENDLESS = {
    "duckdb": "SELECT range AS i FROM range(1000000000000)",
    "postgresql": "SELECT generate_series(0, 1000000000) AS i",
}


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_what_is_broken_off_ends_with_an_error(
    landing: Landing, origin: Landing, file: Path, kind: str
) -> None:
    make(file, "CREATE TABLE t (id INTEGER)")
    into = landing.create("i bigint")
    url = f"duckdb:///{file}" if kind == "duckdb" else postgres_url(origin)
    with opened(url) as source:
        stream = source.stream(Selection(query=ENDLESS[kind]), into)

        class Broken:
            def write(self, data: bytes, /) -> int:
                stream.cancel()
                return len(data)

        with pytest.raises(SourceReadError):
            stream.write(Broken())


def test_a_connection_that_is_cut_amid_rows_can_be_tried_again(
    landing: Landing, origin: Landing
) -> None:
    into = landing.create("i bigint")
    with opened(postgres_url(origin)) as source:
        pid = source._all("pid", ("SELECT pg_backend_pid()", []))[0][0]
        stream = source.stream(Selection(query="SELECT generate_series(1, 99999) AS i"), into)

        class Cutting:
            def write(self, data: bytes, /) -> int:
                origin.rows("SELECT pg_terminate_backend(%s, 5000)", pid)
                return len(data)

        with pytest.raises(SourceLostError, match="the load can be run again") as caught:
            stream.write(Cutting())
    assert caught.value.transient
    assert 0 < stream.rows < 99_999


def test_a_server_that_does_not_answer_can_be_tried_again() -> None:
    with (
        pytest.raises(SourceLostError, match=r"shop \(postgresql 127.0.0.1:1/x\): connect"),
        opened("postgresql+psycopg2://u@127.0.0.1:1/x"),
    ):
        pass


def test_neither_password_nor_values_are_in_any_message(
    origin: Landing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    base = f"postgresql+psycopg2://nobody_here:${{SHOP_PASSWORD}}@127.0.0.1:{origin.server.port}"
    origin.create("s text")
    origin.rows("INSERT INTO t VALUES ('Jane Doe') RETURNING 1")
    messages: list[str] = []
    with pytest.raises(SourceDeniedError) as denied, opened(f"{base}/{origin.database}"):
        pass
    with (
        pytest.raises(ConfigError, match="does not exist") as missing,
        opened(f"{base.replace('nobody_here', 'postgres')}/${{SHOP_PASSWORD}}"),
    ):
        pass
    messages += [str(denied.value), str(missing.value)]
    with opened(postgres_url(origin)) as source, pytest.raises(SourceReadError) as bad:
        source._all("t", ("SELECT s::int FROM t", []))
    messages.append(str(bad.value))
    shown = " ".join(messages) + caplog.text
    assert '"***" does not exist' in messages[1]  # as the driver shows the name it was given
    assert "invalid input syntax for type integer: …" in messages[-1]
    assert "Jane" not in shown
    assert SECRET not in shown
    assert "p%40ss" not in shown


def test_a_percent_encoded_password_logs_in(
    origin: Landing, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_APP", SECRET)
    url = postgres_url(origin) + "?application_name=${SHOP_APP}"
    with opened(url) as source:
        told = source._all("name", ("SELECT current_setting('application_name')", []))
    assert told[0][0].startswith("p@ss/w%rd: ")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no address at all", r"shop\.url: is no address such as dialect\+driver://"),
        ("nonsense://x/y", "dialect for nonsense is not installed; install it with: pip install"),
        ("postgresql+nodriver://x/y", "dialect for postgresql|nodriver"),
        ("duckdb:////tmp/not/there.duckdb", r"shop\.url: /tmp/not/there.duckdb is not there"),
        ("sqlite:////tmp/not/there.db", "is not there"),
        ("postgresql://${NOT_SET_AT_ALL}@x/y", "environment variable NOT_SET_AT_ALL is not set"),
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_of_the_configuration(
    url: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message), opened(url):
        pass


def test_a_missing_driver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "oracledb", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'kada_dagster\[oracle\]'"),
        opened("oracle+oracledb://u@h/?service_name=s"),
    ):
        pass


def test_a_sqlite_file_is_read_in_another_thread(landing: Landing, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as raw:
        raw.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(9), at DATETIME)")
        raw.execute("INSERT INTO t VALUES (1, 'x', '2026-01-02 03:04:05')")
        raw.commit()
    with opened(f"sqlite:///{tmp_path}/shop.db") as source:
        assert landing.load(source, T) == 1
        (table,) = source.tables(None)
    assert landing.types() == ["integer", "character varying(9)", "timestamp without time zone"]
    assert (table.name, table.key) == (("t",), ("id",))


def test_a_value_that_does_not_fit_fails_where_it_is(landing: Landing, file: Path) -> None:
    make(file, "CREATE TABLE t (c BLOB)", "INSERT INTO t VALUES ('abc'::BLOB)")
    with duck(file) as source, pytest.raises(SourceReadError, match="row 1, column c: bytes are"):
        landing.load(source, T, "c text")
    make(file, "CREATE TABLE u (c VARCHAR)", "INSERT INTO u VALUES ('abc')")
    with duck(file) as source, pytest.raises(psycopg2.DataError, match="line 1, column c"):
        landing.load(source, Selection(table=("u",)), "c int")


def test_defaults_of_postgresql_change_no_value_and_end_no_load(
    landing: Landing, origin: Landing
) -> None:
    with odd_defaults(origin), opened(postgres_url(origin)) as source:
        landing.load(source, T)
        assert landing.rows(ODD) == [("-1 days -02:03:04", "2026-01-02", "0.30000000000000004")]
        landing.load(source, Selection(query=LIMITS))
    assert landing.rows() == [("0", "0")]


def test_rows_that_a_policy_of_postgresql_hides_are_an_error_and_not_just_missing(
    landing: Landing, origin: Landing
) -> None:
    url = postgres_url(origin, origin.database)
    with odd_defaults(origin):
        origin.rows(HIDDEN.format(role=origin.database))
        try:
            with opened(url) as source, pytest.raises(SourceDeniedError, match="row_security = on"):
                landing.load(source, T)
            with opened(f"{url}?options=-c%20row_security%3Don") as source:
                assert landing.load(source, T) == 0
        finally:
            origin.rows(f"DROP OWNED BY {origin.database}; DROP ROLE {origin.database}; SELECT 1")


def test_a_view_of_what_is_gone_is_listed_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript("CREATE TABLE a (id int); CREATE VIEW b AS SELECT * FROM gone;")
    with opened(f"sqlite:///{file}") as source:
        first, second = source.tables(None)
    assert [column.name for column in first.columns] == ["id"]
    assert (second.name, second.columns) == (("b",), ())
    assert "no such table" in second.problem


def test_a_table_of_postgresql_that_may_not_be_read_is_listed_with_the_reason(
    origin: Landing,
) -> None:
    with some_denied(origin), opened(postgres_url(origin, origin.database)) as source:
        require_listed(source)
