"""The algebra of high water marks: how uploaded windows move a mark. Pure; nothing is stored here.

A mark is the end of the last window up to which everything was uploaded without a gap. What was
uploaded beyond a gap is remembered as `ahead`, so that filling the gap moves the mark past it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm


@dataclass(frozen=True)
class MarkState:
    """What is known of one collector instance's uploads.

    Attributes:
        mark: everything before this moment was uploaded; `None` before the first upload, when
            the configured first window stands in for it.
        ahead: uploaded spans beyond the mark, oldest first, merged, none before the mark. Any
            order and overlap may be passed in.

    Raises:
        ConfigError: the mark has no time zone, a fraction of a second, or is before the year 1000.
    """

    mark: datetime | None = None
    ahead: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        spans = merged(self.ahead)
        if self.mark is not None:
            mark = _whole_second(self.mark)
            object.__setattr__(self, "mark", mark)
            spans = tuple(Window(max(s.start, mark), s.end) for s in spans if s.end > mark)
        object.__setattr__(self, "ahead", spans)


def uploaded(state: MarkState, window: Window, first: datetime) -> MarkState:
    """The state after one more window was uploaded. The mark never moves back.

    Args:
        state: before.
        window: what was uploaded; it may overlap what was uploaded earlier.
        first: start of the configured first window, UTC; counts only while there is no mark.
    """
    base = _base(state, first)
    spans = merged((*state.ahead, window))
    reached = _reach(base, spans)
    mark = None if state.mark is None and reached == base else reached
    return MarkState(mark, tuple(span for span in spans if span.start > reached))


def moved(state: MarkState, moment: datetime) -> MarkState:
    """The state with the mark at exactly this moment; uploaded spans it covers are forgotten."""
    return MarkState(moment, state.ahead)


def settled(state: MarkState) -> MarkState:
    """The state with the mark past every uploaded span it touches, as it is read: only a mark put
    in place by hand, or two writers at once of which one died, leave it before one."""
    if state.mark is None:
        return state
    return MarkState(_reach(state.mark, state.ahead), state.ahead)


def advanced(state: MarkState, moment: datetime) -> MarkState:
    """As `moved`, but a mark that is there already or beyond stays."""
    there = state.mark is not None and state.mark >= moment
    return state if there else moved(state, moment)


def gap(state: MarkState, first: datetime) -> Window | None:
    """What holds the mark: the first missing span before the earliest upload ahead of it.

    Args:
        state: as stored.
        first: start of the configured first window, UTC; counts only while there is no mark.

    Returns:
        The missing span; `None` when nothing was uploaded ahead.
    """
    reached = _reach(_base(state, first), state.ahead)
    later = (span.start for span in state.ahead if span.start > reached)
    start = next(later, None)
    return None if start is None else Window(reached, start)


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same moments in the fewest windows, oldest first; touching windows become one."""
    spans: list[Window] = []
    for window in sorted(windows):
        if spans and window.start <= spans[-1].end:
            spans[-1] = Window(spans[-1].start, max(spans[-1].end, window.end))
        else:
            spans.append(window)
    return tuple(spans)


def _base(state: MarkState, first: datetime) -> datetime:
    return _whole_second(first) if state.mark is None else state.mark


def _reach(start: datetime, spans: tuple[Window, ...]) -> datetime:
    """How far merged spans lead on from `start` without a gap."""
    return max((span.end for span in spans if span.start <= start < span.end), default=start)


def _whole_second(moment: datetime) -> datetime:
    if moment.microsecond:
        raise ConfigError(f"high water mark {moment.isoformat()} is not a whole second")
    return parse_hwm(format_hwm(moment))  # rejects what could not be read back
