"""Mode incremental: what is new since the mark, each row once, the mark saved with the rows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import CursorError, EmptySourceError, TargetError
from kada_dagster_tests.loader.databases import Ends

QUERY = "source: {table: public.t}\n"
KEYED = f"mode: incremental\n{QUERY}cursor: at\nkey: [id]\n"
PLAIN = f"mode: incremental\n{QUERY}cursor: at\n"
COLUMNS = "id int PRIMARY KEY, at timestamptz, name text"


def make(ends: Ends, columns: str = COLUMNS) -> None:
    ends.at_source(f"CREATE TABLE t ({columns})")
    ends.at_target(f"CREATE TABLE t ({columns})")


def test_the_first_load_takes_all_and_the_next_one_what_is_new(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01 00:00:00.000001Z', 'a'), (2, NULL, 'n')")
    first = ends.load(KEYED)
    assert (first.counts.read, first.mark_before) == (2, None)
    assert first.mark_after == "2026-01-01 00:00:00.000001+00"
    ends.at_source("INSERT INTO t VALUES (3, '2026-01-01 00:00:00.000002Z', 'c')")
    second = ends.load(KEYED)
    assert (second.counts.inserted, second.counts.unchanged) == (1, 1)  # the mark's own row again
    assert second.mark_after == "2026-01-01 00:00:00.000002+00"
    assert ends.load(KEYED).counts.inserted == 0


@pytest.mark.parametrize("task", [KEYED, PLAIN])
def test_rows_of_the_very_moment_of_the_mark_that_came_later_are_not_lost(
    ends: Ends, task: str
) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01Z', 'a')")
    ends.load(task)
    ends.at_source("INSERT INTO t VALUES (2, '2026-01-01Z', 'b')")
    ends.load(task)
    ends.load(task)
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_row_that_changed_within_the_very_moment_of_the_mark_is_changed(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01Z', 'a'), (2, '2026-01-01Z', 'b')")
    ends.load(KEYED)
    ends.at_source("UPDATE t SET name = 'A' WHERE id = 1")
    done = ends.load(KEYED).counts
    assert (done.updated, done.unchanged) == (1, 1)
    assert ends.at_target("SELECT name FROM t ORDER BY id") == [("A",), ("b",)]


def test_a_look_back_finds_what_came_late(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01 12:00Z', 'a')")
    task = f"{KEYED}lag: 2 hours\n"
    ends.load(task)
    ends.at_source(
        "INSERT INTO t VALUES (2, '2026-01-01 10:00Z', 'late'), (3, '2026-01-01 09:59Z', 'later')"
    )
    assert ends.load(task).counts.inserted == 1
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_mark_may_be_a_number_and_never_goes_back(ends: Ends) -> None:
    make(ends, "id bigint PRIMARY KEY, name text")
    task = f"mode: incremental\n{QUERY}cursor: id\nkey: [id]\nlag: 5\n"
    ends.at_source("INSERT INTO t VALUES (1, 'small'), (9007199254740992, 'large')")
    ends.at_source("INSERT INTO t VALUES (9007199254740993, 'big')")
    assert ends.load(task).mark_after == "9007199254740993"
    ends.at_source("DELETE FROM t WHERE id > 5")
    assert ends.load(task).mark_after == "9007199254740993"


@pytest.mark.parametrize("keyed", ["key: [id]\n", ""])
def test_a_mark_of_another_column_is_none(ends: Ends, keyed: str) -> None:
    """A row that was changed before that mark, and after it was loaded, would never come again."""
    columns = "id int PRIMARY KEY, made timestamptz, changed timestamptz, name text"
    make(ends, columns)
    task = f"mode: incremental\n{QUERY}{keyed}"
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-05Z', '2026-01-01Z', 'a')")
    ends.load(f"{task}cursor: made\n")
    ends.at_source("UPDATE t SET changed = '2026-01-02Z', name = 'b'")
    result = ends.load(f"{task}cursor: changed\n")
    assert (result.mark_before, result.mark_after) == (None, "2026-01-02 00:00:00+00")
    assert ends.at_target("SELECT id, name FROM t") == [(1, "b")]
    assert ends.load(f"{task}cursor: changed\n").mark_before == "2026-01-02 00:00:00+00"


def test_a_look_back_that_cannot_be_taken_from_the_column_is_an_error(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01Z', 'a')")
    task = f"{KEYED}lag: soon\n"
    ends.load(task)
    with pytest.raises(CursorError, match=r"lag: 'soon' cannot be taken from at \(timestamp"):
        ends.load(task)


def test_a_load_that_fails_leaves_rows_and_mark_as_they_were(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, at timestamptz, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, at timestamptz, name text NOT NULL)")
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01Z', 'a')")
    ends.load(KEYED)
    ends.at_source("INSERT INTO t VALUES (2, '2026-01-02Z', 'b'), (3, '2026-01-03Z', NULL)")
    with pytest.raises(TargetError, match='column "name"'):
        ends.load(KEYED)
    assert ends.at_target("SELECT id FROM t") == [(1,)]
    ends.at_source("UPDATE t SET name = 'c' WHERE id = 3")
    assert ends.load(KEYED).mark_before == "2026-01-01 00:00:00+00"
    assert len(ends.at_target("SELECT id FROM t")) == 3


ALL = "SELECT id FROM t ORDER BY id"


@pytest.mark.parametrize(
    ("policy", "left"), [("", 2), ("empty: keep\n", 2), ("empty: replace\n", 0)]
)
def test_a_first_load_that_reads_nothing_empties_the_table_only_where_the_task_says_so(
    ends: Ends, policy: str, left: int
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, '2026-01-01Z', 'a'), (2, NULL, 'b')")
    assert ends.load(PLAIN + policy).counts.deleted == 2 - left
    assert len(ends.at_target(ALL)) == left


@pytest.mark.parametrize("task", [KEYED, PLAIN])
def test_a_first_load_that_reads_nothing_is_an_error_where_the_task_says_so(
    ends: Ends, task: str
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, '2026-01-01Z', 'a')")
    with pytest.raises(EmptySourceError, match="the target keeps what it has"):
        ends.load(f"{task}empty: fail\n")
    assert ends.at_target(ALL) == [(1,)]


@pytest.mark.parametrize("lag", ["", "lag: 2 days\n"])
@pytest.mark.parametrize(("policy", "left"), [("", 2), ("keep", 2), ("fail", 2), ("replace", 0)])
def test_that_nothing_came_behind_the_mark_is_no_error_and_deletes_nothing_by_itself(
    ends: Ends, lag: str, policy: str, left: int
) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-02Z', 'a'), (2, '2026-01-02Z', 'b')")
    task = PLAIN + lag + (f"empty: {policy}\n" if policy else "")
    ends.load(task)
    ends.at_source("TRUNCATE t")
    second = ends.load(task)
    assert second.mark_after == "2026-01-02 00:00:00+00"
    assert len(ends.at_target(ALL)) == left


Batches = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=5)


@pytest.mark.parametrize("task", [KEYED, PLAIN])
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=Batches)
def test_rows_that_come_no_later_than_the_look_back_are_there_once(
    ends: Ends, task: str, batches: list[list[int]]
) -> None:
    """Batch n is written when the clock is at 10 n seconds; its rows are up to 9 s late."""
    for run in (ends.at_source, ends.at_target):
        run(f"CREATE TABLE IF NOT EXISTS t ({COLUMNS})")
        run("TRUNCATE t")
    ends.at_target("CREATE SCHEMA IF NOT EXISTS kada_loader; DROP SCHEMA kada_loader CASCADE")
    for number, batch in enumerate(batches):
        for place, late in enumerate(batch):
            at = f"2026-01-01 00:{number * 10 // 60:02}:{number * 10 % 60 + 9 - late:02}Z"
            ends.at_source("INSERT INTO t VALUES (%s, %s, 'x')", number * 10 + place, at)
        ends.load(f"{task}lag: 10 seconds\n")
    everything = "SELECT id, at FROM t ORDER BY id"
    assert ends.at_target(everything) == ends.at_source(everything)


@pytest.mark.parametrize(
    ("kind", "first", "endless", "second"),
    [
        ("timestamptz", "2026-01-01", "infinity", "2026-01-02"),
        ("date", "2026-01-01", "infinity", "2026-01-02"),
        ("date", "2026-01-01", "2999-12-31", "2026-01-02"),
        ("timestamp(0)", "2026-01-01", "9999-12-31 23:59:59", "2026-01-02"),
        ("numeric(9,2)", "1.5", "NaN", "2.5"),
        ("numeric", "1.5", "Infinity", "2.5"),
        ("float8", "1.5", "NaN", "2.5"),
        ("interval", "1 day", "infinity", "2 days"),
        ("moment", "2026-01-01", "infinity", "2026-01-02"),
    ],
)
@pytest.mark.parametrize("key", ["", "key: [id]\n"])
def test_behind_a_value_without_end_or_far_ahead_rows_are_still_new(
    ends: Ends, kind: str, first: str, endless: str, second: str, key: str
) -> None:
    for run in (ends.at_source, ends.at_target):
        run("CREATE DOMAIN instant AS timestamptz; CREATE DOMAIN moment AS instant NOT NULL")
    make(ends, f"id int PRIMARY KEY, at {kind}, name text")
    ends.at_source(f"INSERT INTO t VALUES (1, '{first}', 'a'), (2, '{endless}', 'b')")
    ends.load(PLAIN + key)
    ends.at_source(f"INSERT INTO t VALUES (3, '{second}', 'c')")
    ends.load(PLAIN + key)
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,), (3,)]
