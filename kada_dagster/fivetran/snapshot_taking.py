"""Taking a snapshot of an account: what is read again, and what is kept of the one before.

A schema configuration costs a call for each connection, columns one for each table. So only
connections that have synced, failed or changed their state since are read again; what was
switched on or off in between shows with the next sync, or when everything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.errors import (
    ApiCallError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.config.problems import suggestion
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.snapshot_model import (
    KnownColumn,
    KnownConnection,
    KnownDestination,
    KnownSchema,
    KnownTable,
    Snapshot,
)
from kada_dagster.fivetran.snapshot_reading import (
    known_columns,
    known_connection,
    known_destinations,
    known_groups,
    known_schemas,
    service_title,
)

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings
    from kada_dagster.fivetran.client import FivetranClient
    from kada_dagster.fivetran.connection import Connection

T = TypeVar("T")
Columns = tuple[KnownColumn, ...] | None


def _source_calls() -> list[RateBudget]:
    return [RateBudget(500, 60), RateBudget(5000, 3600)]


@dataclass
class Taking:
    """One snapshot being taken.

    Attributes:
        client: of the account.
        settings: the account.
        report: told what goes on.
        before: the snapshot there was.
        everything: read every connection's schemas again.
        warnings: what could not be read.
        schemas_read: ids of connections whose schema configuration was read.
        columns_read: tables whose columns were read.
        source_calls: what may be asked of sources, which Fivetran limits besides all calls.
    """

    client: FivetranClient
    settings: FivetranAccountSettings
    report: Callable[[str], None]
    before: Snapshot | None
    everything: bool
    warnings: list[str] = field(default_factory=list[str])
    schemas_read: list[str] = field(default_factory=list[str])
    columns_read: list[str] = field(default_factory=list[str])
    source_calls: Sequence[RateBudget] = field(default_factory=_source_calls)
    _unavailable: set[str] = field(default_factory=set[str])

    def snapshot(self) -> Snapshot:
        """Read what has to be read.

        Raises:
            ConfigError: a group of the settings is not there.
            KadaError: the account or its list of connections cannot be read.
        """
        moment = datetime.now(timezone.utc).replace(microsecond=0)
        groups: dict[str, str] = self._optional(
            "groups", lambda: known_groups(self.client.groups()), {}
        )
        listed = list({one.id: one for one in self._listed(groups)}.values())
        self.report(f"{len(listed)} connections")
        destinations: dict[str, KnownDestination] = self._optional(
            "destinations", lambda: known_destinations(self.client.destinations()), {}
        )
        connections = tuple(sorted(self._known(listed), key=lambda connection: connection.id))
        return Snapshot(moment, groups, destinations, self._services(connections), connections)

    def _listed(self, groups: Mapping[str, str]) -> Iterator[Connection]:
        if not self.settings.groups:
            yield from self.client.connections()
        for group in sorted({_group_id(wanted, groups) for wanted in self.settings.groups}):
            yield from self.client.connections(group)

    def _known(self, listed: Iterable[Connection]) -> Iterator[KnownConnection]:
        """Each connection with its schemas, read or kept."""
        before = {known.id: known for known in self.before.connections} if self.before else {}
        stale: list[tuple[Connection, KnownConnection]] = []
        for connection in listed:
            known = known_connection(connection)
            kept = before.get(known.id)
            if kept and known.seen == kept.seen != "" and self._is_enough(kept):
                yield replace(known, schemas=kept.schemas)
            else:
                stale.append((connection, replace(known, schemas=kept.schemas if kept else None)))
        for _, known in self.client.api.gather(stale, self._read):
            if known is not None:
                yield known

    def _is_enough(self, kept: KnownConnection) -> bool:
        """Whether what was read before has all that is wanted now."""
        if self.everything:
            return False
        wanted = self.settings.columns and kept.setup_state == "connected"
        return not wanted or all(
            t.columns is not None for s in kept.schemas or () for t in s.tables
        )

    def _read(self, job: tuple[Connection, KnownConnection]) -> KnownConnection | None:
        """A connection with its schemas; when they cannot be read, with those it had. None when
        it was deleted since it was listed."""
        connection, known = job
        try:
            answer = self.client.schemas(known.id)
        except ApiNotFoundError:
            return None
        except ApiUnauthorizedError:
            raise
        except ApiCallError as error:
            self.warnings.append(f"{known.id}: its tables are as they were before: {error}")
            return replace(known, seen="")
        self.schemas_read.append(known.id)
        schemas = None if answer is None else known_schemas(answer, connection)
        if schemas and self.settings.columns:
            schemas = tuple(self._described(known, schema) for schema in schemas)
        seen = "" if known.id in self._unavailable else known.seen
        return replace(known, schemas=schemas, seen=seen)

    def _described(self, before: KnownConnection, schema: KnownSchema) -> KnownSchema:
        """A schema whose tables have their columns, as far as they can be read."""
        had = {(s.name, t.name): t.columns for s in before.schemas or () for t in s.tables}
        tables: list[KnownTable] = []
        for table in schema.tables:
            columns = had.get((schema.name, table.name))
            if before.setup_state == "connected":
                columns = self._columns(before, schema.name, table.name, columns)
            tables.append(replace(table, columns=columns))
        return replace(schema, tables=tuple(tables))

    def _columns(
        self, connection: KnownConnection, schema: str, table: str, had: Columns
    ) -> Columns:
        """The columns of a table; none when the source does not tell them, which is not asked
        again before the connection has synced. While Fivetran cannot be reached, or has no calls
        left, they are those it had, and are asked for by the next snapshot."""
        try:
            with ExitStack() as places:
                for budget in self.source_calls:
                    places.enter_context(budget.call())
                answer = self.client.columns(connection.id, schema, table)
        except ApiUnauthorizedError:
            raise
        except ApiUnavailableError as error:
            self.warnings.append(f"{connection.id}: columns of {schema}.{table} as before: {error}")
            self._unavailable.add(connection.id)
            return had
        except ApiCallError as error:
            self.warnings.append(f"{connection.id}: no columns of {schema}.{table}: {error}")
            return ()
        self.columns_read.append(f"{schema}.{table}")
        return known_columns(answer)

    def _services(self, connections: Iterable[KnownConnection]) -> dict[str, str]:
        """Titles of the kinds of sources; one that is known is not asked for again."""
        titles = dict(self.before.services) if self.before else {}
        wanted = sorted({known.service for known in connections if known.service})
        for service in wanted:
            if service not in titles:
                titles[service] = self._optional(
                    f"connector type {service}", partial(self._title, service), service
                )
        return {service: titles[service] for service in wanted}

    def _title(self, service: str) -> str:
        return service_title(self.client.connector_type(service)) or service

    def _optional(self, what: str, read: Callable[[], T], otherwise: T) -> T:
        """What assets can do without: a refusal is said and survived."""
        try:
            return read()
        except ApiUnauthorizedError:
            raise
        except ApiCallError as error:
            self.warnings.append(f"{what}: left out: {error}")
            return otherwise


def _group_id(wanted: str, groups: Mapping[str, str]) -> str:
    if wanted in groups or not groups:
        return wanted
    found = [number for number, name in groups.items() if name == wanted]
    if len(found) == 1:
        return found[0]
    near = suggestion(wanted, [*groups, *groups.values()])
    what = "several groups have this name; use the id" if found else f"there is no such group{near}"
    raise ConfigError(f"groups: {wanted}: {what}")
