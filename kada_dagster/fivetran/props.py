"""What a translator is given to make an asset of: a connection, a table, where it is, its key.

Keys are decided here for all tables of all accounts together, because two tables may go by the
same name in two destinations. A table is `[schema, table]` as in the destination; where that is
not unique, the account and the group stand in front, then the connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.snapshot_model import (
    KnownConnection,
    KnownDestination,
    KnownSchema,
    KnownTable,
    Snapshot,
)

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings

Key = tuple[str, ...]
_NOTHING = Snapshot(datetime.min.replace(tzinfo=timezone.utc))


@dataclass(frozen=True)
class ConnectionProps:
    """A connection and what surrounds it.

    Attributes:
        account: settings of the account.
        connection: the connection.
        group: name of its group; the id where the name is not known.
        destination: where it writes to; None where that is not known.
        service_title: kind of source, as `PostgreSQL`.
    """

    account: FivetranAccountSettings
    connection: KnownConnection
    group: str
    destination: KnownDestination | None
    service_title: str

    @property
    def key(self) -> Key:
        """Key of its asset."""
        return (self.account.name, self.connection.id)

    @property
    def url(self) -> str:
        """Its page in Fivetran's dashboard."""
        return Connection(self.connection.id).url


@dataclass(frozen=True)
class TableProps:
    """A table of a destination and where its rows come from.

    Attributes:
        parent: its connection.
        schema: its schema.
        table: the table.
        key: key of its asset, unlike that of any other.
    """

    parent: ConnectionProps
    schema: KnownSchema
    table: KnownTable
    key: Key

    @property
    def source_key(self) -> Key:
        """Key of the table in the source."""
        return (*self.parent.key, "source", self.schema.name, self.table.name)


@dataclass(frozen=True)
class AccountProps:
    """Everything in one account assets are made of.

    Attributes:
        account: its settings.
        connections: each connection with its tables.
    """

    account: FivetranAccountSettings
    connections: Sequence[tuple[ConnectionProps, Sequence[TableProps]]] = ()


def account_props(
    accounts: Sequence[tuple[FivetranAccountSettings, Snapshot | None]],
    taken: Collection[Key] = (),
) -> list[AccountProps]:
    """The connections and tables of accounts, with keys.

    Args:
        accounts: the accounts, each with its snapshot; without one it has no connections.
        taken: keys of other assets.
    """
    found = [
        (
            settings,
            [
                connection_props(settings, connection, snapshot)
                for connection in (snapshot.connections if snapshot else ())
            ],
        )
        for settings, snapshot in accounts
    ]
    parents = [props for _, connections in found for props in connections]
    tables = _with_keys(
        [table for props in parents for table in _tables(props)],
        {*taken, *(props.key for props in parents)},
    )
    return [
        AccountProps(
            settings, [(p, tables.get((settings.name, p.connection.id), [])) for p in connections]
        )
        for settings, connections in found
    ]


def connection_props(
    settings: FivetranAccountSettings, connection: KnownConnection, snapshot: Snapshot | None
) -> ConnectionProps:
    """A connection with what a snapshot knows around it."""
    known = snapshot or _NOTHING
    return ConnectionProps(
        settings,
        connection,
        known.groups.get(connection.group_id) or connection.group_id,
        known.destinations.get(connection.group_id),
        known.services.get(connection.service) or connection.service,
    )


def _tables(props: ConnectionProps) -> Iterator[TableProps]:
    if props.account.tables:
        for schema, table in props.connection.tables():
            yield TableProps(props, schema, table, ())


def _with_keys(tables: Sequence[TableProps], taken: set[Key]) -> dict[Key, list[TableProps]]:
    """The tables with their keys, by the key of their connection, in the order they came in."""
    keys: dict[int, Key] = {}
    rest = list(range(len(tables)))
    for candidate in (_plain, _in_group, _in_connection, _from_source):
        wanted = {place: candidate(tables[place]) for place in rest}
        counts = Counter(wanted.values())
        unique = {p: key for p, key in wanted.items() if counts[key] == 1 and key not in taken}
        keys.update(unique)
        taken = taken | set(unique.values())
        rest = [place for place in rest if place not in unique]
    found: dict[Key, list[TableProps]] = {}
    for place, table in enumerate(tables):
        found.setdefault(table.parent.key, []).append(replace(table, key=keys[place]))
    return found


def _plain(table: TableProps) -> Key:
    return (table.schema.destination, table.table.destination)


def _in_group(table: TableProps) -> Key:
    return (table.parent.account.name, table.parent.group, *_plain(table))


def _in_connection(table: TableProps) -> Key:
    return (*table.parent.key, *_plain(table))


def _from_source(table: TableProps) -> Key:
    """Unique, whatever the others are called: no two tables of a source have the same name."""
    return (*_in_connection(table), table.schema.name, table.table.name)
