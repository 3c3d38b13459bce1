"""Where the tables of sources and destinations are, beside the configuration the API shows.

Both are written down by hand for each type, so that the one can be compared with what a
collector makes of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

LEAK = "never-to-be-stored"
"""Part of every secret value that is served: it must not be found in any extract or log."""

Dialect = Literal["", "snowflake", "postgres", "redshift", "bigquery", "databricks"]


def _nothing() -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Place:
    """A connection to a database or service.

    Attributes:
        type: the vendor's word.
        configuration: what the API shows of it, secrets and all.
        shown: the part of it that may be stored, as texts.
        host: where its tables are; empty where nothing says it.
        database: likewise, as the database stores it.
        schema: of tables named without one, as the database stores it.
        is_usual: whether that schema is only the usual one.
        dialect: of its SQL; empty where SQL is not read.
        has_schemas: false for MySQL, whose databases are its schemas.
        has_tables: whether what a sync writes there is a table.
    """

    type: str
    configuration: Mapping[str, Any] = field(default_factory=_nothing)
    shown: Mapping[str, str] = field(default_factory=_nothing)
    host: str = ""
    database: str = ""
    schema: str = ""
    is_usual: bool = False
    dialect: Dialect = ""
    has_schemas: bool = True
    has_tables: bool = True


def postgres(host: str, database: str, schema: str = "", kind: str = "postgres") -> Place:
    """PostgreSQL; without a schema it is `public`. `kind`: or e.g. `aurora-postgresql`."""
    shown = _told(host=host, port="5432", database=database, schema=schema)
    configuration = {**shown, "user": f"{LEAK}-user", **_secrets()}
    place = Place(kind, configuration, shown, host, database, schema or "public")
    return replace(place, is_usual=not schema, dialect="postgres")


def redshift(host: str, database: str, schema: str = "") -> Place:
    """Redshift, which stores all names in lower case; without a schema it is `public`."""
    shown = _told(host=host, port="5439", database=database, schema=schema)
    place = Place("redshift", {**shown, **_secrets()}, shown, host, database.lower())
    schema = schema.lower()
    return replace(place, schema=schema or "public", is_usual=not schema, dialect="redshift")


def snowflake(account: str, database: str = "", schema: str = "", region: str = "") -> Place:
    """Snowflake.

    Args:
        account: locator, `organisation-account`, or the whole address.
        database: name; a plain one, which is stored in upper case.
        schema: likewise; without one it is `PUBLIC`.
        region: stands behind a locator unless it is `us-west-2`.
    """
    shown = _told(
        account=account, warehouse="SYNC_WH", database=database, schema=schema, region=region
    )
    configuration = {**shown, "username": f"{LEAK}-user", **_secrets()}
    if "://" in account:
        shown.pop("account")
    host = account.rpartition("://")[2].partition("/")[0].lower()
    host = host.partition(".snowflakecomputing.com")[0]
    if region and region != "us-west-2" and not {".", "-"} & set(host):
        host = f"{host}.{region}"
    place = Place("snowflake", configuration, shown, host, database.upper())
    schema = schema.upper()
    return replace(place, schema=schema or "PUBLIC", is_usual=not schema, dialect="snowflake")


def bigquery(project: str, dataset: str = "") -> Place:
    """BigQuery; without a dataset, tables that are named without one cannot be named."""
    shown = _told(project=project, dataset=dataset, location="EU")
    configuration = {**shown, "credentials": f'{{"private_key": "{LEAK}"}}', **_secrets()}
    place = Place("bigquery", configuration, shown, "bigquery", project, dataset)
    return replace(place, dialect="bigquery")


def databricks(host: str, catalog: str, schema: str = "") -> Place:
    """Databricks; without a schema it is `default`."""
    shown = _told(hostname=host, port="443", catalog=catalog, schema=schema)
    configuration = {**shown, "path": "/sql/1.0/x", **_secrets()}
    place = Place("databricks", configuration, shown, host, catalog.lower())
    schema = schema.lower()
    return replace(place, schema=schema or "default", is_usual=not schema, dialect="databricks")


def mysql(host: str, database: str) -> Place:
    """MySQL: its SQL is not read."""
    shown = _told(host=host, port="3306", database=database)
    place = Place("mysql", {**shown, **_secrets()}, shown, host, database)
    return replace(place, has_schemas=False)


def sql_server(host: str, database: str) -> Place:
    """SQL Server: its SQL is not read, its usual schema is `dbo`."""
    shown = _told(host=host, port="1433", database=database)
    place = Place("sqlserver", {**shown, **_secrets()}, shown, host, database, "dbo")
    return replace(place, is_usual=True)


def service(kind: str, name: str) -> Place:
    """Something that is no database; what it is called stands for its host."""
    configuration = {
        "url": f"https://u:{LEAK}@hooks.example.com/x",
        "host": f"u:{LEAK}@hooks.example.com",
        **_secrets(),
    }
    return Place(kind, configuration, {}, name, has_tables=False)


def _told(**given: str) -> dict[str, str]:
    return {key: value for key, value in given.items() if value}


def _secrets() -> dict[str, Any]:
    return {
        "password": f"{LEAK} password",
        "accessToken": f"{LEAK} token",
        "serviceAccount": {"private_key": f"-----BEGIN PRIVATE KEY-----\n{LEAK}"},
        "tunnel": None,
    }
