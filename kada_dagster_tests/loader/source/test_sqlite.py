"""SQLite files as a source: what is stored arrives, and what does not fit is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import PROFILE, SqliteProfile
from kada_dagster.loader.errors import SourceLostError, SourceReadError
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.registry import open_source
from kada_dagster.loader.source.sqlite import SqliteSource
from kada_dagster_tests.loader.source.landing import Landing

T = Selection(table=("t",))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "shop 100%?#.db"


def make(file: Path, columns: str, *rows: tuple[Any, ...], table: str = "t") -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(f"CREATE TABLE {table} ({columns})")
        for row in rows:
            raw.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
        raw.commit()


@contextmanager
def opened(file: Path) -> Iterator[SqliteSource]:
    profile = PROFILE.validate_python({"type": "sqlite", "path": str(file)})
    assert isinstance(profile, SqliteProfile)
    with open_source(profile, "shop") as source:
        assert isinstance(source, SqliteSource)
        yield source


ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | TEXT,
    st.none() | st.binary(),
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(ROW, min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_storage_class_arrives_as_it_is(
    landing: Landing, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    file = tmp_path_factory.mktemp("sqlite") / "all.db"
    make(file, "i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC", *rows)
    with opened(file) as source, closing(sqlite3.connect(file)) as raw:
        assert landing.load(source, T) == len(rows)
        stored = raw.execute("SELECT * FROM t").fetchall()
    arrived = [
        (i, r, t, None if b is None else bytes(b), None if n is None else float(n))
        for i, r, t, b, n in landing.rows()
    ]
    expected = [(*row[:4], None if row[4] is None else float(row[4])) for row in stored]
    assert arrived == expected


@pytest.mark.parametrize(
    ("declared", "target"),
    [
        ("INTEGER", "bigint"),
        ("UNSIGNED BIG INT", "bigint"),
        ("VARCHAR(20)", "text"),
        ("CLOB", "text"),
        ("BLOB", "bytea"),
        ("DOUBLE PRECISION", "double precision"),
        ("FLOAT", "double precision"),
        ("DECIMAL(10,2)", "numeric"),
        ("BOOLEAN", "boolean"),
        ("DATE", "date"),
        ("datetime", "timestamp without time zone"),
        ("TIMESTAMP", "timestamp without time zone"),
        ("TIME", "time without time zone"),
        ("UUID", "uuid"),
        ("JSON", "json"),
        ("POINT", "bigint"),  # SQLite, too, takes it for an INTEGER
        ("MONEY", "numeric"),
    ],
)
def test_the_declared_type_decides_the_type_of_the_target(
    file: Path, declared: str, target: str
) -> None:
    make(file, f"c {declared} NOT NULL")
    with opened(file) as source:
        (column,) = source.columns(T)
        assert (column.name, column.target_type, column.nullable) == ("c", target, False)
        query = Selection(query="SELECT c AS d FROM t -- as it is declared there")
        assert [(c.name, c.target_type) for c in source.columns(query)] == [("d", target)]


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ([1, None], "bigint"),
        ([1, 1.5], "numeric"),
        ([1.5], "double precision"),
        (["a"], "text"),
        ([b"a"], "bytea"),
        ([1, "a"], "text"),
        ([None], "text"),
        ([], "text"),
    ],
)
def test_a_column_without_a_declared_type_is_looked_through(
    file: Path, values: list[Any], target: str
) -> None:
    make(file, "c", *[(value,) for value in values])
    with opened(file) as source:
        assert source.columns(T)[0].target_type == target


@pytest.mark.parametrize(
    ("declared", "value"),
    [("INTEGER", "abc"), ("INTEGER", 2**63 * 1.0), ("REAL", "abc"), ("DATE", "soon")],
)
def test_a_value_of_another_kind_is_an_error_that_names_column_and_row(
    landing: Landing, file: Path, declared: str, value: Any
) -> None:
    make(file, f"id INTEGER, c {declared}", (1, None), (2, value))
    with opened(file) as source, pytest.raises(psycopg2.DataError, match="line 2, column c"):
        landing.load(source, T)


@pytest.mark.parametrize(
    ("declared", "value", "reason"),
    [
        ("TEXT", b"raw", "bytes are no text"),
        ("BLOB", "text", "a text is no bytea"),
        ("BLOB", 5, "a number is no bytea"),
        ("DATETIME", 1700000000, "a number is no timestamp without time zone"),
        ("DATE", 2460310.5, "a number is no date"),
        ("TEXT", "a\0b", "holds a NUL"),
    ],
)
def test_what_postgresql_would_misread_is_refused_here(
    landing: Landing, file: Path, declared: str, value: Any, reason: str
) -> None:
    make(file, f"id INTEGER, c {declared}", (1, None), (2, value))
    with (
        opened(file) as source,
        pytest.raises(SourceReadError, match=f": t: row 2, column c: {reason}"),
    ):
        landing.load(source, T)


def test_dates_are_read_as_they_are_declared(landing: Landing, file: Path) -> None:
    make(file, "d DATE, at DATETIME, f BOOLEAN", ("2026-01-02", "2026-01-02 03:04:05.678", 1))
    with opened(file) as source:
        landing.load(source, T)
    assert landing.rows("SELECT d::text, at::text, f::text FROM t") == [
        ("2026-01-02", "2026-01-02 03:04:05.678", "true")
    ]


def test_a_text_that_is_no_utf8_is_an_error_that_does_not_show_it(
    landing: Landing, file: Path
) -> None:
    make(file, "id INTEGER, c TEXT", (1, "fine"))
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("INSERT INTO t VALUES (2, CAST(x'636166e9' AS TEXT))")
        raw.commit()
    with opened(file) as source, pytest.raises(SourceReadError) as caught:
        landing.load(source, T)
    assert "row 2, column c: the text is not UTF-8" in str(caught.value)
    assert "caf" not in str(caught.value)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((Bound("id", 2, 4),), [2, 3]),
        ((Bound("id", None, 3),), [1, 2]),
        ((Bound("id", "3", None),), [3, 4]),
        ((Bound("at", "2026-01-02", "2026-01-04"),), [2, 3]),
        ((Bound("at", "2026-01-03", None, includes_null=True),), [3, 4]),
        ((Bound("at"), Bound("id", 2)), [2, 3]),
    ],
)
def test_bounds_are_half_open(
    landing: Landing, file: Path, bounds: tuple[Bound, ...], expected: list[int]
) -> None:
    rows = [(i, f"2026-01-0{i} 00:00:00" if i < 4 else None) for i in range(1, 5)]
    make(file, "id INTEGER, at DATETIME", *rows)
    selection = Selection(table=("t",), bounds=bounds)
    with opened(file) as source:
        landing.load(source, selection)
        assert [row[0] for row in landing.rows("SELECT id FROM t ORDER BY 1")] == expected
        assert source.count(selection) == len(expected)


def test_odd_names_are_names(landing: Landing, file: Path) -> None:
    make(file, '"a""b" INTEGER, "c`d" TEXT, "%s" TEXT', (1, "x", "y"), table='"my table; --"')
    with opened(file) as source:
        selection = Selection(table=("my table; --",), columns=("%s", 'a"b'))
        into = landing.create("p text, n int")
        landing.take(source.stream(selection, into), into)
    assert landing.rows() == [("y", 1)]


def test_a_column_that_is_not_there_is_an_error_and_no_text(landing: Landing, file: Path) -> None:
    make(file, "id INTEGER", (1,))
    into = landing.create("nothing text")
    with opened(file) as source, pytest.raises(SourceReadError, match="no such column: nothing"):
        landing.take(source.stream(T, into), into)


def test_the_file_must_be_there_and_one_of_sqlite(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"connections\.yaml: shop\.path: .* is not there"):
        SqliteSource(file, "shop")
    file.write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(SourceReadError, match="file is not a database"):
        SqliteSource(file, "shop")


def test_a_table_that_is_not_there_is_an_error(file: Path) -> None:
    make(file, "id INTEGER")
    with opened(file) as source, pytest.raises(SourceReadError, match="no table or view nothing"):
        source.columns(Selection(table=("nothing",)))


def test_one_state_is_read_while_others_write(landing: Landing, file: Path) -> None:
    make(file, "id INTEGER", (1,))
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        with opened(file) as source:
            raw.execute("INSERT INTO t VALUES (2)")
            raw.commit()
            assert source.count(T) == landing.load(source, T) == 1


def test_a_file_that_stays_locked_can_be_tried_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(file, "id INTEGER")
    monkeypatch.setattr("kada_dagster.loader.source.sqlite._WAIT", 0.01)
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceLostError, match="locked; the load can be run again") as caught:
            SqliteSource(file, "shop")
    assert caught.value.transient


def test_nothing_can_be_written_to_the_file(file: Path) -> None:
    make(file, "id INTEGER", (1,))
    with opened(file) as source:
        with pytest.raises(SourceReadError):
            source.columns(Selection(query="DELETE FROM t RETURNING id"))
        assert source.count(T) == 1


def test_tables_are_told_with_keys_and_views(file: Path) -> None:
    make(file, "b TEXT, a INTEGER, c DATE NOT NULL, PRIMARY KEY (a, b)", table="orders")
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("CREATE VIEW recent AS SELECT a, c FROM orders")
    with opened(file) as source:
        orders, recent = source.tables(None)
    assert (orders.name, orders.key) == (("orders",), ("a", "b"))
    assert [(c.name, c.target_type) for c in orders.columns] == [
        ("b", "text"),
        ("a", "bigint"),
        ("c", "date"),
    ]
    assert (recent.name, recent.key) == (("recent",), ())
    assert [c.target_type for c in recent.columns] == ["bigint", "date"]


def test_what_is_broken_off_ends_with_an_error(landing: Landing, file: Path) -> None:
    make(file, "id INTEGER", (1,))
    endless = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i FROM r"
    into = landing.create("i bigint")
    with opened(file) as source:
        stream = source.stream(Selection(query=endless), into)

        class Broken:
            def write(self, data: bytes, /) -> int:
                stream.cancel()
                return len(data)

        with pytest.raises(SourceReadError, match=r"interrupted|broken off"):
            stream.write(Broken())
