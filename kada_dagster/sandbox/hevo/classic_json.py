"""What the classic family says of the things of an account."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.hevo.classic import (
    ClassicObject,
    ClassicPipeline,
    Destination,
    EventType,
    Field,
    Model,
    SchemaMapping,
    User,
    Workflow,
)
from kada_dagster.sandbox.hevo.connections import Connection

Json = dict[str, Any]


def pipeline(one: ClassicPipeline, as_text: bool) -> Json:
    """A pipeline: it has no name of its own."""
    return {
        "id": one.id,
        "status": one.status,
        "health_status": "OK",
        "priority": "NORMAL",
        "auto_mapping": "ENABLED",
        "destination_table_prefix": one.prefix,
        "json_parsing_strategy": None,
        "source": _source(one.source, as_text) if one.source else None,
        "destination": destination(one.destination, as_text) if one.destination else None,
        "schedule": {"type": "FREQUENCY", "frequency": 60} if one.source else None,
        "a_field_of_next_year": {"nested": [1, None]},
    }


def destination(one: Destination, as_text: bool) -> Json:
    """A destination, in a list or in a pipeline."""
    return {
        "id": one.id,
        "name": one.connection.name,
        "status": one.status,
        "health_status": "OK",
        "type": _type(one.connection, as_text),
        "config": dict(one.connection.config),
    }


def _source(one: Connection, as_text: bool) -> Json:
    config = dict(one.config)
    return {"name": one.name, "type": _type(one, as_text), "config": config}


def _type(one: Connection, as_text: bool) -> Any:
    if as_text:
        return one.kind
    category = "DATABASE" if one.is_database else "SAAS"
    return {"name": one.kind, "display_name": one.kind.title(), "categories": [category]}


def object_(one: ClassicObject, moment: int | None) -> Json:
    """An object as it is at a moment (epoch milliseconds)."""
    return {
        "name": one.name,
        "status": one.status,
        "last_run_ts": one.last_run(moment),
        "events_count": 12,
    }


def event_type(one: EventType) -> Any:
    """An event type; its bare name where it has no status."""
    return {"name": one.name, "status": one.status} if one.status else one.name


def mapping(one: SchemaMapping) -> Json:
    """A schema mapping."""
    return {
        "destination_table": one.destination_table,
        "auto_mapping": "ENABLED",
        "mapping_status": one.status,
        "field_mappings": [_field(field) for field in one.fields],
    }


def _field(one: Field) -> Json:
    shown: Json = {
        "source_field": one.source,
        "source_field_type": "STRING",
        "destination_field": one.destination,
        "destination_field_type": "VARCHAR(512)" if one.destination else None,
    }
    if one.ignored or one.destination is None:  # both flags may miss
        shown |= {"ignored": one.ignored, "incompatible": not one.ignored}
    return shown


def model(one: Model) -> Json:
    """A model."""
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "source_destination_id": one.destination.id,
        "source_query": one.sql,
        "destination_table_details": {
            "table_name": one.table,
            "load_type": "TRUNCATE_AND_LOAD",
            "primary_keys": [],
        },
        "schedule": {"type": "CRON", "cron_expression": "0 2 * * *"},
    }


def workflow(one: Workflow) -> Json:
    """A workflow."""
    run = one.last_run_status
    return {"id": one.id, "name": one.name, "status": one.status, "last_run_status": run}


def user(one: User) -> Json:
    """A user."""
    return {"email": one.email, "role": one.role, "status": one.status}


def position(as_list: bool) -> Any:
    """A position: its time is for people, with a zone nobody can parse."""
    shown: Json = {
        "type": "BINLOG",
        "display_position": "Jan 05, 2026 10:15:00 EDT, binlog.000123",
        "offset": "123",
        "file_name": "binlog.000123",
        "timezone": None,
        "keys": [],
    }
    return [shown] if as_list else shown
