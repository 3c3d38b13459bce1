"""What Dagster knows of the loads of a project, in a few questions however many tasks there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timezone

import dagster as dg

from kada_dagster.collector.run_history import AT_WORK, FAILED
from kada_dagster.loader.checks import check_names
from kada_dagster.loader.due import Seen
from kada_dagster.loader.due_parts import (
    RECENT,
    Taken,
    are_enough,
    loaded_whole,
    parts_due,
    stretches,
)
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.loader.metadata import BEGAN, RANGE_END, ROWS_READ

_FAILED_CHECK = "FAILED"


def seen_tasks(dagster: dg.DagsterInstance, instance: LoaderInstance) -> dict[str, Seen]:
    """What is known of each task that ever ran, by its id.

    Args:
        dagster: is asked once for all assets, once for their last runs, once for the runs at work
            and once for the checks others wait for.
        instance: the loader.
    """
    records = dagster.get_asset_records([*instance.keys.values()])
    entries = {record.asset_entry.asset_key: record.asset_entry for record in records}
    numbers = {entry.last_run_id for entry in entries.values() if entry.last_run_id}
    last = _run_records(dagster, numbers)
    working, blocked = _working(dagster), _blocked(dagster, instance)
    found: dict[str, Seen] = {}
    for name, key in instance.keys.items():
        if key in entries or key in working:
            is_split = instance.project.tasks[name].definition.split is not None
            seen = _seen(entries.get(key), last, is_split=is_split)
            is_at_work = seen.is_at_work or key in working
            found[name] = replace(seen, is_at_work=is_at_work, is_blocked=name in blocked)
    return found


def due_stretches(
    dagster: dg.DagsterInstance, instance: LoaderInstance, task: str, now: datetime
) -> list[list[Part]]:
    """The ranges a split task is to load now, those that follow each other together.

    Args:
        dagster: is asked which were loaded, and when the last of them were.
        instance: the loader.
        task: id of a task with `split`.
        now: the present moment.
    """
    split = instance.project.tasks[task].definition.split
    if split is None:
        return []
    parts, key = parts_of(split, now), instance.keys[task]
    numbered = dagster.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    loaded = loaded_whole(parts, numbered)
    numbers = [loaded[part.name] for part in parts if part.name in loaded]
    taken: dict[str, Taken] = {}
    while numbers and not (taken and are_enough(parts, taken)):
        taken |= _taken(dagster, key, numbers[-RECENT:])
        numbers = numbers[:-RECENT]
    return [*stretches(parts, parts_due(parts, loaded, taken))]


def _seen(entry: dg.AssetEntry | None, runs: Mapping[str, dg.RunRecord], *, is_split: bool) -> Seen:
    last = None if entry is None else entry.last_materialization_record
    run = None if entry is None else runs.get(entry.last_run_id or "")
    loaded = None if last is None else _moment(last.timestamp)
    ended = None if run is None or run.end_time is None else _moment(run.end_time)
    return Seen(
        taken=None if last is None else _began(last.event_log_entry, last.timestamp),
        loaded=loaded,
        began=None if run is None else run.create_timestamp.astimezone(timezone.utc),
        ended=max((end for end in (loaded, ended) if end), default=None),
        is_at_work=run is not None and run.dagster_run.status in AT_WORK,
        is_partial=is_split and run is not None and run.dagster_run.status in FAILED,
    )


def _began(entry: dg.EventLogEntry, timestamp: float) -> datetime:
    """When a load began to read: as it says, else when it was reported."""
    event = entry.asset_materialization
    value = None if event is None else event.metadata.get(BEGAN)
    return _moment(
        float(value.value) if isinstance(value, dg.TimestampMetadataValue) else timestamp
    )


def _rows(entry: dg.EventLogEntry) -> int:
    """How many a load read; one where it does not say."""
    event = entry.asset_materialization
    value = None if event is None else event.metadata.get(ROWS_READ)
    found = 1 if value is None else value.value
    return found if isinstance(found, int) else 1


def _end(entry: dg.EventLogEntry) -> str:
    """Where the range of a load ended; empty where it does not say."""
    event = entry.asset_materialization
    value = None if event is None else event.metadata.get(RANGE_END)
    return "" if value is None else str(value.value)


def _run_records(
    dagster: dg.DagsterInstance, numbers: Collection[str]
) -> Mapping[str, dg.RunRecord]:
    if not numbers:
        return {}
    found = dagster.get_run_records(dg.RunsFilter(run_ids=[*numbers]))
    return {record.dagster_run.run_id: record for record in found}


def _working(dagster: dg.DagsterInstance) -> set[dg.AssetKey]:
    """The assets runs are about that have not come to their end."""
    runs = dagster.get_runs(dg.RunsFilter(statuses=AT_WORK))
    return {key for run in runs for key in run.asset_selection or ()}


def _blocked(dagster: dg.DagsterInstance, instance: LoaderInstance) -> set[str]:
    """The tasks of which a check failed last that others wait for."""
    keys = {
        dg.AssetCheckKey(instance.keys[task.id], name): task.id
        for task in instance.project.tasks.values()
        if task.definition.checks.blocking
        for name in check_names(task)
    }
    if not keys:
        return set()
    found = dagster.event_log_storage.get_latest_asset_check_execution_by_key([*keys])
    return {keys[key] for key, record in found.items() if record.status.value == _FAILED_CHECK}


def _taken(
    dagster: dg.DagsterInstance, key: dg.AssetKey, storage_ids: list[int]
) -> dict[str, Taken]:
    """The loads with these numbers, by the name of their range."""
    wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=storage_ids)
    records = dagster.fetch_materializations(wanted, limit=len(storage_ids)).records
    return {
        record.partition_key: Taken(
            _began(record.event_log_entry, record.timestamp),
            _rows(record.event_log_entry),
            _end(record.event_log_entry),
        )
        for record in records
        if record.partition_key is not None
    }


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)
