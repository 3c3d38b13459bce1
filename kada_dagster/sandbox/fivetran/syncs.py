"""Syncs that ran or run: the truth of them, and how the sync history tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.fivetran.times import datetime_of, written, written_or_none

Scope = Mapping[str, Sequence[str]]
"""Tables by the name of their schema, both as the source spells them."""

StartedBy = Literal["schedule", "request", "force", "resync"]


@dataclass(eq=False, slots=True)
class Sync:
    """One sync.

    Attributes:
        sync_id: its identity.
        started: moment it began.
        ends: moment it ends, or will end.
        outcome: how it goes.
        started_by: `schedule`: by itself, also after a reschedule; `request`: POST /sync; `force`:
            with force, in place of one that ran; `resync`: a re-sync was asked for.
        scope: tables of a re-sync of tables only.
        is_historical: whether all data is read again.
        status: word of the sync history; None: it runs.
        reason: what went wrong.
    """

    sync_id: str
    started: int
    ends: int
    outcome: Outcome
    started_by: StartedBy
    scope: Scope | None = None
    is_historical: bool = False
    status: str | None = None
    reason: str = ""

    @property
    def start(self) -> datetime:
        """When it began."""
        return datetime_of(self.started)

    @property
    def end(self) -> datetime | None:
        """When it ended; None: it runs."""
        return datetime_of(self.ends) if self.status else None


def history_item(sync: Sync, skew: int, digits: int) -> dict[str, Any]:
    """The sync as `/sync-history` has it.

    Args:
        sync: which one.
        skew: microseconds that its end is told later than it was.
        digits: of fractions of seconds.
    """
    told = sync.outcome if sync.status == "COMPLETED" else Outcome()
    item: dict[str, Any] = {
        "sync_id": sync.sync_id,
        "start": written(sync.started, digits),
        "end": written_or_none(sync.ends + skew if sync.status else None, digits),
        "status": sync.status or "INCOMPLETE",
        "stages": {
            "extract": {"volume": told.extract_mb},
            "process": {"volume": told.process_mb},
            "load": {"volume": told.load_mb},
        },
    }
    return {**item, "reason": sync.reason} if sync.reason else item
