"""What of an account is synced, and which columns an extract may know: shared by its truths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, Table


@dataclass(frozen=True)
class Entry:
    """A table of a connection, and the schema it is in."""

    connection: Connection
    schema: Schema
    table: Table

    @property
    def is_synced(self) -> bool:
        """Whether its rows arrive."""
        return self.schema.enabled and self.table.enabled and self.table.locked != "DELETED"

    @property
    def is_asked(self) -> bool:
        """Whether its columns are asked for, where columns are wanted."""
        return self.is_synced and self.connection.setup_state == "connected"

    def columns(self, wanted: bool) -> list[Column]:
        """The columns an extract knows."""
        is_whole = wanted and self.is_asked
        return [one for one in self.table.columns if is_whole or one.overridden]


def schemas_of(connection: Connection) -> list[Schema]:
    """The schemas an extract learns of."""
    if connection.setup_state == "incomplete" or not connection.has_schemas:
        return []
    return list(connection.config.schemas.values()) if connection.config else []


def entries_of(connection: Connection) -> Iterator[Entry]:
    """The tables an extract learns of."""
    for schema in schemas_of(connection):
        for table in (schema.tables or {}).values():
            yield Entry(connection, schema, table)
