"""What a Fivetran account looks like: the facts that assets are made of.

Only what stays the same from sync to sync, and what is switched on. No secret is among it: of the
configuration of a destination, `allowed` decides what is kept. Reading it from the API is in
`snapshot`, keeping it in a file in `snapshot_file`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

_DATABASE_KEYS = ("database", "project_id", "catalog")


@dataclass(frozen=True)
class KnownColumn:
    """A column that is synced.

    Attributes:
        name: in the source.
        destination: its name in the destination.
        primary_key: whether Fivetran takes it as part of the key.
        hashed: whether only a hash of it is written.
    """

    name: str
    destination: str
    primary_key: bool = False
    hashed: bool = False


@dataclass(frozen=True)
class KnownTable:
    """A table that is synced.

    Attributes:
        name: in the source, as the API wants it: case counts.
        destination: its name in the destination.
        sync_mode: as `SOFT_DELETE`, `HISTORY`, `LIVE`; empty if the API gives none.
        columns: None where they were not read, none where the source did not tell them.
    """

    name: str
    destination: str
    sync_mode: str = ""
    columns: tuple[KnownColumn, ...] | None = None


@dataclass(frozen=True)
class KnownSchema:
    """A schema of a source with the tables of it that are synced.

    Attributes:
        name: in the source.
        destination: the schema in the destination.
        tables: in the order of the API.
    """

    name: str
    destination: str
    tables: tuple[KnownTable, ...]


@dataclass(frozen=True)
class KnownConnection:
    """A connection, whatever its state: paused, broken and incomplete ones are there, too.

    Attributes:
        id: its id.
        group_id: the group it belongs to.
        service: kind of source, as `postgres`.
        schema: its display name, which is the schema, or `schema.table`, in the destination.
        created_at: ISO 8601, UTC; empty if the API gives none.
        connected_by: id of the user who made it.
        setup_state: `connected`, `broken` or `incomplete`, when the snapshot was taken.
        paused: whether it was paused then.
        schedule_type: `auto` or `manual`, then.
        sync_frequency: minutes between syncs, then; None if there is no such number.
        seen: what its schemas were read at; when it changes they are read again, and always
            when it is empty.
        schemas: None where Fivetran has no schema configuration for it.
    """

    id: str
    group_id: str
    service: str
    schema: str
    created_at: str = ""
    connected_by: str = ""
    setup_state: str = ""
    paused: bool = False
    schedule_type: str = ""
    sync_frequency: int | None = None
    seen: str = ""
    schemas: tuple[KnownSchema, ...] | None = None

    def tables(self) -> Iterator[tuple[KnownSchema, KnownTable]]:
        """The tables that are synced, each with its schema.

        Where Fivetran has no schema configuration, a display name `schema.table` tells the one
        table of the connection.
        """
        schema, _, table = self.schema.partition(".")
        if self.schemas is None and table and self.setup_state == "connected":
            yield KnownSchema(schema, schema, ()), KnownTable(table, table)
        for found in self.schemas or ():
            for one in found.tables:
                yield found, one


@dataclass(frozen=True)
class KnownDestination:
    """Where the connections of a group write to.

    Attributes:
        service: kind of destination, as `snowflake`.
        region: of Fivetran's processing.
        config: the parts of its configuration that are kept, see `allowed`.
    """

    service: str
    region: str = ""
    config: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def database(self) -> str:
        """The database, project or catalogue; empty where it is not known."""
        return next(
            (self.config[k] for k in ("database", "project_id", "catalog") if k in self.config), ""
        )


@dataclass(frozen=True)
class Snapshot:
    """What an account looked like.

    Attributes:
        taken_at: when, UTC.
        groups: names of the groups by id.
        destinations: by id of the group.
        services: titles of the kinds of sources, as `PostgreSQL`, by service.
        connections: by id, in order.
    """

    taken_at: datetime
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    destinations: Mapping[str, KnownDestination] = field(
        default_factory=dict[str, KnownDestination]
    )
    services: Mapping[str, str] = field(default_factory=dict[str, str])
    connections: tuple[KnownConnection, ...] = ()
