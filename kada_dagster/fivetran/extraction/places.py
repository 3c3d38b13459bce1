"""Where the tables of a connection's source and of a destination are in K: host and database.

`docs/fivetran-collector.md`, "Names of tables", has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kada_dagster.api.values import text
from kada_dagster.extracts.identity import object_id
from kada_dagster.extracts.mapping import ConnectionMapping, snowflake_host
from kada_dagster.extracts.mapping import Place as Label
from kada_dagster.extracts.output import Item
from kada_dagster.fivetran.allowed import allowed
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.databases import kind_of, stored

_DATABASE_KEYS = ("database", "project_id", "catalog", "sid")


class Table(NamedTuple):
    """A table as it is named in K."""

    host: str
    database: str
    schema: str
    name: str


def table_item(table: Table) -> Item:
    """The object a table is."""
    return Item("TABLE", object_id(*table))


def column_item(table: Table, column: str) -> Item:
    """The object a column of it is."""
    return Item("COLUMN", object_id(*table, column))


@dataclass(frozen=True)
class Place:
    """A source or destination.

    Attributes:
        host: of its tables in K.
        database: of its tables in K; empty where nobody says one.
        kind: which database it is; empty where it is none we know.
        is_destination: whether Fivetran creates the names there.
    """

    host: str
    database: str
    kind: str
    is_destination: bool = False

    def table(self, schema: str, name: str) -> Table | None:
        """The name in K of a table; None where a part of it is missing."""
        database = self.database or (schema if self.kind == "mysql" else "")
        table = Table(self.host, database, schema, name)
        return table if all(table) else None

    def stored(self, name: str) -> str:
        """A name as the database stores it."""
        return stored(self.kind, name) if self.is_destination else name


def source_place(connection: Connection, group: str, mapping: ConnectionMapping) -> Place:
    """Where a connection reads.

    Args:
        connection: which one. Its name is unique in its group only.
        group: name of its group.
        mapping: what connections are called in K.
    """
    kind, config = kind_of(connection.service), connection.config
    name = connection.schema or connection.id
    found = mapping.find(connection.id, f"{group}.{name}", name)
    host, database = _own_host(kind, config), _first(config, *_DATABASE_KEYS)
    if found is not None:
        return Place(found.host, found.database or database or _made_up(connection, kind), kind)
    if kind == "snowflake" and host and database:
        return Place(host, database, kind)
    mapping.missed(f"{group}.{name}" if group else name)
    if host and (database or kind == "mysql"):
        return Place(host, database, kind)
    return Place(name, connection.id, kind)


def destination_place(given: Mapping[str, Any], group: str, mapping: ConnectionMapping) -> Place:
    """Where a destination is.

    Args:
        given: as the API describes it.
        group: name of its group.
        mapping: what destinations are called in K, by the name of their group or their id.
    """
    kind, config = kind_of(text(given.get("service"))), allowed(given.get("config"))
    database = stored(kind, _first(config, *_DATABASE_KEYS))
    number = text(given.get("id"))
    label = _label(mapping, (number, group), _own_host(kind, config), kind)
    return Place(label.host, label.database or database, kind, is_destination=True)


def unlisted_place(number: str, group: str, mapping: ConnectionMapping) -> Place:
    """Where a destination is of which nothing but its id is known."""
    label = mapping.find(number, group) or Label("", None)
    return Place(label.host, label.database or "", "", is_destination=True)


def _label(mapping: ConnectionMapping, names: tuple[str, str], own_host: str, kind: str) -> Label:
    found = mapping.find(*names)
    if found is not None:
        return found
    number, group = names
    if kind != "snowflake" or not own_host:
        mapping.missed(group or number)
    return Label(own_host or group or number, None)


def _own_host(kind: str, config: Mapping[str, str]) -> str:
    """The host Fivetran connects to, as K knows it."""
    host = _first(config, "host", "server_host_name", "account")
    if kind == "snowflake":
        return snowflake_host(host) if host else ""
    return "bigquery" if kind == "bigquery" else host.partition("/")[0]


def _made_up(connection: Connection, kind: str) -> str:
    """The database of what has none, where its host is known: the service, as in other sources."""
    return "" if kind else connection.service


def _first(config: Mapping[str, str], *keys: str) -> str:
    return next((config[key] for key in keys if key in config), "")
