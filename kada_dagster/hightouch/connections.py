"""Where the tables of a source or destination are in K: host, database and schema of their ids.

`docs/hightouch.md`, "Names of tables", has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from kada_dagster.api.values import text
from kada_dagster.extracts.mapping import ConnectionMapping, Place, snowflake_host
from kada_dagster.extracts.places import host_in
from kada_dagster.extracts.tables import Table
from kada_dagster.hightouch.allowed import allowed
from kada_dagster.hightouch.databases import kind_of, split_name, stored, usual_schema

_NO_REGION = "us-west-2"  # Snowflake's addresses leave this one out


class Named(NamedTuple):
    """A table, and whether its schema is only the one such a database usually takes."""

    table: Table
    is_usual: bool


@dataclass(frozen=True)
class Connection:
    """A source or destination.

    Attributes:
        id: as the API has it.
        name: shown in the tool.
        slug: its name in addresses.
        type: as Hightouch spells it.
        configuration: the allowed part of it.
        mapping: what connections are called in K.
    """

    id: str
    name: str
    slug: str
    type: str
    configuration: Mapping[str, str]
    mapping: ConnectionMapping

    @classmethod
    def read(cls, given: Mapping[str, Any], mapping: ConnectionMapping) -> Connection:
        """The source or destination of an answer; what is missing is empty."""
        number = text(given.get("id"))
        name = text(given.get("name")) or number
        slug, kind = text(given.get("slug")), text(given.get("type"))
        return cls(number, name, slug, kind, allowed(given.get("configuration")), mapping)

    @cached_property
    def kind(self) -> str:
        """Which database it is; empty where it is none we know."""
        return kind_of(self.type)

    @cached_property
    def database(self) -> str:
        """The configured database."""
        keys = ("project", "projectId") if self.kind == "bigquery" else ("database", "catalog")
        return self.stored(self._first(*keys))

    @cached_property
    def schema(self) -> str:
        """The configured schema."""
        return self.stored(self._first("dataset" if self.kind == "bigquery" else "schema"))

    def stored(self, name: str) -> str:
        """A name as the database stores it."""
        return stored(self.kind, name)

    def table(self, database: str, schema: str, name: str) -> Named | None:
        """The name in K of a table.

        Args:
            database: as the database stores it; empty for the configured one.
            schema: likewise.
            name: of the table, as stored.

        Returns:
            The table; None where a part of its name is not known.
        """
        said = schema or self.schema
        table = Table(
            self._place.host, self._database(database), said or usual_schema(self.kind), name
        )
        if self.kind == "mysql":  # its databases are its schemas
            table = table._replace(
                database=table.database or table.schema, schema=table.schema or table.database
            )
        return Named(table, not said and self.kind != "mysql") if all(table) else None

    def spelt_table(self, name: str) -> Named | None:
        """The name in K of `[[database.]schema.]table`, spelt as the database stores it."""
        parts = split_name(name)
        return self.table(*parts) if parts else None

    def _database(self, given: str) -> str:
        """The database in K; a mapping speaks of the configured one."""
        is_own = not given or given.casefold() == self.database.casefold()
        return (self._place.database or "") if is_own else given

    @cached_property
    def _place(self) -> Place:
        return self.mapping.place(
            self.name,
            self.slug,
            self.id,
            host=self._host or self.name,
            database=self.database,
            kind=self.kind if self._host else "",
        )

    @property
    def _host(self) -> str:
        if self.kind == "bigquery":
            return "bigquery"
        if self.kind == "snowflake":
            return self._snowflake_account()
        return host_in(self._first("host", "hostname"))

    def _snowflake_account(self) -> str:
        account = snowflake_host(host_in(self._first("account", "hostname", "host")))
        region = self._first("region").lower()
        if not account or not region or region == _NO_REGION or "." in account or "-" in account:
            return account
        return f"{account}.{region}"

    def _first(self, *keys: str) -> str:
        return next((self.configuration[key] for key in keys if key in self.configuration), "")
