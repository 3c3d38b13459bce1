"""How the tables of a workspace are named in K, as `docs/hightouch.md` promises it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.hightouch.entities import Connection

MappingEntry = str | Mapping[str, str]
"""A host, or host and database."""


class TableOf(NamedTuple):
    """A table as the database stores its name; what is empty is the connection's own."""

    database: str
    schema: str
    name: str


class Named(NamedTuple):
    """A table's id in K.

    Attributes:
        id: of the table.
        is_usual: whether its schema is only the usual one.
    """

    id: str
    is_usual: bool


class Namer:
    """Names the tables of one source or destination.

    Args:
        connection: which one.
        mapping: from names, slugs and ids of connections to what is onboarded in K.
    """

    def __init__(self, connection: Connection, mapping: Mapping[str, MappingEntry]) -> None:
        self._place = connection.place
        keys = (connection.name or "", connection.slug, str(connection.id))
        entry = next((mapping[key] for key in keys if key in mapping), "")
        fields = {"host": entry} if isinstance(entry, str) else dict(entry)
        self._host = fields.get("host") or self._place.host
        self._mapped = fields.get("database") or ""

    def table(self, table: TableOf) -> Named | None:
        """The table's id; None where a part of its name is not known."""
        own = self._place.database
        is_own = not table.database or table.database.casefold() == own.casefold()
        database = (self._mapped or own) if is_own else table.database
        schema = table.schema or self._place.schema
        if not self._place.has_schemas:
            database, schema = database or schema, schema or database
        names = (self._host, database, schema, table.name)
        is_usual = not table.schema and self._place.is_usual
        return Named(object_id(*names), is_usual) if all(names) else None
