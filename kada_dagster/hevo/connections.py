"""Where the tables of a source or destination are in K: host, database and schema of their ids.

`docs/hevo.md`, "Names of source and destination tables", has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kada_dagster.api.values import object_of, text
from kada_dagster.extracts.mapping import ConnectionMapping, Place, snowflake_host
from kada_dagster.extracts.tables import Table
from kada_dagster.hevo.allowed import allowed, kind_of
from kada_dagster.hevo.dialects import dialect_of, stored

_DATABASE_KEYS = ("db_host", "db_name", "host", "database")
_NO_REGION = "us-west-2"  # Snowflake's addresses leave this one out


@dataclass(frozen=True)
class Connection:
    """A source or destination as Hevo describes it.

    Attributes:
        name: what `mapping` knows it by.
        kind: its type as Hevo spells it.
        config: the allowed part of its configuration.
        mapping: knows what connections are called in K.
        is_destination: whether names are those of a database Hevo writes to.
    """

    name: str
    kind: str
    config: Mapping[str, str]
    mapping: ConnectionMapping
    is_destination: bool = False

    @classmethod
    def read(
        cls,
        given: object,
        mapping: ConnectionMapping,
        *,
        kind: object = None,
        is_destination: bool = False,
    ) -> Connection:
        """The connection in an answer; what is missing is empty."""
        item: dict[str, Any] = object_of(given)
        word = kind_of(item.get("type")) or kind_of(kind)
        return cls(
            text(item.get("name")), word, allowed(item.get("config")), mapping, is_destination
        )

    @cached_property
    def dialect(self) -> str:
        """The SQL dialect; empty where it is not known."""
        return dialect_of(self.kind)

    @cached_property
    def is_database(self) -> bool:
        """Whether it has tables with a database and a schema of their own."""
        return self.is_destination or any(key in self.config for key in _DATABASE_KEYS)

    @property
    def database(self) -> str:
        """The database Hevo is configured with."""
        return self._stored(self._first("db_name", "project_id", "database_name", "database"))

    @property
    def schema(self) -> str:
        """The schema Hevo is configured with."""
        return self._stored(self._first("schema_name", "dataset_name", "schema"))

    def table(self, database: str, schema: str, name: str) -> Table | None:
        """The name in K of a table Hevo names in three parts.

        Args:
            database: as Hevo spells it; empty for the configured one.
            schema: likewise.
            name: of the table.

        Returns:
            The table; None where a part is missing.
        """
        return self.stored_table(self._stored(database), self._stored(schema), self._stored(name))

    def stored_table(self, database: str, schema: str, name: str) -> Table | None:
        """The name in K of a table whose names are as the database stores them; see `table`."""
        if not self.is_database:
            return self._other(schema, name)
        table = Table(self._place.host, self._database(database), schema or self.schema, name)
        if self.dialect == "mysql":  # databases are its schemas
            table = table._replace(
                database=table.database or table.schema, schema=table.schema or table.database
            )
        return table if all(table) else None

    def column(self, name: str) -> str:
        """A column's name as the database stores it."""
        return self._stored(name)

    def _database(self, given: str) -> str:
        """The database in K; a mapping speaks of the configured one."""
        own = self.database
        is_own = not given or not own or given.casefold() == own.casefold()
        return (is_own and self._place.database) or given or own

    @cached_property
    def _place(self) -> Place:
        """What the mapping says; else the host Hevo knows, and no database."""
        return self.mapping.place(self.name, host=self._own_host, kind=self.dialect)

    @property
    def _own_host(self) -> str:
        if not self.is_database:
            return self.name
        if self.dialect == "snowflake":
            return self._snowflake_account
        if self.dialect == "bigquery":
            return "bigquery"
        return self._first("db_host", "server_hostname", "host")

    @property
    def _snowflake_account(self) -> str:
        """The account's identifier as in the addresses of Snowflake; empty if there is none."""
        account = self._first("account_url", "account")
        if account:
            return snowflake_host(account)
        account, region = snowflake_host(self._first("account_name")), self._first("region")
        if not account or not region or region == _NO_REGION or "." in account or "-" in account:
            return account
        return f"{account}.{region}"

    def _other(self, schema: str, name: str) -> Table | None:
        """A table of what is no database: a SaaS or a store of files."""
        place = self._place
        table = Table(place.host, place.database or self.kind, schema or "default", name)
        return table if all(table) else None

    def _stored(self, name: str) -> str:
        return stored(self.dialect, name) if self.is_destination else name

    def _first(self, *keys: str) -> str:
        return next((self.config[key] for key in keys if key in self.config), "")


def classic_name(connection: Connection, name: str) -> tuple[str, str]:
    """Schema and table in the name of a classic event type; the schema is empty if it has none."""
    if not connection.is_database:
        return "", name
    before = f"{connection.database}."
    rest = name[len(before) :]
    if "." in rest and name[: len(before)].casefold() == before.casefold():
        name = rest
    schema, dot, table = name.partition(".")
    return (schema, table) if dot else ("", name)
