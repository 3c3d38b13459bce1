"""How few calls can read a workspace."""

from __future__ import annotations

from datetime import datetime, timedelta

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hightouch.estate import HightouchEstate


def least_calls(
    estate: HightouchEstate, window: Window, *, lookback_hours: float, page: int
) -> int:
    """See `HightouchEstate.least_calls`."""
    since = window.start - timedelta(hours=lookback_hours)
    silent = (estate.sources, estate.models, estate.destinations)
    return (
        sum(len(rows) // page + 1 for rows in silent)
        + _pages(len(estate.syncs), page)
        + sum(_pages_of_runs(estate, number, window, page, since) for number in estate.syncs)
    )


def _pages_of_runs(
    estate: HightouchEstate, sync: int, window: Window, page: int, since: datetime
) -> int:
    _, last_run = estate.state_of(estate.syncs[sync])
    if last_run is None or last_run < since:
        return 0
    moments = (run.started(estate.now) for run in estate.runs_of(sync))
    return _pages(
        sum(moment is not None and since <= moment < window.end for moment in moments), page
    )


def _pages(rows: int, page: int) -> int:
    return max(1, -(-rows // page))
