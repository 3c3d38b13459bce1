"""Which sync of the history is the one that was waited for, and what it says of it.

A help: whatever goes wrong with the history, the outcome of the sync stands without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from kada_dagster.api.errors import ApiCallError
from kada_dagster.fivetran.asking import Asked
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.errors import SyncFailedError
from kada_dagster.fivetran.history import COMPLETED, FAILURE, SyncRecord
from kada_dagster.fivetran.run import Run
from kada_dagster.fivetran.waiting import failed

_TOLERANCE = timedelta(seconds=10)
"""Between the end in the history and the moment in the details."""

_SKEW = timedelta(seconds=2)  # between the clocks of two servers of Fivetran
_BEFORE = timedelta(minutes=1)
_LONGEST = timedelta(days=1)  # how long ago a sync that was found running may have begun


def success_told(run: Run, asked: Asked, found: Connection) -> dict[str, Any]:
    """What the history adds to a sync that succeeded, as fields of `SyncOutcome`."""
    last = asked.base.succeeded_at
    record = _record_of(run, asked, found.succeeded_at, COMPLETED, last) or SyncRecord("")
    before = asked.floor - _SKEW if asked.floor else None
    ran_before = record.start is not None and before is not None and record.start < before
    asked_at = None if asked.attached else asked.answered_at or asked.floor
    return {
        "sync_id": record.sync_id or None,
        "started_at": record.start or asked_at,
        "attached": asked.attached or ran_before,
        "extract_mb": record.extract_mb,
        "load_mb": record.load_mb,
    }


def failure_told(run: Run, asked: Asked, error: SyncFailedError) -> SyncFailedError:
    """The error of a sync that failed, with what the history adds: its id and the reason."""
    record = _record_of(run, asked, error.failed_at, FAILURE, asked.base.failed_at)
    if record is None or run.last is None:
        return error
    return failed(run.last, record.reason, record.sync_id or None)


def nearest(
    records: Iterable[SyncRecord], ended_at: datetime, status: str, last: datetime | None = None
) -> SyncRecord | None:
    """The record of this status that ended nearest to a moment, within ten seconds.

    Args:
        records: of the history, which may not have the newest sync yet.
        ended_at: the moment.
        status: of the sync.
        last: when the one before ended; a record that is nearer to that is of that one.
    """
    ended = [
        (abs(one.end - ended_at), one)
        for one in records
        if one.end
        and one.status == status
        and (last is None or abs(one.end - ended_at) < abs(one.end - last))
    ]
    if not ended:
        return None
    distance, record = min(ended, key=lambda pair: pair[0])
    return record if distance <= _TOLERANCE else None


def _record_of(
    run: Run, asked: Asked, ended_at: datetime | None, status: str, last: datetime | None
) -> SyncRecord | None:
    """The record of the sync that ended then; None where there is none (yet)."""
    if ended_at is None or not run.options.history:
        return None
    known = None if asked.attached else asked.floor
    start = known - _BEFORE if known else ended_at - _LONGEST
    try:
        found = run.client.history(run.connection_id, start, ended_at + _TOLERANCE, within=0)
    except ApiCallError as error:
        run.report(f"{error}; the sync is told without its history")
        return None
    return nearest(found or (), ended_at, status, last)
