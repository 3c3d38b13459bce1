"""Runs that were extracted and wait for their upload. Plain Python; nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kada_dagster.hwm.mark import MarkState, merged
from kada_dagster.hwm.window import Window


def pending_windows(
    extracted: Iterable[Window], state: MarkState, first: datetime | None
) -> list[Window]:
    """Of the windows extracted, those to send: oldest first, the widest of those that begin at
    the same moment; what is uploaded already, or by an earlier one of them, is left out.

    Args:
        extracted: the windows of the runs in the staging folder.
        state: what was uploaded.
        first: start of the first window, UTC; None counts from the earliest window there is.
    """
    windows = sorted(extracted, key=lambda window: (window.start, -window.end.timestamp()))
    if not windows:
        return []
    base = state.mark or first or windows[0].start
    sent = [*state.ahead]
    if windows[0].start < base:
        sent.append(Window(windows[0].start, base))
    chosen: list[Window] = []
    for window in windows:
        if not any(span.covers(window) for span in merged(sent)):
            chosen.append(window)
            sent.append(window)
    return chosen
