"""Which extracted runs wait for their upload: nothing lost, nothing needless."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.collector.pending import pending_windows
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window

DAY_ZERO = datetime(2024, 1, 1, tzinfo=timezone.utc)


def window(start: int, end: int) -> Window:
    return Window(DAY_ZERO + timedelta(hours=start), DAY_ZERO + timedelta(hours=end))


windows = st.builds(
    lambda start, length: window(start, start + length), st.integers(0, 30), st.integers(1, 8)
)


def hours(spans: list[Window] | tuple[Window, ...]) -> set[datetime]:
    return {
        span.start + timedelta(hours=hour)
        for span in spans
        for hour in range(int((span.end - span.start).total_seconds() // 3600))
    }


@given(
    extracted=st.lists(windows, max_size=12),
    mark=st.none() | st.integers(0, 30),
    ahead=st.lists(windows, max_size=3),
)
def test_what_is_sent_covers_all_that_was_extracted_and_nothing_that_was_uploaded(
    extracted: list[Window], mark: int | None, ahead: list[Window]
) -> None:
    first = DAY_ZERO + timedelta(hours=3)
    state = MarkState(None if mark is None else DAY_ZERO + timedelta(hours=mark), tuple(ahead))
    base = state.mark or first
    sent = pending_windows(extracted, state, first)
    uploaded = {hour for hour in hours(extracted) if hour < base} | hours(state.ahead)
    assert set(sent) <= set(extracted)
    assert hours(sent) | uploaded >= hours(extracted)
    reached = set(uploaded)
    for run in sent:  # each brings something new
        assert not hours([run]) <= reached
        reached |= hours([run])
    assert sent == sorted(sent)


def test_a_run_over_a_range_makes_the_runs_within_it_needless() -> None:
    days = [window(0, 24), window(24, 48), window(0, 48)]
    assert pending_windows(days, MarkState(), DAY_ZERO) == [window(0, 48)]


def test_without_a_first_window_the_earliest_run_counts() -> None:
    assert pending_windows([window(5, 6)], MarkState(), None) == [window(5, 6)]
    assert pending_windows([], MarkState(), None) == []
