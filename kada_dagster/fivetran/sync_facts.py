"""What a sync, a test or a snapshot came to, as metadata in the Dagster UI: facts, no decisions.

The keys the sensor looks for, so that nothing is reported twice, are in `watch.names`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.watch.moments import micros, spelled
from kada_dagster.fivetran.watch.names import CONNECTION_ID, SUCCEEDED_AT, SYNC_ID

if TYPE_CHECKING:
    from kada_dagster.fivetran.actions import SyncOutcome, TestOutcome
    from kada_dagster.fivetran.snapshot import SnapshotReport

_ERROR_FACTS = (
    *("connection_id", "reason", "sync_id", "succeeded_at", "failed_at", "rescheduled_for"),
    *("method", "path", "status", "code"),
)


def sync_facts(outcome: SyncOutcome) -> dict[str, Any]:
    """What a sync came to; what is not known is left out."""
    facts: dict[str, Any] = {
        CONNECTION_ID: outcome.connection_id,
        SYNC_ID: outcome.sync_id,
        SUCCEEDED_AT: _spelled(outcome.succeeded_at),
        "fivetran/started_at": _spelled(outcome.started_at),
        "fivetran/attached": outcome.attached,
        "duration_seconds": round(outcome.seconds, 3),
        "polls": outcome.polls,
        "calls": outcome.calls,
        "extract_mb": outcome.extract_mb,
        "load_mb": outcome.load_mb,
        "dashboard": dashboard(outcome.connection_id),
    }
    return {key: value for key, value in facts.items() if value is not None}


def table_facts(outcome: SyncOutcome) -> dict[str, Any]:
    """What is said of each table of a connection: which sync it is from."""
    facts = sync_facts(outcome)
    return {key: facts[key] for key in (CONNECTION_ID, SYNC_ID, SUCCEEDED_AT) if key in facts}


def test_facts(connection_id: str, outcome: TestOutcome) -> dict[str, Any]:
    """The setup tests of a connection, by how they ended."""
    ended = {
        "failed": outcome.failed,
        "warnings": outcome.warnings,
        "passed": outcome.passed,
        "skipped": outcome.skipped,
    }
    rows = [(state, title, message) for state, tests in ended.items() for title, message in tests]
    return {
        CONNECTION_ID: connection_id,
        **{state: len(tests) for state, tests in ended.items()},
        "tests": dg.MetadataValue.md(_table(("state", "test", "message"), rows)),
        "dashboard": dashboard(connection_id),
    }


def snapshot_facts(report: SnapshotReport) -> dict[str, Any]:
    """What taking a snapshot came to."""
    facts: dict[str, Any] = {
        "file": dg.PathMetadataValue(str(report.path)),
        "connections": report.connections,
        "tables": report.tables,
        "schemas_read": report.schemas_read,
        "schemas_kept": report.schemas_kept,
        "columns_read": report.columns_read,
        "calls": report.calls,
        "warnings": len(report.warnings),
    }
    if report.warnings:
        facts["warning"] = dg.MetadataValue.md("\n".join(f"- {_cell(w)}" for w in report.warnings))
    return facts


def error_facts(error: Exception, connection_id: str = "") -> dict[str, Any]:
    """What an error of the plain layer knows beside its message."""
    known = {name: getattr(error, name, None) for name in _ERROR_FACTS}
    facts: dict[str, Any] = {
        name: _spelled(value) if isinstance(value, datetime) else value
        for name, value in known.items()
        if value not in (None, "")
    }
    place = facts.get("connection_id") or connection_id
    if place:
        facts |= {"connection_id": place, "dashboard": dashboard(place)}
    return {"error": type(error).__name__, **facts}


def dashboard(connection_id: str) -> dg.MetadataValue[Any]:
    """The page of a connection in Fivetran's dashboard, where its log is."""
    return dg.MetadataValue.url(Connection(connection_id).url)


def _spelled(moment: datetime | None) -> str | None:
    return None if moment is None else spelled(micros(moment))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- " * 3 + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)])


def _cell(text: str) -> str:
    """One line, no markup of its own."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
