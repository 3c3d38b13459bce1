"""What Dagster knows of syncs: those its assets were told of, those its runs will tell of.

A sync is told of by the sensor or by the run that started it, once. What is told is in
`sync_events`; who must be asked for what is decided in `watch.reports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from kada_dagster.fivetran.watch.moments import SECOND, read_spelled
from kada_dagster.fivetran.watch.names import (
    BATCH,
    FAILED_AT,
    SUCCEEDED_AT,
    SYNC_ID,
    started_by,
)
from kada_dagster.fivetran.watch.reports import Reported
from kada_dagster.fivetran.watch.sightings import Look

_RUN_KEY = "dagster/run_key"
_WORKING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_PAGE = 1000
_MARGIN = 3600
"""Seconds by which what is known of the clocks of this machine and of Fivetran may be wrong."""


def connections_at_work(dagster: dg.DagsterInstance) -> set[str]:
    """The connections whose syncs runs under way will report."""
    runs = dagster.get_runs(dg.RunsFilter(statuses=_WORKING))
    return {connection for run in runs for connection in started_by(run.tags)}


def is_launched(dagster: dg.DagsterInstance, run_key: str) -> bool:
    """Whether there is a run with a run key."""
    return bool(dagster.get_runs(dg.RunsFilter(tags={_RUN_KEY: run_key}), limit=1))


def reported_syncs(
    dagster: dg.DagsterInstance, look: Look, keys: Mapping[str, dg.AssetKey]
) -> dict[str, list[Reported]]:
    """What assets were told of since the sync the sensor reported last.

    Args:
        dagster: is asked once which of the assets were ever told of anything, and then for the
            events of those, which are few: they came after the last look.
        look: what was sighted.
        keys: of the assets, by connection id.
    """
    wanted = [one for one in look.sightings if one.completions]
    known = newest_reported(dagster, [keys[one.connection.id] for one in wanted])
    return {
        one.connection.id: list(_since(dagster, keys[one.connection.id], one.before, look.ahead))
        for one in wanted
        if keys[one.connection.id] in known
    }


def newest_reported(
    dagster: dg.DagsterInstance, keys: Sequence[dg.AssetKey]
) -> dict[dg.AssetKey, Reported | None]:
    """The newest sync assets were told of, by key; None where the newest event names none."""
    found: dict[dg.AssetKey, Reported | None] = {}
    for place in range(0, len(keys), _PAGE):
        for record in dagster.get_asset_records(keys[place : place + _PAGE]):
            entry = record.asset_entry.last_materialization
            if entry is not None:
                found[record.asset_entry.asset_key] = _read(entry.asset_materialization)
    return found


def is_failure_reported(dagster: dg.DagsterInstance, key: dg.AssetKey, failed: int) -> bool:
    """Whether the newest observation of an asset is that of a failure."""
    for record in dagster.fetch_observations(key, limit=1).records:
        observation = record.event_log_entry.asset_observation
        if observation is not None:
            return _moment(observation.metadata, FAILED_AT) == failed
    return False


def _since(
    dagster: dg.DagsterInstance, key: dg.AssetKey, before: int | None, ahead: int
) -> Iterator[Reported]:
    after = None if before is None else before / SECOND + ahead - _MARGIN
    wanted = dg.AssetRecordsFilter(asset_key=key, after_timestamp=after)
    page: str | None = None
    while True:
        result = dagster.fetch_materializations(wanted, limit=_PAGE, cursor=page)
        for record in result.records:
            entry = _read(record.event_log_entry.asset_materialization)
            if entry is not None and (before is None or entry.succeeded > before):
                yield entry
        if not result.has_more:
            return
        page = result.cursor


def _read(event: dg.AssetMaterialization | None) -> Reported | None:
    """The sync a materialization is of; None for one that names none."""
    if event is None:
        return None
    succeeded = _moment(event.metadata, SUCCEEDED_AT)
    if succeeded is None:
        return None
    return Reported(succeeded, _text(event.metadata, SYNC_ID), _text(event.metadata, BATCH))


def _moment(metadata: Mapping[str, Any], name: str) -> int | None:
    return read_spelled(_text(metadata, name) or "")


def _text(metadata: Mapping[str, Any], name: str) -> str | None:
    value = getattr(metadata.get(name), "value", None)
    return value if isinstance(value, str) and value else None
