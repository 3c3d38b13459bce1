"""Which syncs are meant by a timestamp that has moved, with all, some or nothing of a history."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.fivetran.watch.comparison import Step
from kada_dagster.fivetran.watch.identity import (
    TOLERANCE,
    Completion,
    Failure,
    completions,
    failure,
)
from kada_dagster.fivetran.watch.moments import SECOND, moment
from kada_dagster_tests.fivetran.watch_model import Listed, ModelSync

ZERO = 1_790_000_000 * SECOND


def sync(name: str, end: float, status: str = "COMPLETED", reason: str = "") -> ModelSync:
    """A sync of three seconds; its end in seconds."""
    ended = ZERO + round(end * SECOND)
    return ModelSync("a", name, ended - 3 * SECOND, ended, ended, status, reason=reason)


def step(before: float | None, now: float) -> Step:
    start = None if before is None else ZERO + round(before * SECOND)
    return Step(start, ZERO + round(now * SECOND))


def named(found: list[Completion]) -> list[tuple[str | None, float]]:
    return [(one.sync_id, (one.succeeded - ZERO) / SECOND) for one in found]


def test_every_sync_of_the_history_since_is_one() -> None:
    history = [sync("old", 10), sync("x", 20), sync("y", 30), sync("z", 40)]
    assert named(completions("a", step(10, 40), history)) == [("x", 20), ("y", 30), ("z", 40)]


def test_the_newest_goes_by_the_connections_timestamp() -> None:
    assert named(completions("a", step(10, 40.3), [sync("z", 40)])) == [("z", 40.3)]
    assert named(completions("a", step(10, 39.7), [sync("z", 40)])) == [("z", 39.7)]


@pytest.mark.parametrize("history", [None, []])
def test_without_a_history_the_timestamp_stands_for_all(history: list[ModelSync] | None) -> None:
    assert named(completions("a", step(10, 40), history)) == [(None, 40)]


def test_a_newest_sync_the_history_does_not_have_is_known_by_its_timestamp() -> None:
    assert named(completions("a", step(10, 40), [sync("x", 20)])) == [("x", 20), (None, 40)]


def test_once_it_has_it_the_sync_is_not_a_new_one() -> None:
    late = [sync("y", 39.8), sync("z", 60)]
    assert named(completions("a", step(40, 60), late)) == [("z", 60)]


def test_syncs_that_ended_after_the_list_was_read_wait_for_the_next() -> None:
    history = [sync("x", 40), sync("y", 50)]
    assert named(completions("a", step(10, 40), history)) == [("x", 40)]


def test_only_completed_syncs_count_and_each_once() -> None:
    history = [
        sync("x", 20, "FAILURE"),
        sync("y", 30, "RESCHEDULED"),
        sync("z", 40),
        sync("z", 40),
    ]
    assert named(completions("a", step(None, 40), history)) == [("z", 40)]


@given(
    st.lists(st.integers(3, 300), min_size=1, max_size=30),
    st.integers(0, 30),
    st.floats(-0.3, 0.3),
)
def test_whatever_the_history_lacks_the_newest_is_covered(
    gaps: list[int], hidden: int, skew: float
) -> None:
    ends = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    history = [sync(str(end), end) for end in ends][: max(len(ends) - hidden, 0)]
    found = completions("a", step(0, ends[-1] + skew), history)
    assert found[-1].succeeded == step(0, ends[-1] + skew).now
    assert [one.key for one in found] == list(dict.fromkeys(one.key for one in found))
    assert all(a.succeeded < b.succeeded for a, b in pairwise(found))


def test_a_sync_is_the_same_by_its_id_or_else_by_its_moment() -> None:
    known = Completion("a", ZERO, "x")
    assert known.is_as("x", ZERO + 99 * SECOND)
    assert not known.is_as("y", ZERO)
    assert known.is_as(None, ZERO + TOLERANCE)
    assert not known.is_as(None, ZERO + TOLERANCE + 1)
    assert Completion("a", ZERO).is_as("x", ZERO)


def test_a_failure_has_the_reason_of_the_sync_that_ended_then() -> None:
    history = [sync("x", 20, "FAILURE", "first"), sync("y", 40, "FAILURE", "second")]
    found = failure("a", step(10, 40.2), history)
    assert (found.failed, found.item) == (step(10, 40.2).now, history[1])
    assert failure("a", step(10, 60), history).item is None
    assert failure("a", step(10, 60), None).item is None


@pytest.mark.parametrize(("good", "last"), [(None, True), (30, True), (50, False)])
def test_a_failure_is_the_last_word_until_a_success(good: float | None, last: bool) -> None:
    succeeded = None if good is None else moment(step(0, good).now)
    connection = Listed("a", "a", moment(ZERO), succeeded, moment(step(0, 40).now))
    assert Failure("a", step(0, 40).now).is_last(connection) is last
