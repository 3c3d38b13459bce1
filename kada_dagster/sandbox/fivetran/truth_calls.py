"""How few calls can read an account."""

from __future__ import annotations

from datetime import timedelta

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.times import moment_of
from kada_dagster.sandbox.fivetran.truth_synced import entries_of
from kada_dagster.sandbox.fivetran.world import FivetranWorld

_PAGE = 1000
_MOST = timedelta(days=7)
_TOLERANCE = timedelta(seconds=2)
_PROBES = 3


def least_calls(
    world: FivetranWorld,
    window: Window,
    *,
    columns: bool = False,
    history: bool = True,
    lookback_hours: float = 24,
) -> int:
    """How many calls an extract of a window needs that keeps nothing.

    Args:
        world: the account, as it is now.
        window: as of the extract.
        columns: whether columns are asked for.
        history: whether the history is asked for.
        lookback_hours: how long a sync may take and still be found.
    """
    with world.timeline.settled():
        estate = world.estate
        connections = list(estate.connections.values())
        lists = (estate.groups, estate.groups, estate.connections, estate.transformations)
        calls = sum(_pages(len(rows)) for rows in lists)
        calls += sum(one.setup_state != "incomplete" for one in connections)
        if columns:
            calls += sum(one.is_asked for each in connections for one in entries_of(each))
        if history:
            syncing = [one for one in connections if _may_have_synced(one, window)]
            calls += _history(world, syncing, window, timedelta(hours=lookback_hours))
        return calls


def _history(
    world: FivetranWorld, connections: list[Connection], window: Window, lookback: timedelta
) -> int:
    if isinstance(world.quirks.history, int):
        return min(_PROBES, len(connections))
    start, end = window.start - max(lookback, _TOLERANCE), window.end + _TOLERANCE
    calls = 0
    while start < end:
        until = min(start + _MOST, end)
        for connection in connections:
            span = range(moment_of(start), moment_of(until))
            calls += _pages(sum(sync.started in span for sync in connection.syncs))
        start = until
    return calls


def _may_have_synced(connection: Connection, window: Window) -> bool:
    never = connection.succeeded_at is None and connection.failed_at is None
    is_old_enough = connection.created_at < moment_of(window.end)
    return is_old_enough and not (never and connection.setup_state == "incomplete")


def _pages(rows: int) -> int:
    return max(1, -(-rows // _PAGE))
