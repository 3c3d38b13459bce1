"""Which windows to extract now: what is closed, not uploaded, and not being worked on. Pure.

The decision is made on spans of time, not on partitions: a mark may lie inside a window, because
the windows were cut differently before or a window was extracted up to the present moment. Where
marks are read and runs are looked up is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile

from kada_dagster.hwm.mark import MarkState, merged
from kada_dagster.hwm.window import Window

WindowsFrom = Callable[[datetime], Iterator[Window]]
"""Gives the windows from the one that holds a moment on, each beginning where the last one ends."""


@dataclass(frozen=True)
class Missing:
    """A span that is to be extracted.

    Attributes:
        span: from where to where.
        whole: in one run, with these bounds and no others.
    """

    span: Window
    whole: bool = False


@dataclass(frozen=True)
class Stretch:
    """What one run is to extract.

    Attributes:
        span: from where to where.
        windows: the windows this span lies in, oldest first; the first and the last one may be
            wider than it.
    """

    span: Window
    windows: Sequence[Window]


def begin(state: MarkState, first: datetime) -> datetime:
    """Where extracting goes on: at the mark, but not before the first window."""
    return first if state.mark is None else max(state.mark, first)


def missing_spans(
    state: MarkState,
    first: datetime,
    closed: datetime,
    *,
    at_work: Iterable[Window] = (),
    begun: Sequence[Window] = (),
) -> list[Missing]:
    """The spans to extract, oldest first.

    Args:
        state: what was uploaded.
        first: start of the first window, UTC. Nothing before it is extracted, even where the
            mark is earlier.
        closed: end of the last window that may be extracted.
        at_work: spans runs are busy with; they are left out.
        begun: spans whose upload was begun and not brought to its end; of two that overlap, the
            first counts. Files of them may have landed, so each is extracted again as it was,
            under the same names: a wider span would repeat in its files what has landed. One
            that ends after `closed`, because windows were shorter then, waits.
    """
    start = begin(state, first)
    end = max([closed, *(one.end for one in begun)])
    if start >= end:
        return []
    spans = _without(Window(start, end), merged([*state.ahead, *at_work]))
    parts = [part for span in spans for part in _split(span, begun)]
    return [done for part in parts if (done := _closed_part(part, closed)) is not None]


def stretches(missing: Iterable[Missing], windows_from: WindowsFrom, limit: int) -> list[Stretch]:
    """What is missing as runs, oldest first: as much of it as lies in so many windows.

    A span that must stay whole is the only one that may lie in more.
    """
    found: list[Stretch] = []
    for part in missing:
        windows = _windows_of(part.span, windows_from, None if part.whole else limit)
        if not windows or (found and len(windows) > limit):
            break
        limit = max(limit - len(windows), 0)
        found.append(Stretch(Window(part.span.start, min(part.span.end, windows[-1].end)), windows))
    return found


def _windows_of(span: Window, windows_from: WindowsFrom, limit: int | None) -> list[Window]:
    within = takewhile(lambda window: window.start < span.end, windows_from(span.start))
    return list(islice(within, limit))


def _without(span: Window, others: Iterable[Window]) -> Iterator[Window]:
    """What is left of a span; the others are in order and apart."""
    start = span.start
    for other in others:
        if start < min(other.start, span.end):
            yield Window(start, min(other.start, span.end))
        start = max(start, other.end)
    if start < span.end:
        yield Window(start, span.end)


def _closed_part(part: Missing, closed: datetime) -> Missing | None:
    """What of it may be extracted by now."""
    if part.span.end <= closed:
        return part
    if part.whole or part.span.start >= closed:
        return None
    return Missing(Window(part.span.start, closed))


def _apart(windows: Iterable[Window]) -> list[Window]:
    """The windows that overlap none before them, oldest first."""
    taken: list[Window] = []
    for window in windows:
        if all(window.end <= one.start or one.end <= window.start for one in taken):
            taken.append(window)
    return sorted(taken)


def _split(span: Window, begun: Sequence[Window]) -> Iterator[Missing]:
    """A span, cut where begun ones lie in it whole."""
    start = span.start
    for one in _apart(one for one in begun if span.covers(one)):
        if start < one.start:
            yield Missing(Window(start, one.start))
        yield Missing(one, whole=True)
        start = one.end
    if start < span.end:
        yield Missing(Window(start, span.end))
