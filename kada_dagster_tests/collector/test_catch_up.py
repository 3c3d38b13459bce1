"""What a tick decides: all that is missing and closed, nothing twice, whatever the past was."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.collector.catch_up import Missing, Stretch, missing_spans, stretches
from kada_dagster.hwm.mark import MarkState, uploaded
from kada_dagster.hwm.window import Window

ZERO = datetime(2024, 1, 1, tzinfo=timezone.utc)
HORIZON = 60

hours = st.integers(0, HORIZON)
spans = st.tuples(hours, st.integers(1, 12)).map(lambda pair: span(pair[0], sum(pair)))
some_spans = st.lists(spans, max_size=5)
states = st.builds(
    MarkState, st.none() | hours.map(lambda hour: at(hour)), some_spans.map(lambda s: tuple(s))
)


def at(hour: float) -> datetime:
    return ZERO + timedelta(hours=hour)


def span(start: float, end: float) -> Window:
    return Window(at(start), at(end))


def moments(windows: list[Window]) -> set[datetime]:
    """Every hour that begins in one of the windows."""
    return {at(h) for h in range(HORIZON * 2) if any(w.start <= at(h) < w.end for w in windows)}


def hourly(moment: datetime) -> Iterator[Window]:
    return grid(list(range(HORIZON * 2)))(moment)


def grid(borders: list[int]) -> Callable[[datetime], Iterator[Window]]:
    """Windows between these hours, as partitions give them."""
    windows = [span(*pair) for pair in pairwise(borders)]

    def windows_from(moment: datetime) -> Iterator[Window]:
        return iter(windows[bisect_right([w.start for w in windows], moment) - 1 :])

    return windows_from


def plain(missing: list[Missing]) -> list[Window]:
    return [part.span for part in missing]


def test_ten_missed_windows_are_one_stretch_of_ten_windows() -> None:
    missing = missing_spans(MarkState(at(5)), ZERO, at(15))
    assert missing == [Missing(span(5, 15))]
    (stretch,) = stretches(missing, hourly, 1000)
    assert stretch.span == span(5, 15)
    assert [window.start for window in stretch.windows] == [at(hour) for hour in range(5, 15)]


def test_without_a_mark_the_first_window_is_where_it_begins() -> None:
    assert plain(missing_spans(MarkState(), at(3), at(5))) == [span(3, 5)]


def test_a_first_window_later_than_the_mark_is_where_it_begins() -> None:
    assert plain(missing_spans(MarkState(at(1)), at(3), at(5))) == [span(3, 5)]


def test_what_was_uploaded_ahead_or_is_being_worked_on_is_left_out() -> None:
    state = MarkState(at(1), (span(3, 4),))
    missing = missing_spans(state, ZERO, at(10), at_work=[span(6, 8)])
    assert plain(missing) == [span(1, 3), span(4, 6), span(8, 10)]


@given(states, hours, hours, some_spans, some_spans)
def test_exactly_what_is_closed_and_neither_uploaded_nor_worked_on_is_missing(
    state: MarkState, first: int, closed: int, at_work: list[Window], begun: list[Window]
) -> None:
    begun = [one for one in begun if one.end <= at(closed)]
    found = plain(missing_spans(state, at(first), at(closed), at_work=at_work, begun=begun))
    start = max(state.mark or at(first), at(first))
    wanted = {hour for hour in moments([span(0, HORIZON)]) if start <= hour < at(closed)}
    assert moments(found) == wanted - moments([*state.ahead, *at_work])
    for earlier, later in pairwise(found):
        assert earlier.end <= later.start


@given(states, hours, hours, some_spans)
def test_uploading_what_is_missing_brings_the_mark_to_the_present_and_nothing_is_missing(
    state: MarkState, first: int, closed: int, begun: list[Window]
) -> None:
    first = 0 if state.mark else first  # a later first window leaves a gap on purpose
    begun = [one for one in begun if one.end <= at(closed)]
    missing = plain(missing_spans(state, at(first), at(closed), begun=begun))
    for one in missing:
        state = uploaded(state, one, at(first))
    assert missing_spans(state, at(first), at(closed)) == []
    assert not missing or (state.mark is not None and state.mark >= at(closed))


@given(states, hours, spans)
def test_a_begun_span_that_is_missing_whole_stays_as_it_was(
    state: MarkState, closed: int, begun: Window
) -> None:
    missing = missing_spans(state, ZERO, at(closed))
    found = missing_spans(state, ZERO, at(closed), begun=[begun])
    is_missing_whole = moments([begun]) <= moments(plain(missing))
    assert (Missing(begun, whole=True) in found) is is_missing_whole
    assert sum(part.whole for part in found) == is_missing_whole


def test_a_begun_span_that_ends_after_the_last_closed_window_waits_for_the_next() -> None:
    assert plain(missing_spans(MarkState(), ZERO, at(9), begun=[span(7, 10)])) == [span(0, 7)]
    later = missing_spans(MarkState(at(7)), ZERO, at(12), begun=[span(7, 10)])
    assert later == [Missing(span(7, 10), whole=True), Missing(span(10, 12))]


def test_a_begun_span_of_which_a_part_is_uploaded_or_worked_on_binds_nobody() -> None:
    for begun in (span(0, 6), span(4, 20)):
        found = missing_spans(MarkState(at(5)), ZERO, at(9), begun=[begun])
        assert found == [Missing(span(5, 9))]
    found = missing_spans(MarkState(at(5)), ZERO, at(9), begun=[span(0, 8), span(6, 7)])
    assert Missing(span(6, 7), whole=True) in found


def test_of_begun_spans_that_overlap_the_newest_counts() -> None:
    found = missing_spans(MarkState(), ZERO, at(9), begun=[span(2, 5), span(4, 7), span(5, 6)])
    assert found == [
        Missing(span(0, 2)),
        Missing(span(2, 5), whole=True),
        Missing(span(5, 6), whole=True),
        Missing(span(6, 9)),
    ]


@given(states, hours, some_spans, st.integers(1, 30), st.data())
def test_stretches_are_the_missing_spans_cut_at_a_number_of_windows(
    state: MarkState, closed: int, at_work: list[Window], limit: int, data: st.DataObject
) -> None:
    inner = data.draw(st.sets(st.integers(1, HORIZON - 1), max_size=30))
    borders = sorted({0, HORIZON, 2 * HORIZON, *inner})
    missing = missing_spans(state, ZERO, at(closed), at_work=at_work)
    found = stretches(missing, grid(borders), limit)
    whole = [hour for part in missing for hour in sorted(moments([part.span]))]
    taken = [hour for stretch in found for hour in sorted(moments([stretch.span]))]
    assert taken == whole[: len(taken)]
    assert sum(len(stretch.windows) for stretch in found) <= limit
    assert taken == whole or sum(len(stretch.windows) for stretch in found) == limit
    for stretch in found:
        assert_fits(stretch)


def assert_fits(stretch: Stretch) -> None:
    first, last = stretch.windows[0], stretch.windows[-1]
    assert first.start <= stretch.span.start < first.end
    assert last.start < stretch.span.end <= last.end
    assert all(one.end == other.start for one, other in pairwise(stretch.windows))


def test_the_oldest_windows_come_first_and_the_next_tick_goes_on() -> None:
    (stretch,) = stretches([Missing(span(0, 9))], hourly, 4)
    assert stretch.span == span(0, 4)
    left = missing_spans(MarkState(), ZERO, at(9), at_work=[stretch.span])
    assert [s.span for s in stretches(left, hourly, 4)] == [span(4, 8)]


def test_a_span_that_stays_whole_is_not_cut_by_the_number_of_windows() -> None:
    whole = Missing(span(2, 9), whole=True)
    assert [s.span for s in stretches([whole], hourly, 3)] == [span(2, 9)]
    before = Missing(span(0, 2))
    assert [s.span for s in stretches([before, whole], hourly, 3)] == [span(0, 2)]


def test_a_mark_within_a_window_gives_the_rest_of_that_window() -> None:
    daily = grid([0, 24, 48])
    (stretch,) = stretches(missing_spans(MarkState(at(5)), ZERO, at(48)), daily, 10)
    assert stretch == Stretch(span(5, 48), [span(0, 24), span(24, 48)])
