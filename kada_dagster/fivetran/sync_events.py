"""What the sensor tells Dagster of syncs: materializations, observations of failures, checks.

Only the words; which syncs they are about was decided before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from kada_dagster.fivetran.sync_facts import dashboard
from kada_dagster.fivetran.watch.account import SyncItem, Watched
from kada_dagster.fivetran.watch.identity import Failure
from kada_dagster.fivetran.watch.moments import micros, spelled
from kada_dagster.fivetran.watch.names import (
    BATCH,
    CHECK_NAME,
    CONNECTION_ID,
    FAILED_AT,
    SUCCEEDED_AT,
    SYNC_ID,
)
from kada_dagster.fivetran.watch.reports import Report

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def materialization(report: Report, key: dg.AssetKey) -> dg.AssetMaterialization:
    """A sync that succeeded, of the connection's asset."""
    return dg.AssetMaterialization(
        key,
        description=f"Fivetran synced {report.connection.schema or report.connection.id}.",
        metadata={
            **_identity(report),
            **_facts(report.completion.item),
            **_connection(report.connection),
        },
    )


def table_materializations(
    report: Report, keys: Sequence[dg.AssetKey]
) -> Iterator[dg.AssetMaterialization]:
    """The same sync, of assets of its tables; which of them got new rows is not known."""
    for key in keys:
        yield dg.AssetMaterialization(key, metadata=_identity(report))


def observation(connection: Watched, failure: Failure, key: dg.AssetKey) -> dg.AssetObservation:
    """A sync that failed, of the connection's asset."""
    return dg.AssetObservation(
        key,
        description=f"A sync of {connection.schema or connection.id} failed.",
        metadata=_failure(connection, failure),
    )


def failed_check(
    connection: Watched, failure: Failure, key: dg.AssetKey
) -> dg.AssetCheckEvaluation:
    """The last sync failed."""
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=CHECK_NAME,
        passed=False,
        description=_reason(connection, failure),
        metadata=_failure(connection, failure),
    )


def passed_check(report: Report, key: dg.AssetKey) -> dg.AssetCheckEvaluation:
    """The last sync succeeded."""
    return dg.AssetCheckEvaluation(
        asset_key=key, check_name=CHECK_NAME, passed=True, metadata=_identity(report)
    )


def _identity(report: Report) -> dict[str, Any]:
    done = report.completion
    named = {SYNC_ID: done.sync_id} if done.sync_id else {}
    return {
        CONNECTION_ID: done.connection_id,
        **named,
        SUCCEEDED_AT: spelled(done.succeeded),
        BATCH: report.batch,
    }


def _facts(item: SyncItem | None) -> dict[str, Any]:
    """What the history says of a sync."""
    if item is None:
        return {}
    facts: dict[str, Any] = {
        "fivetran/started_at": item.start and spelled(micros(item.start)),
        "fivetran/ended_at": item.end and spelled(micros(item.end)),
        "duration_seconds": _seconds(item),
        "extract_mb": item.extract_mb,
        "load_mb": item.load_mb,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _seconds(item: SyncItem) -> float | None:
    if item.start is None or item.end is None:
        return None
    return (item.end - item.start).total_seconds()


def _connection(connection: Watched) -> dict[str, Any]:
    return {
        "connection": connection.schema,
        "service": connection.service,
        "dashboard": dashboard(connection.id),
    }


def _failure(connection: Watched, failure: Failure) -> dict[str, Any]:
    named = {SYNC_ID: failure.item.sync_id} if failure.item else {}
    return {
        CONNECTION_ID: connection.id,
        **named,
        FAILED_AT: spelled(failure.failed),
        "reason": _reason(connection, failure),
        "tasks": "\n".join(connection.tasks),
        "warnings": "\n".join(connection.warnings),
        "setup_state": connection.setup_state,
        "sync_state": connection.sync_state,
        **_facts(failure.item),
        **_connection(connection),
    }


def _reason(connection: Watched, failure: Failure) -> str:
    """Why a sync failed, by whoever says it: the history, or what the connection asks for."""
    said = failure.item.reason if failure.item else None
    return said or "; ".join(connection.tasks) or "Fivetran gives no reason; see its dashboard"
