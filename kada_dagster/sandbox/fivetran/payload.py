"""A connection as the API has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kada_dagster.sandbox.fivetran.connection import DAILY, Connection
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.setup_tests import SetupTest
from kada_dagster.sandbox.fivetran.times import written, written_or_none


def shown(connection: Connection, quirks: Quirks, *, whole: bool) -> dict[str, Any]:
    """The connection as an item of a list, or, `whole`, by itself. It is kept: do not change it."""
    made = connection.shown.get(whole)
    if made is None:
        made = {**_common(connection, quirks), **connection.fields}
        if whole:
            extra = {"config": {**connection.service.config}, "source_sync_details": {}}
            made = {**extra, **made}
        if quirks.absent_nulls:
            made = {key: value for key, value in made.items() if value is not None}
        connection.shown[whole] = made
    return made


def dumped(connection: Connection, quirks: Quirks) -> bytes:
    """The item of a list as JSON, kept until the connection changes."""
    if connection.dumped is None:
        connection.dumped = json.dumps(shown(connection, quirks, whole=False)).encode()
    return connection.dumped


def tested(
    connection: Connection, quirks: Quirks, results: Sequence[SetupTest] | None
) -> dict[str, Any]:
    """The connection with the results of setup tests, if any were run."""
    whole = shown(connection, quirks, whole=True)
    if results is None:
        return whole
    return {**whole, "setup_tests": [one.payload() for one in results]}


def _common(connection: Connection, quirks: Quirks) -> dict[str, Any]:
    digits, frequency = quirks.digits, connection.sync_frequency
    fields: dict[str, Any] = {
        "id": connection.id,
        "group_id": connection.group_id,
        "service": connection.service.id,
        "service_version": connection.service.version,
        "schema": connection.schema,
        "connected_by": connection.connected_by,
        "created_at": written(connection.created_at, digits),
        "succeeded_at": written_or_none(connection.succeeded_at, digits),
        "failed_at": written_or_none(connection.failed_at, digits),
        "paused": connection.paused,
        "pause_after_trial": connection.pause_after_trial,
        "sync_frequency": frequency,
        "daily_sync_time": connection.daily_sync_time if frequency == DAILY else None,
        "data_delay_threshold": 0,
        "data_delay_sensitivity": "NORMAL",
        "private_link_id": None,
        "networking_method": "Directly",
        "proxy_agent_id": None,
        "schedule_type": connection.schedule_type,
        "status": _status(connection, digits),
    }
    return {**fields, "schedule": dict(connection.schedule)} if connection.schedule else fields


def _status(connection: Connection, digits: int) -> dict[str, Any]:
    state = connection.sync_state
    status: dict[str, Any] = {
        "setup_state": connection.setup_state,
        "sync_state": state,
        "update_state": connection.update_state,
        "is_historical_sync": connection.is_historical,
        "tasks": [one.payload() for one in connection.tasks],
        "warnings": [one.payload() for one in connection.warnings],
    }
    if connection.schema_status:
        status["schema_status"] = connection.schema_status
    if state == "rescheduled":
        status["rescheduled_for"] = written_or_none(connection.rescheduled_for, digits)
    return {**status, **connection.status_fields}
