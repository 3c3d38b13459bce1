"""What the API is not known to do in one way only: each default is the likelier, or the harder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kada_dagster.sandbox.fivetran.syncs import Sync

HistoryFilter = Callable[[str, Sequence[Sync]], Sequence[Sync]]
"""From a connection's id and what would be told to what is told."""


@dataclass
class Quirks:
    """Switches; they may be turned while a world is in use.

    Attributes:
        current_paths: whether `/v1/connections` is there.
        legacy_paths: whether `/v1/connectors` and its `/force` are there.
        old_metadata: whether `/v1/metadata/connectors/{id}/schemas|tables|columns` is there.
        tables_resync: whether `/schemas/tables/resync` is there.
        scoped_resync: whether `/resync` knows `scope`; otherwise such a request is answered 400.
        single_table_resync: whether `/schemas/{schema}/tables/{table}/resync` is there.
        previews: whether `/warnings` and `/errors` are there.
        strict_accept: whether `version=2` is taken for connections and destinations only.
        history: what `/sync-history` does: `on`, nothing in it, or a status.
        history_hides: newest syncs of a connection that are not in the history yet.
        history_lag: seconds from the end of a sync until it is in the history.
        history_skew: seconds by which the history tells an end later than `succeeded_at`; a
            function of the sync for ones of its own.
        history_running: whether a sync that runs is in the history, without an end.
        history_window: what of a sync lies in the span asked for.
        history_order: which sync comes first.
        history_filter: hook for all else.
        start_delay: seconds from a request to the start of its sync.
        early_sync: what a request for a sync does before the moment it is rescheduled for:
            it is rescheduled again, it runs, or nothing happens.
        paused_sync: what a request for a sync of a paused connection does.
        resync_starts: whether a re-sync starts by itself on a manual schedule.
        resync_patience: seconds that a re-sync waits for a sync that runs, before its 409.
        digits: of fractions of seconds.
        null_cursor: whether a last page says `next_cursor: null` instead of nothing.
        absent_nulls: whether fields without a value are left out instead of null.
    """

    current_paths: bool = True
    legacy_paths: bool = True
    old_metadata: bool = False
    tables_resync: bool = True
    scoped_resync: bool = True
    single_table_resync: bool = True
    previews: bool = False
    strict_accept: bool = True
    history: Literal["on", "empty"] | int = "on"
    history_hides: int = 0
    history_lag: float = 0.0
    history_skew: float | Callable[[Sync], float] = 0.0
    history_running: bool = True
    history_window: Literal["start", "end", "overlap"] = "start"
    history_order: Literal["newest", "oldest"] = "newest"
    history_filter: HistoryFilter | None = None
    start_delay: float = 0.0
    early_sync: Literal["reschedules", "runs", "nothing"] = "reschedules"
    paused_sync: Literal["nothing", "refused"] = "nothing"
    resync_starts: bool = True
    resync_patience: float = 60.0
    digits: Literal[0, 3, 6] = 6
    null_cursor: bool = False
    absent_nulls: bool = False
