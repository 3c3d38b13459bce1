"""How the tables of an account are named in K, as `docs/fivetran-collector.md` promises it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.estate import Estate
from kada_dagster.sandbox.fivetran.schema_config import Schema, Table

MappingEntry = str | Mapping[str, str]
"""A host, or host and database."""

_KEPT = (
    *("host", "port", "database", "schema", "schema_prefix", "table", "sid", "account"),
    *("project_id", "data_set_location", "server_host_name", "catalog", "region"),
)
_SERVICES = {
    "snowflake": ("snowflake",),
    "bigquery": ("big_query", "bigquery"),
    "redshift": ("redshift",),
    "databricks": ("databricks",),
    "postgres": ("postgres",),
    "mysql": ("mysql", "maria"),
    "sqlserver": ("sql_server", "azure_sql"),
    "oracle": ("oracle",),
}
_UNQUOTED = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


class Named(NamedTuple):
    """A table's id in K, and how sure it is."""

    id: str
    confidence: str


def kept_config(config: Mapping[str, Any] | None) -> dict[str, str]:
    """What of a configuration may be stored."""
    found: dict[str, str] = {}
    for key in _KEPT:
        value = (config or {}).get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            told = str(value).strip()
            bare = re.sub(r"^[a-z]+://([^/?#@]*)/?$", r"\1", told)
            if bare and "@" not in bare and "://" not in bare:
                found[key] = bare
    return found


class Namer:
    """Names tables of an account.

    Args:
        estate: the account.
        mapping: from names to what is onboarded in K.
    """

    def __init__(self, estate: Estate, mapping: Mapping[str, MappingEntry]) -> None:
        self._estate = estate
        self._mapping = mapping
        self._place = lru_cache(maxsize=None)(self._look_up)

    def group_name(self, id: str) -> str:
        """The name of a group; empty where it is not there."""
        group = self._estate.groups.get(id)
        return group.name if group else ""

    def source(self, connection: Connection, schema: Schema, table: Table) -> str | None:
        """The id of a table of a source."""
        kind = _kind(connection.service.id)
        config = kept_config(connection.fields.get("config"))
        name = connection.schema or connection.id
        mapped = self._entry(connection.id, f"{self.group_name(connection.group_id)}.{name}", name)
        host, database = _host(kind, config), _database(config)
        if mapped:
            host, database = mapped[0], mapped[1] or database
            if not database and not kind:
                database = connection.service.id
        elif not host or not (database or kind == "mysql"):
            host, database = name, connection.id
        return _id(kind, host, database, schema.name, table.name)

    def destination(self, connection: Connection, schema: Schema, table: Table) -> Named | None:
        """The table of a destination that a table arrives in."""
        kind, host, database = self._place(connection.group_id)
        is_kept = connection.fields.get("destination_schema_names") == "SOURCE_NAMING"
        within, confidence = _arrives(connection, schema.name_in_destination, is_kept)
        names = [within, table.name_in_destination]
        if not is_kept:
            names = [spelt(kind, one) for one in names]
        found = _id(kind, host, database, *names)
        return Named(found, confidence) if found else None

    def column(self, connection: Connection, name: str) -> str:
        """The name of a column in the destination, as it is stored there."""
        if connection.fields.get("destination_schema_names") == "SOURCE_NAMING":
            return name
        group = self._estate.groups.get(connection.group_id)
        return spelt(_kind(group.service), name) if group else name

    def _look_up(self, id: str) -> tuple[str, str, str]:
        """Kind, host and database of a destination."""
        group = self._estate.groups.get(id)
        mapped = self._entry(id, group.name if group else "")
        if group is None:
            return ("", *mapped) if mapped else ("", "", "")
        config, kind = kept_config(group.config), _kind(group.service)
        own = _host(kind, config) or group.name or id
        host, database = mapped or (own, "")
        return kind, host, database or spelt(kind, _database(config))

    def _entry(self, *names: str) -> tuple[str, str] | None:
        given = [name for name in names if name]
        folded = {key.casefold(): key for key in self._mapping}
        keys = [name for name in given if name in self._mapping]
        keys += [folded[name.casefold()] for name in given if name.casefold() in folded]
        if not keys:
            return None
        entry = self._mapping[keys[0]]
        return (entry, "") if isinstance(entry, str) else (entry["host"], entry.get("database", ""))


def spelt(kind: str, name: str) -> str:
    """A name as a destination stores it."""
    if kind == "snowflake" and _UNQUOTED.fullmatch(name):
        return name.upper()
    return name.lower() if kind in {"redshift", "databricks"} else name


def _arrives(connection: Connection, name: str, is_kept: bool) -> tuple[str, str]:
    prefix = kept_config(connection.fields.get("config")).get("schema_prefix", "")
    begin = (prefix or connection.schema.split(".")[0]).casefold()
    if is_kept or (begin and name.casefold().startswith(begin)):
        return name, "DIRECT"
    return (f"{prefix}_{name}" if prefix and name else name), "INFERRED"


def _kind(service: str) -> str:
    for kind, words in _SERVICES.items():
        if any(word in service for word in words):
            return kind
    return ""


def _host(kind: str, config: Mapping[str, str]) -> str:
    if kind == "bigquery":
        return "bigquery"
    given = [config[key] for key in ("host", "server_host_name", "account") if key in config]
    host = given[0] if given else ""
    return host.lower().split(".snowflakecomputing")[0] if kind == "snowflake" else host


def _database(config: Mapping[str, str]) -> str:
    keys = ("database", "project_id", "catalog", "sid")
    return next((config[key] for key in keys if key in config), "")


def _id(kind: str, host: str, database: str, schema: str, name: str) -> str | None:
    parts = (host, database or (schema if kind == "mysql" else ""), schema, name)
    return object_id(*parts) if all(parts) else None
