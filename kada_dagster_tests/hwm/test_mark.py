"""The algebra of marks, judged by counting hours one by one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.mark import MarkState, gap, merged, moved, uploaded
from kada_dagster.hwm.window import Window

EPOCH = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOURS = 40


def hour(number: int) -> datetime:
    """A moment by its number."""
    return EPOCH + timedelta(hours=number)


def span(start: int, end: int) -> Window:
    """A window by the numbers of its bounds."""
    return Window(hour(start), hour(end))


bounds = st.tuples(st.integers(0, HOURS - 1), st.integers(1, 12)).map(
    lambda pair: (pair[0], min(HOURS, pair[0] + pair[1]))
)
uploads = st.lists(bounds, max_size=15)
firsts = st.integers(0, HOURS)


def hours_of(windows: list[tuple[int, int]]) -> set[int]:
    """Every hour that some window holds."""
    return {number for start, end in windows for number in range(start, end)}


def hours_in(windows: tuple[Window, ...]) -> set[int]:
    """Every hour of merged windows."""
    return {
        number
        for number in range(HOURS)
        if any(w.covers(span(number, number + 1)) for w in windows)
    }


def true_mark(covered: set[int], first: int) -> int | None:
    """The first hour from `first` on that was not uploaded; None when that is the first."""
    reached = first
    while reached in covered:
        reached += 1
    return None if reached == first else reached


def after(windows: list[tuple[int, int]], first: int) -> MarkState:
    """The state after these uploads."""
    state = MarkState()
    for start, end in windows:
        state = uploaded(state, span(start, end), hour(first))
    return state


@given(uploads, firsts)
def test_in_any_order_and_cut_the_mark_is_the_first_hour_not_uploaded(
    windows: list[tuple[int, int]], first: int
) -> None:
    truth = true_mark(hours_of(windows), first)
    assert after(windows, first).mark == (None if truth is None else hour(truth))


@given(uploads, firsts)
def test_what_is_ahead_is_exactly_what_was_uploaded_beyond_the_mark(
    windows: list[tuple[int, int]], first: int
) -> None:
    covered = hours_of(windows)
    reached = true_mark(covered, first) or first
    state = after(windows, first)
    assert hours_in(state.ahead) == {number for number in covered if number > reached}
    for one, other in zip(state.ahead, state.ahead[1:], strict=False):
        assert one.end < other.start, "touching windows must be one"


@given(uploads, firsts, st.randoms(use_true_random=False))
def test_the_order_of_uploads_makes_no_difference(
    windows: list[tuple[int, int]], first: int, random: object
) -> None:
    shuffled = list(windows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(shuffled, first) == after(windows, first)


@given(uploads, bounds, firsts)
def test_the_mark_never_moves_back_and_a_repeated_upload_changes_nothing(
    windows: list[tuple[int, int]], extra: tuple[int, int], first: int
) -> None:
    before = after(windows, first)
    once = uploaded(before, span(*extra), hour(first))
    assert (before.mark or hour(first)) <= (once.mark or hour(first))
    assert uploaded(once, span(*extra), hour(first)) == once


@given(uploads, firsts)
def test_the_gap_is_the_first_run_of_missing_hours_before_an_upload(
    windows: list[tuple[int, int]], first: int
) -> None:
    covered = hours_of(windows)
    reached = true_mark(covered, first) or first
    later = [number for number in covered if number > reached]
    found = gap(after(windows, first), hour(first))
    assert found == (span(reached, min(later)) if later else None)


@given(uploads, firsts)
def test_uploading_the_gaps_one_by_one_brings_the_mark_to_the_last_upload(
    windows: list[tuple[int, int]], first: int
) -> None:
    state = after(windows, first)
    last = max([end for _, end in windows if end > first], default=None)
    for _ in range(HOURS):
        missing = gap(state, hour(first))
        if missing is None:
            break
        state = uploaded(state, missing, hour(first))
    assert state.mark == (None if last is None else hour(last))
    assert state.ahead == ()


@given(uploads, firsts, firsts)
def test_a_mark_set_by_hand_is_exact_and_forgets_only_what_it_covers(
    windows: list[tuple[int, int]], first: int, moment: int
) -> None:
    before = after(windows, first)
    state = moved(before, hour(moment))
    assert state.mark == hour(moment)
    assert hours_in(state.ahead) == {n for n in hours_in(before.ahead) if n >= moment}


@given(uploads, firsts, firsts, uploads)
def test_after_a_mark_was_set_by_hand_uploads_lead_on_from_there(
    windows: list[tuple[int, int]], first: int, moment: int, more: list[tuple[int, int]]
) -> None:
    before = after(windows, first)
    state = moved(before, hour(moment))
    for start, end in more:
        state = uploaded(state, span(start, end), hour(first))
    known = hours_in(before.ahead) | hours_of(more)
    reached = moment
    while more and reached in known:
        reached += 1
    assert state.mark == hour(reached)


def test_a_skipped_gap_lets_the_next_upload_use_what_was_uploaded_behind_it() -> None:
    state = moved(after([(0, 2), (4, 6)], 0), hour(4))
    assert gap(state, hour(0)) is None
    assert uploaded(state, span(6, 8), hour(0)) == MarkState(hour(8))


def test_the_configured_first_window_counts_only_while_there_is_no_mark() -> None:
    state = MarkState(hour(5))
    assert uploaded(state, span(4, 7), hour(0)).mark == hour(7)
    assert uploaded(state, span(10, 12), hour(10)).mark == hour(5)


def test_uploads_before_the_first_window_leave_no_trace() -> None:
    for end in (4, 5):
        assert uploaded(MarkState(), span(0, end), hour(5)) == MarkState()


@given(st.lists(bounds, max_size=20))
def test_merging_keeps_every_hour_and_adds_none(windows: list[tuple[int, int]]) -> None:
    assert hours_in(merged(span(*pair) for pair in windows)) == hours_of(windows)


def test_a_moment_no_file_could_hold_is_refused() -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    for moment in (naive, EPOCH + timedelta(microseconds=1), EPOCH.replace(year=900)):
        with pytest.raises(ConfigError):
            MarkState(moment)
        with pytest.raises(ConfigError):
            uploaded(MarkState(), span(0, 1), moment)
