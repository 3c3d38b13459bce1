"""Python values become COPY text that PostgreSQL reads as the very same values."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import TargetColumn
from kada_dagster.loader.source.copy_text import RowText
from kada_dagster.loader.source.row_stream import RowStream
from kada_dagster.loader.source.spelling import json_text, spelled
from kada_dagster_tests.loader.source.landing import Landing

moment = datetime.fromisoformat
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
MOMENT = st.datetimes()
ZONED = st.datetimes(
    moment("0002-01-01"), moment("9998-12-31"), timezones=st.just(timezone(timedelta(hours=5)))
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": st.floats(allow_nan=False),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False),
    "text": TEXT,
    "bytea": st.binary(),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": MOMENT,
    "timestamptz": ZONED,
    "time": st.times(),
    "interval": st.timedeltas(timedelta(days=-(10**8)), timedelta(days=10**8)),
    "uuid": st.uuids(),
    "text[]": st.lists(st.none() | TEXT, min_size=1),
    "bigint[]": st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1),
}


def stream(into: tuple[TargetColumn, ...], rows: list[tuple[Any, ...]]) -> RowStream:
    names = [column.name for column in into]
    return RowStream(names, into, "given rows", lambda: iter([rows]))


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_value_arrives_as_it_was(landing: Landing, data: st.DataObject) -> None:
    columns = [st.none() | values for values in VALUES.values()]
    rows = data.draw(st.lists(st.tuples(*columns), min_size=1, max_size=20))
    into = landing.create(", ".join(f'"{name}" {name}' for name in VALUES))
    assert landing.take(stream(into, rows), into) == len(rows)
    assert [tuple(map(plain, row)) for row in landing.rows()] == [
        tuple(map(plain, row)) for row in rows
    ]


def plain(value: Any) -> Any:
    """A value as it can be compared: driver types differ."""
    if isinstance(value, memoryview):
        return bytes(value)
    return str(value) if isinstance(value, UUID) else value


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | TEXT
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    )
)
@settings(max_examples=40, deadline=None)
def test_nested_values_become_json_with_nothing_lost(landing: Landing, value: Any) -> None:
    into = landing.create("j jsonb, t text")
    landing.take(stream(into, [([value], [value])]), into)
    ((_, text),) = landing.rows()
    assert json.loads(text) == [value]
    assert landing.rows("SELECT t::jsonb = j FROM t") == [(True,)]
    assert text == json_text([value])


def test_decimals_in_json_keep_their_digits() -> None:
    value = {"a": [Decimal("0.10000000000000000000000000001"), date(2026, 1, 2), None, True]}
    assert json_text(value) == '{"a": [0.10000000000000000000000000001, "2026-01-02", null, true]}'


@pytest.mark.parametrize(
    ("target", "value", "read_back"),
    [
        ("double precision", float("inf"), "Infinity"),
        ("real", float("nan"), "NaN"),
        ("numeric", Decimal("NaN"), "NaN"),
        ("numeric", Decimal("-Infinity"), "-Infinity"),
        ("numeric", Decimal("1E+3"), "1000"),
        ("text", Decimal("1E+3"), "1000"),
        ("numeric", Decimal("0.100"), "0.100"),
        ("numeric", 2**70, "1180591620717411303424"),
        ("numeric", 1e16, "10000000000000000"),
        ("numeric", -5e-324, "-0." + "0" * 323 + "5"),
        ("numeric", float("nan"), "NaN"),
        ("text", 1e16, "1e+16"),
        ("text", 1e-07, "1e-07"),
        ("text", -(2**70), "-1180591620717411303424"),
        ("integer", True, "1"),
        ("bit(1)", False, "0"),
        ("text", True, "true"),
        ("date", moment("2026-01-02"), "2026-01-02"),
        (
            "timestamp",
            datetime(2026, 1, 2, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02 03:00:00",
        ),
        ("date", "2026-01-02T00:00:00Z", "2026-01-02"),
        ("date", "0044-03-15 BC", "0044-03-15 BC"),
        ("timestamp", "2026-01-02T05:00:00+02:00", "2026-01-02 03:00:00"),
        ("timestamp", "2026-01-02 05:00:00.5+02", "2026-01-02 03:00:00.5"),
        ("timestamp", "2026-01-02 05:00:00", "2026-01-02 05:00:00"),
        ("timestamp", "-infinity", "-infinity"),
        ("timestamptz", "2026-01-02 05:00:00 Europe/Tallinn", "2026-01-02 03:00:00+00"),
        ("time", "05:00:00.5", "05:00:00.5"),
        ("interval", timedelta(days=-1, microseconds=1), "-23:59:59.999999"),
        ("inet", ip_address("2001:db8::1"), "2001:db8::1/128"),
        ("text[]", ['a"b', "c\\d", None, "NULL", ""], '{"a\\"b","c\\\\d",NULL,"NULL",""}'),
        ("int[]", [[1, 2], [3, None]], "{{1,2},{3,NULL}}"),
        ("bytea", "\\x00ff", "\\x00ff"),
        ("text", "", ""),
        ("text", r"\N", r"\N"),
        ("text", "\\.", "\\."),
        ("text", " \t\r\n\b\x0b end ", " \t\r\n\b\x0b end "),
    ],
)
def test_values_at_the_edge_mean_the_same(
    landing: Landing, target: str, value: Any, read_back: str
) -> None:
    into = landing.create(f"v {target}")
    landing.take(stream(into, [(value,), (None,)]), into)
    assert landing.rows("SELECT v::text FROM t ORDER BY v") == [(read_back,), (None,)]


@pytest.mark.parametrize(
    ("target", "value", "reason"),
    [
        ("bytea", "no hex", "a text is no bytea"),
        ("bytea", 5, "a number is no bytea"),
        ("date", 20260102, "a number is no date; convert it in the query"),
        ("timestamp without time zone", 1.5, "a number is no timestamp"),
        ("bit(8)", 101, "a number is no bit"),
        ("text", b"abc", "bytes are no text"),
        ("date", moment("2026-01-02 03:00:00"), "would lose it in a column of type date"),
        ("date", "2026-01-02 03:00:00", "would lose it in a column of type date"),
        ("date", "Today", "a word for the day of the load is no date"),
        ("timestamp with time zone", "now", "a word for the day of the load is no date"),
        ("timestamp without time zone", "2026-01-02 05:00:00 CET", "a moment with a zone"),
        ("time without time zone", "05:00:00+02", "a moment with a zone"),
        ("time without time zone", "2026-01-02 03:00:00", "a date with a time is no time"),
        ("time without time zone", moment("2026-01-02"), "a date with a time is no time"),
        ("time without time zone", time(1, tzinfo=timezone.utc), "a time with a zone"),
        ("integer", {"a": 1}, "a list or an object is no integer; make the column jsonb"),
        ("int[]", {"a": 1}, "an object is no array"),
        ("text", "half \ud800 of a pair", "surrogate"),
        ("text", "a\0b", "holds a NUL"),
        ("text", object(), "Python's type object"),
    ],
)
def test_what_would_become_something_else_is_an_error_that_names_column_and_row(
    target: str, value: Any, reason: str
) -> None:
    text = RowText([TargetColumn("at", target)], ["At"], "shop.db: orders")
    text.encode([(None,)] * 5)
    with pytest.raises(SourceReadError) as caught:
        text.encode([(None,), (value,)])
    assert str(caught.value).startswith("shop.db: orders: row 7, column At: ")
    assert reason in str(caught.value)
    assert "abc" not in str(caught.value)


LIKE = ["2026-01-02 03:04:05", "2026-01-02", "03:04:05", "2026-01-02 00:00:00", ""]
ODD = ["2026-01-02T03:04:05+02:00", "2026-01-02 05:00 PM", "05:00:00+02", "today", "a\0b", "\\.", 7]


@given(
    st.sampled_from(["date", "time without time zone", "timestamp without time zone", "text"]),
    st.sampled_from(LIKE),
    st.lists(st.sampled_from([*LIKE, *ODD, None]), max_size=2),
    st.integers(0, 4),
)
@settings(max_examples=300, deadline=None)
def test_values_of_a_batch_become_what_each_of_them_becomes_alone(
    target: str, like: str, others: list[Any], before: int
) -> None:
    values = [like] * before + others + [like] * (4 - before)

    def encoded(batch: list[Any]) -> bytes:
        text = RowText([TargetColumn("at", target)], ["at"], "given")
        return text.encode([(value,) for value in batch])

    try:
        alone = b"".join(encoded([value]) for value in values)
    except SourceReadError:
        with pytest.raises(SourceReadError):
            encoded(values)
    else:
        assert encoded(values) == alone


def test_a_domain_takes_what_it_is_made_of(landing: Landing) -> None:
    landing.rows("SELECT 1")
    with landing.raw.cursor() as cursor:
        cursor.execute("DROP DOMAIN IF EXISTS raw_bytes CASCADE; CREATE DOMAIN raw_bytes AS bytea")
    into = landing.create("v raw_bytes")
    landing.take(stream(into, [(b"\\\x00",)]), into)
    assert bytes(landing.rows()[0][0]) == b"\\\x00"
    with pytest.raises(SourceReadError, match="a number is no bytea"):
        landing.take(stream(into, [(1,)]), into)


def test_a_column_may_hold_values_of_many_types(landing: Landing) -> None:
    into = landing.create("v text")
    landing.take(stream(into, [(1,), ("a\tb",), (None,), (1.5,), (date(2026, 1, 2),)]), into)
    assert landing.rows() == [("1",), ("a\tb",), (None,), ("1.5",), ("2026-01-02",)]


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E+20", "1" + "0" * 20), ("1E-7", "0.0000001"), ("1E+999999999", "1E+999999999")],
)
def test_a_number_among_texts_takes_no_memory_by_its_exponent(number: str, text: str) -> None:
    assert spelled(Decimal(number), "text") == text
