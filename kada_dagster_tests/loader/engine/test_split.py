"""Ranges of a table: none overlap, none is missing, each can be loaded again by itself."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster_tests.loader.databases import Ends

NOW = datetime(2026, 3, 15, 12, 30, tzinfo=timezone.utc)
MONTHS = SplitSettings(by="at", every="month", start="2026-01-01")


def test_months_go_up_to_the_one_the_present_is_in() -> None:
    assert [part.name for part in parts_of(MONTHS, NOW)] == [
        "2026-01-01",
        "2026-02-01",
        "2026-03-01",
    ]


@settings(deadline=None)
@given(
    every=st.sampled_from(["hour", "day", "week", "month", "year"]),
    year=st.integers(2025, 2026),
    month=st.integers(1, 3),
)
def test_ranges_of_time_follow_each_other_without_a_gap(every: str, year: int, month: int) -> None:
    split = SplitSettings(by="at", every=every, start=f"{year}-{month:02}-01")  # pyright: ignore[reportArgumentType]
    parts = parts_of(split, NOW)
    assert parts[0].lower == f"{year}-{month:02}-01 00:00:00"
    assert all(left.upper == right.lower for left, right in pairwise(parts))
    last = parts[-1]
    assert str(last.lower) <= NOW.strftime("%Y-%m-%d %H:%M:%S") < str(last.upper)
    assert len({part.name for part in parts}) == len(parts)


@settings(deadline=None)
@given(start=st.integers(-50, 50), length=st.integers(1, 60), size=st.integers(1, 25))
def test_every_number_from_the_start_on_is_in_one_range(start: int, length: int, size: int) -> None:
    split = SplitSettings(by="id", size=size, start=start, end=start + length)
    parts = parts_of(split, NOW)
    for number in range(start, start + length + 40):
        within = [
            part
            for part in parts
            if int(part.lower) <= number and (part.upper is None or number < int(part.upper))
        ]
        assert len(within) == 1
    assert [part.includes_null for part in parts] == [True] + [False] * (len(parts) - 1)


@pytest.mark.parametrize(
    ("start", "every", "said"),
    [
        ("soon", "day", "must be written as YYYY-MM-DD"),
        ("2026-01-01 00:00:30", "hour", "must be a full minute"),
        ("2026-01-31", "month", "on a day that every month has"),
        ("2024-02-29", "year", "on a day that every month has"),
        ("2026-01-29T01:00+02:00", "month", None),
        ("2026-01-31", "week", None),
    ],
)
def test_a_start_from_which_ranges_cannot_follow_each_other_is_an_error(
    start: str, every: Any, said: str | None
) -> None:
    if said is None:
        assert parts_of(SplitSettings(by="at", every=every, start=start), NOW)
        return
    with pytest.raises(ValueError, match=said):
        SplitSettings(by="at", every=every, start=start)


def test_too_many_ranges_and_none_at_all_are_errors() -> None:
    with pytest.raises(ConfigError, match="more than 100,000 ranges"):
        parts_of(SplitSettings(by="id", size=1, start=0, end=10**9), NOW)
    with pytest.raises(ConfigError, match="no range before the end"):
        parts_of(MONTHS, NOW - timedelta(days=500))
    with pytest.raises(ConfigError, match="must be written as YYYY-MM-DD"):
        parts_of(SplitSettings(by="at", every="day", start="2026-01-01", end="soon"), NOW)


TASK = """\
mode: full
source: {table: public.t}
split: {by: at, every: month, start: 2026-01-01}
"""


def test_a_range_is_loaded_by_itself_and_again(ends: Ends) -> None:
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int, at timestamptz)")
    ends.at_source(
        "INSERT INTO t SELECT i, timestamptz '2026-01-01Z' + i * interval '12 hours' "
        "FROM generate_series(0, 150) i UNION ALL SELECT 999, NULL"
    )
    parts = parts_of(MONTHS, NOW)
    for part in parts:
        ends.load(TASK, part=part)
    everything = "SELECT id, at FROM t ORDER BY id"
    inside = [
        row
        for row in ends.at_source(everything)
        if row[1] is None or row[1] < NOW.replace(month=4, day=1)
    ]
    assert ends.at_target(everything) == inside
    ends.at_source("DELETE FROM t WHERE id = 70; UPDATE t SET id = -1 WHERE id = 0")
    counts = ends.load(TASK, part=parts[1]).counts
    assert (counts.deleted, counts.inserted) == (56, 55)
    now = {row[0] for row in ends.at_target(everything)}
    assert 70 not in now  # February, loaded again
    assert 0 in now  # January, not


def test_a_range_that_became_empty_at_the_source_is_emptied(ends: Ends) -> None:
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int, at timestamptz)")
    ends.at_target("INSERT INTO t VALUES (1, '2026-02-05Z'), (2, '2026-03-05Z')")
    assert ends.load(TASK, part=parts_of(MONTHS, NOW)[1]).counts.deleted == 1
    assert ends.at_target("SELECT id FROM t") == [(2,)]


def test_a_range_of_a_column_with_another_name_is_replaced_by_that_name(ends: Ends) -> None:
    ends.at_source("CREATE TABLE s AS SELECT n AS id FROM generate_series(1, 30) n")
    ends.at_target("CREATE TABLE t AS SELECT n AS key FROM generate_series(5, 40) n")
    task = "mode: full\nsource: {table: public.s}\ncolumns: {key: id}\n"
    split = "split: {by: id, size: 10, start: 1, end: 31}\n"
    ends.load(task + split, part=Part("11", 11, 21))
    assert ends.at_target("SELECT key FROM t ORDER BY 1") == [(n,) for n in range(5, 41)]
