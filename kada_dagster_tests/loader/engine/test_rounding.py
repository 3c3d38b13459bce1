"""A column that rounds what rows are found by again is refused, and no other one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.engine.rounding import is_rounded
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster_tests.loader.databases import Ends

TABLE = "source: {table: public.t}\n"
NEW = "mode: incremental\ncursor: at\nkey: [id]\n"
DAYS = f"mode: full\n{TABLE}split: {{by: at, every: day, start: '2026-01-01'}}\n"
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
ZONED = "timestamp with time zone"
PLAIN = "timestamp without time zone"


def make(ends: Ends, source: str, target: str, *values: str) -> None:
    ends.at_target("CREATE DOMAIN rough AS timestamp(0); CREATE DOMAIN second AS rough")
    ends.at_source(f"CREATE TABLE t (id int PRIMARY KEY, at {source})")
    ends.at_target(f"CREATE TABLE t (id int PRIMARY KEY, at {target})")
    for number, value in enumerate(values):
        ends.at_source(f"INSERT INTO t VALUES ({number}, '{value}')")


def days(every: str = "day") -> list[Part]:
    return parts_of(SplitSettings(by="at", every=every, start="2026-01-01"), NOON)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("want", "have"),
    [
        (PLAIN, "timestamp(0) without time zone"),
        (ZONED, "timestamp(3) with time zone"),
        ("timestamp(4) without time zone", "timestamp(3) without time zone"),
        ("numeric", "numeric(12,2)"),
        ("numeric(20,3)", "numeric(12,2)"),
        ("double precision", "numeric(12,2)"),
        ("double precision", "real"),
        ("numeric(16,2)", "double precision"),
        ("bigint", "double precision"),
        ("integer", "real"),
        ("bigint", "numeric(9,-2)"),
    ],
)
def test_a_type_of_fewer_digits_rounds(want: str, have: str) -> None:
    assert is_rounded(want, have, is_told=True)


@pytest.mark.parametrize(
    ("want", "have"),
    [
        (PLAIN, PLAIN),
        (PLAIN, ZONED),
        (PLAIN, "timestamp(6) without time zone"),
        ("timestamp(0) without time zone", "timestamp(3) with time zone"),
        ("date", "timestamp(0) without time zone"),
        (PLAIN, "date"),  # cuts
        ("numeric(12,2)", "numeric(10,2)"),  # refuses what is too large
        ("bigint", "numeric(30,0)"),
        ("numeric", "numeric"),
        ("numeric", "bigint"),  # refuses a point
        ("real", "double precision"),
        ("integer", "double precision"),
        ("numeric(15,2)", "double precision"),
        ("double precision", "numeric"),
        ("text", "timestamp(0) without time zone"),
        ("public.moment", "numeric(5,0)"),
    ],
)
def test_a_type_that_holds_as_much_or_refuses_the_value_does_not(want: str, have: str) -> None:
    assert not is_rounded(want, have, is_told=True)


def test_digits_that_nobody_tells_count_as_none() -> None:
    assert not is_rounded(PLAIN, "timestamp(0) without time zone", is_told=False)
    assert not is_rounded("numeric", "numeric(12,2)", is_told=False)
    assert is_rounded("numeric(12,3)", "numeric(12,2)", is_told=False)


@pytest.mark.parametrize(
    ("source", "target", "first", "said"),
    [
        ("timestamp", "timestamp(0)", "2026-01-01 10:00:00.6", "ALTER COLUMN at TYPE timestamp"),
        ("numeric", "numeric(12,2)", "5.997", "at is numeric"),
        ("timestamp", "second", "2026-01-01 10:00:00.6", r"at is timestamp\(0\)"),
    ],
)
def test_a_mark_that_would_be_rounded_past_rows_is_refused(
    ends: Ends, source: str, target: str, first: str, said: str
) -> None:
    make(ends, source, target, first)
    with pytest.raises(SchemaMismatchError, match=said):
        ends.load(NEW + TABLE)
    assert ends.at_target("SELECT * FROM t") == []
    ends.at_target(f"ALTER TABLE t ALTER at TYPE {source}")
    assert ends.load(NEW + TABLE).counts.inserted == 1


def test_a_query_that_rounds_is_read_as_it_is(ends: Ends) -> None:
    make(ends, "timestamp", "timestamp(0)", "2026-01-01 10:00:00.6", "2026-01-01 10:00:00.8")
    query = "SELECT id, date_trunc('second', at) AS at FROM t"
    task = f"{NEW}source: {{query: q.sql}}\n"
    assert ends.load(task, q__sql=query).counts.inserted == 2
    ends.at_source("INSERT INTO t VALUES (3, '2026-01-01 10:00:00.9')")
    assert ends.load(task, q__sql=query).counts.inserted == 1


@pytest.mark.parametrize(
    "task", [DAYS, f"{DAYS}deletes: hard\nkey: [id]\n".replace("full", "upsert")]
)
def test_a_range_whose_rows_would_be_rounded_into_the_next_one_is_refused(
    ends: Ends, task: str
) -> None:
    make(ends, "timestamp", "timestamp(0)", "2026-01-01 23:59:59.7", "2026-01-02 10:00")
    with pytest.raises(SchemaMismatchError, match=r"at is timestamp\(0\).*come twice"):
        ends.load(task, part=days()[0])


def test_days_may_be_kept_without_their_hours_but_hours_may_not(ends: Ends) -> None:
    make(ends, "timestamptz", "date", "2026-01-01 23:59:59.7Z", "2026-01-02 05:10Z")
    for _ in range(2):
        for part in days():
            ends.load(DAYS, part=part)
    assert ends.at_target("SELECT id, at::text FROM t ORDER BY id") == [
        (0, "2026-01-01"),
        (1, "2026-01-02"),
    ]
    with pytest.raises(SchemaMismatchError, match="at is date, which holds less"):
        ends.load(DAYS.replace("day", "hour"), part=days("hour")[5])


@pytest.mark.parametrize("key", ["", "key: [id]\n"])
def test_a_mark_may_be_a_day(ends: Ends, key: str) -> None:
    make(ends, "timestamp", "date", "2026-01-01 05:10")
    task = f"mode: incremental\n{TABLE}cursor: at\n{key}"
    ends.load(task)
    ends.at_source("INSERT INTO t VALUES (7, '2026-01-01 04:00')")
    ends.load(task)
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(0,), (7,)]
