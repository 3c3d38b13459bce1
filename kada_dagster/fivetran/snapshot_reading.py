"""From the answers of the API to the facts of a snapshot; what is odd in an answer is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kada_dagster.api.values import flag, object_of, text
from kada_dagster.fivetran.allowed import allowed
from kada_dagster.fivetran.extraction.names import destination_schema
from kada_dagster.fivetran.snapshot_model import (
    KnownColumn,
    KnownConnection,
    KnownDestination,
    KnownSchema,
    KnownTable,
)
from kada_dagster.fivetran.watch.moments import micros, spelled

if TYPE_CHECKING:
    from datetime import datetime

    from kada_dagster.fivetran.connection import Connection

_DELETED = "DELETED"


def known_groups(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Names of groups by id."""
    return {text(group.get("id")): text(group.get("name")) for group in listed if group.get("id")}


def known_destinations(listed: Iterable[Mapping[str, Any]]) -> dict[str, KnownDestination]:
    """Destinations by id of their group."""
    return {
        text(found.get("group_id") or found.get("id")): KnownDestination(
            text(found.get("service")), text(found.get("region")), allowed(found.get("config"))
        )
        for found in listed
        if found.get("group_id") or found.get("id")
    }


def known_connection(connection: Connection) -> KnownConnection:
    """The facts of a connection that are in the list of connections: all but its schemas."""
    return KnownConnection(
        id=connection.id,
        group_id=connection.group_id,
        service=connection.service,
        schema=connection.schema,
        created_at=_spelled(connection.created_at),
        connected_by=connection.connected_by or "",
        setup_state=connection.setup_state,
        paused=connection.paused,
        schedule_type=connection.schedule_type,
        sync_frequency=connection.sync_frequency,
        seen=_seen(connection),
    )


def known_schemas(answer: Mapping[str, Any], connection: Connection) -> tuple[KnownSchema, ...]:
    """The schemas and tables of a schema configuration that are synced."""
    return tuple(
        KnownSchema(
            name,
            destination_schema(connection, text(schema.get("name_in_destination")) or name).name,
            tuple(_tables(schema)),
        )
        for name, schema in _synced(answer.get("schemas"))
    )


def known_columns(answer: Mapping[str, Any]) -> tuple[KnownColumn, ...]:
    """The columns of a table that are synced."""
    return tuple(
        KnownColumn(
            name,
            text(column.get("name_in_destination")) or name,
            primary_key=flag(column.get("is_primary_key")) or False,
            hashed=flag(column.get("hashed")) or False,
        )
        for name, column in _synced(answer.get("columns"))
    )


def service_title(answer: Mapping[str, Any]) -> str:
    """What a kind of source is called, as `PostgreSQL`."""
    return text(answer.get("name")) or text(answer.get("id"))


def _tables(schema: Mapping[str, Any]) -> Iterator[KnownTable]:
    for name, table in _synced(schema.get("tables")):
        destination = text(table.get("name_in_destination")) or name
        yield KnownTable(name, destination, text(table.get("sync_mode")))


def _synced(listed: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is switched on and still there, by its name in the source."""
    for name, found in object_of(listed).items():
        one = object_of(found)
        reason = object_of(one.get("enabled_patch_settings")).get("reason_code")
        if flag(one.get("enabled")) is not False and reason != _DELETED:
            yield text(name), one


def _seen(connection: Connection) -> str:
    """What changes whenever the tables may have; nothing tells that before the first sync."""
    if connection.succeeded_at is None:
        return ""
    moments = [_spelled(at) or "-" for at in (connection.succeeded_at, connection.failed_at)]
    return " ".join((*moments, connection.setup_state))


def _spelled(moment: datetime | None) -> str:
    return "" if moment is None else spelled(micros(moment))
