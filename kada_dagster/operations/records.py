"""What Dagster knows of how everything is: last successes, last failures, loads, syncs.

A few questions for all assets together, however many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.operations.watched import Subject, Watched

if TYPE_CHECKING:
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

_JOB = "job "
_FAILED_CHECK = "FAILED"


@dataclass(frozen=True)
class Materialized:
    """The last materialization of an asset.

    Attributes:
        at: when.
        facts: its metadata as plain values.
    """

    at: datetime
    facts: Mapping[str, Any]


def last_materialized(
    dagster: dg.DagsterInstance, keys: Collection[dg.AssetKey]
) -> dict[dg.AssetKey, Materialized]:
    """The last materialization of each of some assets that has one."""
    found: dict[dg.AssetKey, Materialized] = {}
    for record in dagster.get_asset_records([*keys]) if keys else ():
        last = record.asset_entry.last_materialization_record
        event = None if last is None else last.event_log_entry.asset_materialization
        if last is not None and event is not None:
            facts = {name: value.value for name, value in event.metadata.items()}
            found[record.asset_entry.asset_key] = Materialized(moment(last.timestamp), facts)
    return found


def last_worked(
    dagster: dg.DagsterInstance, watched: Watched, names: Iterable[str]
) -> dict[str, datetime]:
    """When each of some subjects last did what it is for, by its name; those that ever did.

    Args:
        dagster: is asked.
        watched: knows sources and loads; anything else is a job.
        names: of subjects.
    """
    subjects = [watched.subjects.get(name) or Subject(name) for name in dict.fromkeys(names)]
    known = last_materialized(dagster, [one.works for one in subjects if one.works is not None])
    found: dict[str, datetime] = {}
    for one in subjects:
        at = _last_success(dagster, one.name) if one.works is None else None
        if one.works in known:
            at = known[one.works].at
        if at is not None:
            found[one.name] = at
    return found


def failed_syncs(
    dagster: dg.DagsterInstance, watched: Watched
) -> dict[dg.AssetCheckKey, tuple[bool, str]]:
    """Of the Fivetran connections whose last sync is known: whether it failed, and why."""
    if not watched.syncs:
        return {}
    storage = dagster.event_log_storage
    records = storage.get_latest_asset_check_execution_by_key([*watched.syncs])
    return {
        key: (record.status.value == _FAILED_CHECK, _reason(record))
        for key, record in records.items()
        if record.event is not None
    }


def moment(timestamp: float) -> datetime:
    """A moment as Dagster notes it, UTC."""
    return datetime.fromtimestamp(timestamp, timezone.utc)


def _reason(record: AssetCheckExecutionRecord) -> str:
    """Why a sync failed: the sensor says it, a run that started it notes it."""
    event: Any = record.event and record.event.dagster_event
    if event is None:
        return ""
    check = event.event_specific_data
    noted = check.metadata.get("reason")
    return str(check.description or (noted and noted.value) or "")


def _last_success(dagster: dg.DagsterInstance, name: str) -> datetime | None:
    wanted = dg.RunsFilter(job_name=name.removeprefix(_JOB), statuses=[dg.DagsterRunStatus.SUCCESS])
    for record in dagster.get_run_records(wanted, limit=1):
        if record.end_time is not None:
            return moment(record.end_time)
    return None
