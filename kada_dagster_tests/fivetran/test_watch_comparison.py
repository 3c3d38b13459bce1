"""Which connections advanced: told by their own timestamps, each of the two by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kada_dagster.fivetran.watch.comparison import KEPT_SECONDS, Comparison, Step, compare
from kada_dagster.fivetran.watch.cursor import Cursor, Seen
from kada_dagster.fivetran.watch.moments import SECOND, moment
from kada_dagster_tests.fivetran.watch_model import Listed

T = 1_790_000_000
NOW = T + 5000


def at(seconds: float) -> int:
    return T * SECOND + round(seconds * SECOND)


def listed(
    name: str = "a", good: float | None = None, bad: float | None = None, made: float = -9999
) -> Listed:
    """A connection with moments in seconds."""
    succeeded, failed = (None if one is None else moment(at(one)) for one in (good, bad))
    return Listed(name, name, moment(at(made)), succeeded, failed)


def known(since: float = 0, **seen: Seen) -> Cursor:
    return Cursor(at(since), seen)


def steps(found: Comparison) -> dict[str, tuple[Step | None, Step | None]]:
    return {one.connection.id: (one.success, one.failure) for one in found.advances}


def test_the_first_look_takes_all_as_reported_and_notes_the_newest_moment() -> None:
    found = compare(None, [listed("a", 5, 7), listed("b", made=20)], NOW)
    assert found.is_first
    assert steps(found) == {}
    assert found.cursor == Cursor(at(20), {"a": Seen(at(5), at(7)), "b": Seen()}, looked=NOW)


def test_an_account_without_connections_begins_before_all_of_them() -> None:
    first = compare(None, [], NOW).cursor
    found = compare(first, [listed("a", 5, made=-99)], NOW)
    assert steps(found) == {"a": (Step(None, at(5)), None)}


def test_the_first_look_may_report_the_last_success_but_no_failure() -> None:
    found = compare(None, [listed("a", 5, 7), listed("b")], NOW, emit_on_first=True)
    assert steps(found) == {"a": (Step(at(1), at(5)), None)}


def test_success_and_failure_advance_each_by_itself() -> None:
    before = known(a=Seen(at(1), at(2)), b=Seen(at(1), at(2)), c=Seen(at(1), at(2)))
    rows = [listed("a", 5, 7), listed("b", 5, 2), listed("c", 1, 7)]
    assert steps(compare(before, rows, NOW)) == {
        "a": (Step(at(1), at(5)), Step(at(2), at(7))),
        "b": (Step(at(1), at(5)), None),
        "c": (None, Step(at(2), at(7))),
    }


def test_what_advanced_is_in_the_cursor_as_it_was_before() -> None:
    found = compare(known(a=Seen(at(1))), [listed("a", 5)], NOW)
    assert found.cursor.seen == {"a": Seen(at(1))}


@pytest.mark.parametrize(("made", "counts"), [(0, True), (1, True), (-0.000001, False)])
def test_a_connection_seen_later_is_new_if_it_was_made_since(made: float, counts: bool) -> None:
    found = compare(known(), [listed("a", 5, made=made)], NOW)
    assert steps(found) == ({"a": (Step(None, at(5)), None)} if counts else {})
    assert found.cursor.seen == {"a": Seen() if counts else Seen(at(5))}


@pytest.mark.parametrize("good", [None, 3])
def test_a_connection_made_anew_begins_where_it_stands(good: float | None) -> None:
    found = compare(known(a=Seen(at(5), at(9))), [listed("a", good)], NOW)
    assert steps(found) == {}
    after = compare(found.cursor, [listed("a", 8)], NOW)
    assert steps(after) == {"a": (Step(None if good is None else at(3), at(8)), None)}


def test_a_connection_that_is_gone_is_remembered_for_a_while() -> None:
    gone = compare(known(a=Seen(at(5))), [], NOW).cursor
    assert gone.seen == {"a": Seen(at(5), gone=NOW)}
    kept = compare(gone, [], NOW + KEPT_SECONDS).cursor
    assert kept.seen == gone.seen
    back = compare(kept, [listed("a", 6)], NOW + KEPT_SECONDS + 1)
    assert steps(back) == {"a": (Step(at(5), at(6)), None)}
    assert back.cursor.seen["a"].gone is None
    assert compare(kept, [], NOW + KEPT_SECONDS + 1).cursor.seen == {}


def test_who_was_reported_longest_ago_comes_first() -> None:
    before = known(busy=Seen(at(100)), daily=Seen(at(1)), new=Seen())
    rows = [listed("busy", 200), listed("daily", 201), listed("new", 202)]
    order = [one.connection.id for one in compare(before, rows, NOW).advances]
    assert order == ["new", "daily", "busy"]


def test_a_moment_that_is_not_known_makes_nothing_new() -> None:
    row = replace(listed("a", 5), created_at=None)
    assert steps(compare(known(), [row], NOW)) == {}
