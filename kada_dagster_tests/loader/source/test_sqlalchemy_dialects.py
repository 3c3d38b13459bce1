"""What SQL Server and Oracle would be sent; neither runs here, so their own compilers judge.

Also what all generic sources share: names of types, descriptions of drivers, bound values.
"""

# ruff: noqa: DTZ001 - columns without a zone

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql

from kada_dagster.loader.source.base import Bound, Column, Selection, TableInfo, TargetColumn
from kada_dagster.loader.source.bound_values import bound_value
from kada_dagster.loader.source.copy_text import RowText
from kada_dagster.loader.source.dbapi import DbapiSource
from kada_dagster.loader.source.described import Described, word_of
from kada_dagster.loader.source.products import PRODUCTS, product_called, product_of
from kada_dagster.loader.source.sqlalchemy import statements_of
from kada_dagster.loader.source.type_words import target_type
from kada_dagster_tests.loader.source.landing import Landing

DIALECTS: dict[str, Any] = {
    "oracle": oracle.dialect(),
    "mssql": mssql.dialect(paramstyle="qmark"),
    "mysql": mysql.dialect(),
    "postgresql": postgresql.dialect(),
}


class Written(DbapiSource):
    """A source that only writes its statements down."""

    def __init__(self, dialect: str, **columns: str) -> None:
        super().__init__(dialect, product_of(dialect), statements_of(DIALECTS[dialect]))
        self.found = tuple(Column(name, kind, kind) for name, kind in columns.items())
        self.sent: list[tuple[str, list[object]]] = []

    def _described(self, selection: Selection) -> tuple[Column, ...]:
        return self.found

    def _batches(self, what: str, statement: tuple[str, list[object]]) -> Any:
        self.sent.append(statement)
        return iter(list[Any]())

    def _all(self, what: str, statement: tuple[str, list[object]]) -> Sequence[Any]:
        self.sent.append(statement)
        return []

    def tables(self, schema: str | None) -> Any:
        return iter(list[TableInfo]())

    def _do(self, statement: str) -> None: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


def sent(dialect: str, selection: Selection, **columns: str) -> tuple[str, list[object]]:
    """The statement for the rows of a selection."""
    source = Written(dialect, **columns)
    names = selection.columns or tuple(columns)
    into = [TargetColumn(name, columns[name]) for name in names]
    source.stream(selection, into).write(io.BytesIO())
    return source.sent[0]


ORDERS = Selection(table=("sales", "orders"), columns=("id",), bounds=(Bound("id", "5", "9"),))
QUERY = Selection(query="SELECT * FROM x WHERE a LIKE '5%'", columns=("id",))


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("oracle", "SELECT id FROM sales.orders WHERE (id >= :v1 AND id < :v2)"),
        ("mssql", "SELECT [id] FROM [sales].[orders] WHERE ([id] >= ? AND [id] < ?)"),
        ("mysql", "SELECT `id` FROM `sales`.`orders` WHERE (`id` >= %s AND `id` < %s)"),
        (
            "postgresql",
            'SELECT "id" FROM "sales"."orders" WHERE ("id" >= %(v1)s AND "id" < %(v2)s)',
        ),
    ],
)
def test_names_are_quoted_and_values_bound_as_the_server_wants_it(
    dialect: str, expected: str
) -> None:
    assert sent(dialect, ORDERS, id="bigint") == (expected, [5, 9])


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("oracle", "SELECT id FROM (SELECT * FROM x WHERE a LIKE '5%'\n) source"),
        ("mssql", "SELECT [id] FROM (SELECT * FROM x WHERE a LIKE '5%'\n) AS [source]"),
        ("mysql", "SELECT `id` FROM (SELECT * FROM x WHERE a LIKE '5%'\n) AS `source`"),
    ],
)
def test_a_query_is_put_in_brackets_as_it_is(dialect: str, expected: str) -> None:
    assert sent(dialect, QUERY, id="bigint") == (expected, [])


def test_percent_signs_are_doubled_only_beside_values() -> None:
    bounded = Selection(query=QUERY.query, columns=("id",), bounds=(Bound("id", 5),))
    text, values = sent("mysql", bounded, id="bigint")
    assert "LIKE '5%%'" in text
    assert text.endswith("(`id` >= %s)")
    assert values == [5]


def test_oracles_own_spelling_of_names_is_kept() -> None:
    selection = Selection(table=("HR", "Mixed"), columns=("id", "order", 'a"b'))
    text, _ = sent("oracle", selection, **{"id": "bigint", "order": "bigint", 'a"b': "bigint"})
    assert text == 'SELECT id, "order", "a""b" FROM "HR"."Mixed"'


def test_a_bracket_in_a_name_ends_no_name_of_sql_server() -> None:
    text, _ = sent("mssql", Selection(table=("t]; DROP TABLE x --",)), id="int")
    assert text == "SELECT [id] FROM [t]]; DROP TABLE x --]"


def test_moments_with_zones_are_printed_by_the_server_where_drivers_drop_the_zone() -> None:
    zoned = {"c": "timestamp with time zone"}
    T = Selection(table=("t",))
    assert sent("oracle", T, **zoned)[0].startswith("SELECT TO_CHAR(SYS_EXTRACT_UTC(c), 'YYYY-")
    assert sent("mssql", T, **zoned)[0] == "SELECT CONVERT(varchar(34), [c], 121) FROM [t]"
    months = sent("oracle", T, c="interval year to month")[0]
    assert months == "SELECT TO_CHAR(c) FROM t"
    assert sent("oracle", T, c="interval")[0] == "SELECT c FROM t"  # the driver gives a timedelta


@pytest.mark.parametrize(
    ("kind", "printed", "expected"),
    [
        ("timestamptz", "2026-01-02 03:04:05.1234567 +02:00", "2026-01-02 01:04:05.123457+00"),
        ("timestamptz", "2026-01-02 03:04:05.123456+00", "2026-01-02 03:04:05.123456+00"),
        ("interval year to month", "+01-02", "1 year 2 mons"),
        ("interval year to month", "-01-02", "-1 years -2 mons"),
    ],
)
def test_what_sql_server_and_oracle_print_means_the_same_to_postgresql(
    landing: Landing, kind: str, printed: str, expected: str
) -> None:
    into = landing.create(f"c {kind}")
    text = RowText(into, ["c"], "t").encode([(printed,)])
    with landing.raw.cursor() as cursor:
        cursor.copy_expert("COPY t FROM STDIN", io.BytesIO(text))
    assert landing.rows("SELECT c::text FROM t") == [(expected,)]


def test_a_snapshot_begins_as_each_server_wants_it() -> None:
    assert "SET TRANSACTION READ ONLY" in PRODUCTS["oracle"].begin
    assert "SNAPSHOT" in PRODUCTS["mssql"].begin[0]
    assert PRODUCTS["mssql"].commits
    assert product_called("Microsoft SQL Server") is PRODUCTS["mssql"]
    assert product_called("Something Else").begin == ()


@pytest.mark.parametrize(
    ("dialect", "word", "expected"),
    [
        ("mssql", "BIT", "boolean"),
        ("mssql", "TINYINT", "smallint"),
        ("mssql", "NVARCHAR(max)", "text"),
        ("mssql", "NVARCHAR(20) COLLATE SQL_Latin1_General_CP1_CI_AS", "character varying(20)"),
        ("mssql", "DATETIME2(7)", "timestamp without time zone"),
        ("mssql", "DATETIMEOFFSET(7)", "timestamp with time zone"),
        ("mssql", "TIMESTAMP", "bytea"),
        ("mssql", "MONEY", "numeric(19,4)"),
        ("mssql", "UNIQUEIDENTIFIER", "uuid"),
        ("mssql", "FLOAT(53)", "double precision"),
        ("mssql", "decimal(10,2) identity", "numeric(10,2)"),
        ("oracle", "NUMBER", "numeric"),
        ("oracle", "NUMBER(10, 2)", "numeric(10,2)"),
        ("oracle", "NUMBER(10, -2)", "numeric(12,0)"),
        ("oracle", "INTEGER", "numeric(38,0)"),
        ("oracle", "DATE", "timestamp(0) without time zone"),
        ("oracle", "VARCHAR2(20 CHAR)", "character varying(20)"),
        ("oracle", "CLOB", "text"),
        ("oracle", "LONG RAW", "bytea"),
        ("oracle", "TIMESTAMP(6) WITH LOCAL TIME ZONE", "timestamp with time zone"),
        ("oracle", "INTERVAL DAY(2) TO SECOND(6)", "interval"),
        ("oracle", "INTERVAL YEAR(2) TO MONTH", "interval year to month"),
        ("mysql", "INTEGER UNSIGNED", "bigint"),
        ("mysql", "bigint(20) unsigned zerofill", "numeric(20,0)"),
        ("mysql", "ENUM('a', 'b,(c)')", "text"),
        ("mysql", "TIMESTAMP", "timestamp with time zone"),
        ("mysql", "BIT(3)", "bit(3)"),
        ("duckdb", "STRUCT(a INTEGER)[]", "jsonb"),
        ("duckdb", "DECIMAL(9,2)[3]", "numeric(9,2)[]"),
        ("other", "GEOGRAPHY", None),
        ("other", "", None),
    ],
)
def test_types_are_known_by_what_each_product_means(
    dialect: str, word: str, expected: str | None
) -> None:
    assert target_type(word, product_of(dialect).words) == expected


def test_sqlalchemys_types_of_sql_server_and_oracle_are_spelled_as_known_words() -> None:
    kinds = {
        "mssql": [mssql.DATETIMEOFFSET(), mssql.VARCHAR(None), mssql.XML(), mssql.SMALLMONEY()],
        "oracle": [oracle.NUMBER(9, 0), oracle.TIMESTAMP(timezone=True), oracle.BINARY_DOUBLE()],
    }
    found = {
        name: [target_type(t.compile(dialect=DIALECTS[name]), product_of(name).words) for t in some]
        for name, some in kinds.items()
    }
    assert found == {
        "mssql": ["timestamp with time zone", "text", "xml", "numeric(10,4)"],
        "oracle": ["numeric(9,0)", "timestamp with time zone", "double precision"],
    }


DRIVER = SimpleNamespace(STRING=1, BINARY=2, NUMBER=3, DATETIME=4)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (("c", int, None, 10, 10, 0, False), "integer"),
        (("c", int, None, 19, 19, 0, True), "bigint"),
        (("c", int, None, 28, 28, 0, True), "numeric(28,0)"),
        (("c", bool), "boolean"),
        (("c", Decimal, None, 12, 10, 2, None), "numeric(10,2)"),
        (("c", Decimal, None, None, 65535, 65535, None), "numeric"),
        (("c", str, None, 8190, 8190, 0, True), "text"),
        (("c", bytearray), "bytea"),
        (("c", datetime), "datetime"),
        (("c", date), "date"),
        (("c", object), ""),
        (("c", 1), "text"),
        (("c", 3, None, None, 9, 3, None), "numeric(9,3)"),
        (("c", 4), "datetime"),
        (("c", 99), ""),
        (("c", None), ""),
        (("c", SimpleNamespace(name="DB_TYPE_NUMBER"), 0, 0, 9, 2, True), "numeric(9,2)"),
        (("c", SimpleNamespace(name="DB_TYPE_NUMBER"), 0, 0, 0, -127, True), "numeric"),
        (("c", SimpleNamespace(name="DB_TYPE_VARCHAR"), 20, 20, 0, 0, True), "varchar(20)"),
        (("c", SimpleNamespace(name="DB_TYPE_TIMESTAMP_TZ"), 0, 0, 0, 0, True), "timestamp_tz"),
    ],
)
def test_a_drivers_description_becomes_a_type_word(entry: tuple[Any, ...], expected: str) -> None:
    assert word_of(Described.of(entry), DRIVER) == expected


def test_oracles_driver_has_the_types_that_are_looked_for() -> None:
    driver = pytest.importorskip("oracledb")
    names = [name for name in dir(driver) if name.startswith("DB_TYPE_")]
    words = {name: word_of(Described.of(("c", getattr(driver, name))), driver) for name in names}
    known = {name: target_type(word, PRODUCTS["oracle"].words) for name, word in words.items()}
    assert known["DB_TYPE_DATE"] == "timestamp(0) without time zone"
    assert known["DB_TYPE_TIMESTAMP_LTZ"] == "timestamp with time zone"
    assert known["DB_TYPE_INTERVAL_DS"] == "interval"
    assert known["DB_TYPE_INTERVAL_YM"] == "interval year to month"
    assert known["DB_TYPE_BLOB"] == known["DB_TYPE_LONG_RAW"] == "bytea"


@pytest.mark.parametrize(
    ("value", "target", "dialect", "expected"),
    [
        ("5", "bigint", "other", 5),
        ("5.5", "bigint", "other", "5.5"),
        ("5.50", "numeric(9,2)", "other", Decimal("5.50")),
        ("five", "numeric", "other", "five"),
        ("0.5", "double precision", "other", 0.5),
        ("2026-01-02 00:00:00", "date", "other", date(2026, 1, 2)),
        ("2026-01-02", "timestamp(0) without time zone", "oracle", datetime(2026, 1, 2)),
        ("2026-01-02 03:04:05.6", "timestamp without time zone", "other",
         datetime(2026, 1, 2, 3, 4, 5, 600_000)),
        ("2026-01-02 03:04:05+02", "timestamp with time zone", "other",
         datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone.utc)),
        ("2026-01-02 03:04:05+02", "timestamp with time zone", "oracle",
         datetime(2026, 1, 2, 1, 4, 5)),
        ("2026-01-02 03:04:05+02", "timestamp with time zone", "mssql",
         "2026-01-02 01:04:05+00:00"),
        ("infinity", "timestamp without time zone", "other", "infinity"),
        ("x", "text", "other", "x"),
        (7, "text", "other", 7),
        (None, "bigint", "other", None),
    ],
)  # fmt: skip
def test_ends_of_ranges_are_bound_as_values_of_the_columns_type(
    value: object, target: str, dialect: str, expected: object
) -> None:
    made = bound_value(value, target, product_of(dialect))
    assert (made, type(made)) == (expected, type(expected))


class Lob:
    """As drivers hand out what is large."""

    def __init__(self, value: str | bytes) -> None:
        self.value = value

    def read(self) -> str | bytes:
        return self.value


def test_what_a_driver_hands_out_to_be_read_is_read() -> None:
    text = RowText([TargetColumn("a", "text"), TargetColumn("b", "bytea")], ["a", "b"], "t")
    assert text.encode([(Lob("x\ty"), Lob(b"\x00\xff")), (None, None)]) == (
        b"x\\ty\t\\\\x00ff\n\\N\t\\N\n"
    )
