"""What the Edge family says of the things of an account."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.hevo.classic import Destination, Field
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgeObject, EdgePipeline

Json = dict[str, Any]


def pipeline(one: EdgePipeline) -> Json:
    """A pipeline; of its destination, the configuration is only in the list of destinations."""
    return {
        "id": one.id,
        "name": one.name or None,
        "status": one.status,
        "source": {
            "name": one.source.name,
            "connector_id": f"src_{one.id}",
            "source_type": one.source.kind,
            "config": dict(one.source.config),
        },
        "destination": {
            "id": one.destination.id,
            "name": one.destination.connection.name,
            "connector_id": f"dest_{one.destination.id}",
            "destination_type": one.destination.connection.kind,
            "status": one.destination.status,
        },
        "destination_prefix": one.prefix or None,
        "replication_type": "HISTORICAL_AND_INCREMENTAL",
        "load_mode": "MERGE",
        "schema_evolution": "ALLOW_ALL",
        "schedule": {"sync_type": "SCHEDULED", "frequency_minutes": 60},
        "failure_handling_policy": {
            "object_failure_level": "PIPELINE",
            "object_failure_threshold": 3,
        },
        "source_schema_status": {"status": "SYNCED", "refreshed_ts": one.refreshed},
        "latency_alert": None,
        "created_by_email": one.owner,
        "updated_by_email": "editor@example.com",
        "created_ts": one.created,
        "updated_ts": one.updated,
        "a_field_of_next_year": True,
    }


def destination(one: Destination) -> Json:
    """A destination; its times are texts here."""
    return {
        "id": one.id,
        "name": one.connection.name,
        "type": one.connection.kind,
        "config": dict(one.connection.config),
        "status": one.status,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def object_(one: EdgeObject, *, full: bool) -> Json:
    """An object: the row of the list, or all of it."""
    shown: Json = {
        "object_id": one.object_id,
        "source_namespace": one.source._asdict(),
        "destination_namespace": one.destination._asdict(),
        "field_count": len(one.fields),
        "status": one.status,
        "replication_status": "REPLICATED",
    }
    if full:
        shown |= {
            "object_name": one.name or None,
            "destination_table_name": one.destination_table,
            "load_mode": "MERGE",
            "fields": [_field(field) for field in one.fields],
        }
    return shown


def _field(one: Field) -> Json:
    return {
        "source_name": one.source,
        "source_type": "VARCHAR",
        "destination_name": one.destination,
        "destination_type": "VARCHAR",
        "status": one.status,
        "primary_key": one.source == "id",
    }


def job(one: EdgeJob) -> Json:
    """A job; what it does not know is left out or null."""
    shown: Json = {
        "job_id": one.job_id,
        "type": one.type,
        "status": one.status,
        "created_ts": one.created,
        "updated_ts": one.updated,
        "events_ingested": one.ingested,
        "events_loaded": one.loaded,
        "events_failed": one.failed,
        "objects_success": 1,
        "objects_queued": 0,
        "objects_skipped": 0,
        "objects_failed": 0,
        "billable_events": 1,
        "min_latency": None,
    }
    return shown if one.duration is None else {**shown, "duration": one.duration}


def connector(kind: str) -> Json:
    """A kind of source or destination."""
    return {"type": kind.upper(), "name": kind, "category": "DATABASE", "capabilities": []}
