"""What the sync history tells of a connection's syncs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster.sandbox.fivetran.times import SECOND

Told = tuple[Sync, int]
"""A sync, and the microseconds that its end is told later than it was."""


def told(connection: Connection, quirks: Quirks, now: int, span: tuple[int, int]) -> list[Told]:
    """The syncs of a span, in the order they are told.

    Args:
        connection: whose.
        quirks: what is told.
        now: moment.
        span: its first moment and the first one after it.
    """
    if quirks.history != "on":
        return []
    listed: Sequence[Sync] = _known(connection.syncs, quirks, now)
    if quirks.history_filter:
        listed = quirks.history_filter(connection.id, listed)
    found = [(one, _skew(one, quirks)) for one in _near(listed, span)]
    within = [one for one in found if _lies(one, quirks, now, span)]
    return within[::-1] if quirks.history_order == "newest" else within


def _near(syncs: Sequence[Sync], span: tuple[int, int]) -> Sequence[Sync]:
    """The syncs that may lie in the span: one more than those that start in it."""
    first = bisect_left(syncs, span[0], key=_started)
    return syncs[max(first - 1, 0) : bisect_left(syncs, span[1], key=_started)]


def _known(syncs: list[Sync], quirks: Quirks, now: int) -> Sequence[Sync]:
    """Without those that are not in the history yet."""
    count = len(syncs)
    if count and syncs[-1].status is None and (quirks.history_hides or not quirks.history_running):
        count -= 1
    lag = round(quirks.history_lag * SECOND)
    while lag and count and syncs[count - 1].ends + lag > now:
        count -= 1
    count = max(count - quirks.history_hides, 0)
    return syncs if count == len(syncs) else syncs[:count]


def _started(sync: Sync) -> int:
    return sync.started


def _skew(sync: Sync, quirks: Quirks) -> int:
    skew = quirks.history_skew
    return round((skew(sync) if callable(skew) else skew) * SECOND)


def _lies(one: Told, quirks: Quirks, now: int, span: tuple[int, int]) -> bool:
    """Whether a sync lies in the span, as the quirk has it."""
    sync, skew = one
    start, end = sync.started, sync.ends + skew if sync.status else now
    if quirks.history_window == "start":
        return span[0] <= start < span[1]
    if quirks.history_window == "end":
        return span[0] <= end < span[1]
    return start < span[1] and end >= span[0]
