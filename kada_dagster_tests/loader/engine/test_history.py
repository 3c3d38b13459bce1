"""Mode history: each version with the time it was valid, as a model in Python keeps it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import DuplicateKeyError, EmptySourceError, TargetError
from kada_dagster_tests.loader.databases import Ends

HISTORY = "mode: history\nsource: {table: public.t}\nkey: [id]\n"
TIMES = "valid_from timestamptz, valid_to timestamptz, is_current boolean"


def make(ends: Ends, times: str = TIMES) -> None:
    ends.at_source("CREATE TABLE IF NOT EXISTS t (id int, name text, note text); TRUNCATE t")
    ends.at_target(
        f"CREATE TABLE IF NOT EXISTS t (id int, name text, note text, {times}); TRUNCATE t"
    )


def test_keys_come_change_go_and_come_back_at_one_moment_a_load(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y')")
    assert ends.load(HISTORY).counts.inserted == 2
    ends.at_source("UPDATE t SET name = NULL WHERE id = 1; DELETE FROM t WHERE id = 2")
    ends.at_source("INSERT INTO t VALUES (3, 'c', 'z')")
    counts = ends.load(HISTORY).counts
    assert (counts.inserted, counts.updated, counts.deleted, counts.unchanged) == (1, 1, 1, 0)
    ends.at_source("INSERT INTO t VALUES (2, 'b', 'y')")
    assert ends.load(HISTORY).counts.inserted == 1
    rows = ends.at_target(
        "SELECT id, name, dense_rank() OVER (ORDER BY valid_from), is_current, valid_to IS NULL "
        "FROM t ORDER BY id, valid_from"
    )
    assert rows == [
        (1, "a", 1, False, False),
        (1, None, 2, True, True),
        (2, "b", 1, False, False),
        (2, "b", 3, True, True),
        (3, "c", 2, True, True),
    ]
    ends_at = "SELECT DISTINCT valid_to FROM t WHERE valid_to IS NOT NULL"
    starts = "SELECT DISTINCT valid_from FROM t WHERE id = 3"
    assert ends.at_target(ends_at) == ends.at_target(starts)


def test_what_is_the_same_writes_nothing(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a', NULL)")
    ends.load(HISTORY)
    before = ends.at_target("SELECT ctid::text, xmin::text, * FROM t")
    assert ends.load(HISTORY).counts.unchanged == 1
    assert ends.at_target("SELECT ctid::text, xmin::text, * FROM t") == before


def test_columns_that_are_not_tracked_change_in_the_current_version(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a', 'old')")
    task = f"{HISTORY}history: {{track: [name]}}\n"
    ends.load(task)
    ends.at_source("UPDATE t SET note = 'new'")
    assert ends.load(task).counts.updated == 1
    assert ends.at_target("SELECT name, note, is_current FROM t") == [("a", "new", True)]


def test_columns_may_have_the_names_of_the_warehouse_and_ends_that_are_never_missing(
    ends: Ends,
) -> None:
    make(
        ends,
        "dwh_effective_from timestamptz, dwh_effective_to timestamptz NOT NULL, current boolean",
    )
    ends.at_source("INSERT INTO t VALUES (1, 'a', NULL)")
    ends.load(f"{HISTORY}history: {{style: dwh, is_current: current}}\n")
    assert ends.at_target("SELECT current, dwh_effective_to = 'infinity' FROM t") == [(True, True)]


def test_an_empty_source_closes_nothing_by_accident(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a', NULL)")
    ends.load(HISTORY)
    ends.at_source("DELETE FROM t")
    with pytest.raises(EmptySourceError):
        ends.load(HISTORY)
    assert ends.load(f"{HISTORY}empty: replace\n").counts.deleted == 1


def test_the_same_key_twice_is_an_error(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a', NULL), (1, 'b', NULL)")
    with pytest.raises(DuplicateKeyError, match="1 keys"):
        ends.load(HISTORY)


def test_a_clock_that_went_back_is_an_error_and_no_version_ends_before_it_begins(
    ends: Ends,
) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'a', NULL, now() + interval '1 hour', NULL, true)")
    ends.at_source("INSERT INTO t VALUES (1, 'b', NULL)")
    with pytest.raises(TargetError, match="clock of the server went back"):
        ends.load(HISTORY)
    assert len(ends.at_target("SELECT id FROM t")) == 1


States = st.lists(
    st.dictionaries(st.integers(0, 3), st.sampled_from(["a", "b", None])), min_size=1, max_size=4
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(states=States)
def test_the_versions_are_those_of_a_model(ends: Ends, states: list[dict[int, Any]]) -> None:
    make(ends)
    versions: list[list[Any]] = []  # key, name, load it began at, load it ended at
    for number, state in enumerate(states):
        ends.at_source("TRUNCATE t")
        for key, name in state.items():
            ends.at_source("INSERT INTO t VALUES (%s, %s)", key, name)
        moment = ends.load(f"{HISTORY}empty: replace\n").notes.get("moment", number)
        current = {row[0]: row for row in versions if row[3] is None}
        for key, row in current.items():
            if key not in state or state[key] != row[1]:
                row[3] = moment
        still = {row[0] for row in versions if row[3] is None}
        versions += [[key, name, moment, None] for key, name in state.items() if key not in still]
    found = ends.at_target("SELECT id, name, valid_from::text, valid_to::text FROM t")
    shown = {tuple(map(str, row)) for row in found}
    assert shown == {tuple(map(str, row)) for row in versions}
    assert ends.at_target("SELECT id FROM t WHERE is_current <> (valid_to IS NULL)") == []
