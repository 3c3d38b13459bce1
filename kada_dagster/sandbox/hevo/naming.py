"""How the tables of an account are named in K, as `docs/hevo.md` promises it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from kada_dagster.sandbox.hevo.connections import Connection

MappingEntry = str | Mapping[str, str]
"""A host, or host and database."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


class TableName(NamedTuple):
    """A table as it is named in K."""

    host: str
    database: str
    schema: str
    table: str


class Namer:
    """Names the tables of one connection.

    Args:
        connection: the source or destination.
        mapping: from names of connections to what is onboarded in K.
        is_destination: whether the database made the names from Hevo's.
    """

    def __init__(
        self,
        connection: Connection,
        mapping: Mapping[str, MappingEntry],
        *,
        is_destination: bool = False,
    ) -> None:
        self._connection = connection
        self._folds = connection.folds if is_destination else ""
        entry = _entry(mapping, connection.name)
        fields = {"host": entry} if isinstance(entry, str) else dict(entry or {})
        self._host = fields.get("host") or connection.host
        self._mapped_database = fields.get("database") or ""

    def table(self, table: str | None, schema: str = "", database: str = "") -> TableName | None:
        """A table by the names Hevo has for it; what is empty is the connection's own.

        Returns:
            None where a part of the name is not known.
        """
        own = self._connection.database
        database = database if self._connection.is_database else ""
        is_own = not database or not own or database.casefold() == own.casefold()
        named = self._mapped_database if is_own else ""
        named = named or self.stored(database or own)
        schema = self.stored(schema or self._connection.schema)
        if not self._connection.has_schemas:
            named, schema = named or schema, schema or named
        name = TableName(self._host, named, schema, self.stored(table or ""))
        return name if all(name) else None

    def stored(self, name: str) -> str:
        """A name as the database stores it."""
        if self._folds == "upper":
            return name.upper() if _PLAIN.fullmatch(name) else name
        return name.lower() if self._folds == "lower" else name


def _entry(mapping: Mapping[str, MappingEntry], name: str) -> MappingEntry | None:
    if name in mapping:
        return mapping[name]
    wanted = name.casefold()
    return next((entry for key, entry in mapping.items() if key.casefold() == wanted), None)
