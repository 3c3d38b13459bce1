"""Removing the compute logs of runs that ended long ago.

Events stay: Dagster takes the status of partitions from them. Logs go by way of the instance's own
store, whatever it is: a folder, S3, Azure Blob.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import dagster as dg

CURSOR = "kada/retention/logs"
"""Where the instance keeps how far logs are removed: when the last such run was changed."""

_BATCH = 500
"""Runs looked at in one query."""

_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def prune_logs(
    instance: dg.DagsterInstance, *, before: datetime, report: Callable[[str], None]
) -> int:
    """Remove the compute logs of the runs that ended, and were not changed since, before a moment.

    Each run is looked at once: how far this came is kept in the instance after every batch, so
    that a process that dies goes on there.

    Args:
        instance: whose runs.
        before: the moment, UTC.
        report: told the id of each run before its logs go.

    Returns:
        How many runs there were.
    """
    count = 0
    for batch in _batches(instance, before):
        for record in batch:
            report(record.dagster_run.run_id)
            instance.compute_log_manager.delete_logs(prefix=[record.dagster_run.run_id])
        count += len(batch)
        _keep_cursor(instance, _changed(batch[-1]))
    return count


def _batches(instance: dg.DagsterInstance, before: datetime) -> Iterator[list[dg.RunRecord]]:
    """The runs that have ended by a moment, in the order of their last change."""
    after, seen = _cursor(instance), set[str]()
    while True:
        wanted = dg.RunsFilter(statuses=_ENDED, updated_after=after, updated_before=before)
        found = instance.get_run_records(
            wanted, limit=_BATCH, order_by="update_timestamp", ascending=True
        )
        if fresh := [record for record in found if record.dagster_run.run_id not in seen]:
            yield fresh
        if len(found) < _BATCH:
            return
        seen = {record.dagster_run.run_id for record in found}
        # Of the runs changed at one moment some may be in the next batch; a batch that brought
        # none is passed over.
        after = _changed(found[-1]) - (timedelta(microseconds=1) if fresh else timedelta())


def _changed(record: dg.RunRecord) -> datetime:
    changed = record.update_timestamp
    return changed if changed.tzinfo else changed.replace(tzinfo=timezone.utc)


def _cursor(instance: dg.DagsterInstance) -> datetime | None:
    kept = instance.daemon_cursor_storage.get_cursor_values({CURSOR}).get(CURSOR)
    return datetime.fromisoformat(kept) if kept else None


def _keep_cursor(instance: dg.DagsterInstance, moment: datetime) -> None:
    instance.daemon_cursor_storage.set_cursor_values({CURSOR: moment.isoformat()})
