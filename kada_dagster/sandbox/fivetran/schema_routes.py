"""Schema configurations: shown, reloaded, columns, re-syncs of tables; the older metadata too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from kada_dagster.sandbox.fivetran.call import Call, ok
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.paging import in_json, page
from kada_dagster.sandbox.fivetran.refusal import (
    invalid,
    no_schema_config,
    no_such_path,
    not_found,
)
from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.syncs import Scope
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer

_RESYNCED = "Re-sync has been triggered successfully"


class SchemaRoutes:
    """Answers about what connections of a world sync."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def shown(self, _call: Call, id: str) -> Answer:
        """GET connections/{}/schemas."""
        with self._world.timeline.settled():
            config = self._config(self._world.estate.connection(id))
        return ok("Schema configuration retrieved successfully", config.payload())

    def reload(self, call: Call, id: str) -> Answer:
        """POST connections/{}/schemas/reload: reads the source."""
        mode = call.fields().get("exclude_mode", "PRESERVE")
        if mode not in ("PRESERVE", "EXCLUDE", "INCLUDE"):
            raise invalid("Invalid value of exclude_mode")
        with self._world.timeline.settled():
            connection = self._world.estate.connection(id)
            connection.has_schemas = True
            config = self._config(connection)
        return ok("Schema configuration has been reloaded", config.payload())

    def columns(self, _call: Call, id: str, schema: str, table: str) -> Answer:
        """GET connections/{}/schemas/{}/tables/{}/columns: reads the source."""
        with self._world.timeline.settled():
            connection = self._world.estate.connection(id)
            if connection.setup_state != "connected":
                raise invalid("The connection is not connected")
            found = self._config(connection).table(schema, table)
        if found is None:
            raise not_found("Table", f"{schema}.{table}")
        return ok("Column configuration retrieved successfully", found.columns_payload())

    def resync(self, call: Call, id: str) -> Answer:
        """POST connections/{}/resync."""
        scope = call.fields().get("scope")
        if scope is not None and not self._world.quirks.scoped_resync:
            raise invalid("Unrecognized field scope")
        self._world.resync(id, None if scope is None else _scope(scope))
        return ok(_RESYNCED)

    def resync_tables(self, call: Call, id: str) -> Answer:
        """POST connections/{}/schemas/tables/resync."""
        if not self._world.quirks.tables_resync:
            raise no_such_path()
        self._world.resync(id, _scope(call.fields()))
        return ok(_RESYNCED)

    def resync_table(self, _call: Call, id: str, schema: str, table: str) -> Answer:
        """POST connections/{}/schemas/{}/tables/{}/resync: one table, the older way."""
        if not self._world.quirks.single_table_resync:
            raise no_such_path()
        self._world.resync(id, {schema: [table]})
        return ok(_RESYNCED)

    def metadata(self, call: Call, id: str, kind: str) -> Answer:
        """GET metadata/connectors/{}/schemas|tables|columns, which the API no longer has."""
        makers = {"schemas": _old_schemas, "tables": _old_tables, "columns": _old_columns}
        if not self._world.quirks.old_metadata or kind not in makers:
            raise no_such_path()
        config = self._config(self._world.estate.connection(id))
        rows = list(makers[kind](config))
        return page(f"Metadata {kind} retrieved successfully", rows, call.query, in_json)

    def _config(self, connection: Connection) -> SchemaConfig:
        """The configuration, if the vendor has read it from the source."""
        if connection.config is None or not connection.has_schemas:
            raise no_schema_config(connection.id)
        return connection.config


def _scope(given: Any) -> Scope:
    """A scope whose shape is right; whether it is empty is another question.

    Raises:
        RefusedError: 400.
    """
    if not isinstance(given, dict):
        raise invalid("The scope must be an object")
    for tables in cast("dict[str, Any]", given).values():
        items = cast("list[Any]", tables) if isinstance(tables, list) else [None]
        if not all(isinstance(one, str) for one in items):
            raise invalid("The tables of a schema must be an array of names")
    return cast("Scope", given)


def _old(id: str, source: str, destination: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name_in_source": source, "name_in_destination": destination, **more}


def _old_schemas(config: SchemaConfig) -> Iterator[dict[str, Any]]:
    for one in config.schemas.values():
        yield _old(one.name, one.name, one.name_in_destination)


def _tables(config: SchemaConfig) -> Iterator[tuple[Schema, Table]]:
    for schema in config.schemas.values():
        for table in (schema.tables or {}).values():
            yield schema, table


def _old_tables(config: SchemaConfig) -> Iterator[dict[str, Any]]:
    for schema, table in _tables(config):
        id = f"{schema.name}.{table.name}"
        yield _old(id, table.name, table.name_in_destination, parent_id=schema.name)


def _old_columns(config: SchemaConfig) -> Iterator[dict[str, Any]]:
    types = {"type_in_source": "text", "type_in_destination": "STRING", "is_foreign_key": False}
    for schema, table in _tables(config):
        parent = f"{schema.name}.{table.name}"
        for one in table.columns:
            more = {"parent_id": parent, "is_primary_key": one.is_primary_key, **types}
            yield _old(f"{parent}.{one.name}", one.name, one.name_in_destination, **more)
