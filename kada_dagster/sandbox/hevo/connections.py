"""Sources and destinations: where their tables are, beside the configuration Hevo shows of them.

Both are written down by hand for every kind, so that the one can be compared with what a
collector makes of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LEAK = "never-to-be-stored"
"""Part of every secret value that is served: it must not be found in any extract or log."""

_CLASSIC = {"host": "db_host", "port": "db_port", "database": "db_name", "schema": "schema_name"}
_EDGE = {"host": "host", "port": "port", "database": "database", "schema": "schema"}


@dataclass(frozen=True)
class Connection:
    """A source or destination of an account.

    Attributes:
        name: the name users gave it, which a mapping speaks of.
        kind: its type in Hevo's spelling, `POSTGRES`.
        config: what the API shows of its configuration.
        host: where its tables are; empty where nothing says it.
        database: likewise.
        schema: of tables that are named without one.
        folds: what the database makes of the names Hevo creates.
        has_schemas: false for MySQL, whose databases are its schemas.
        is_database: false for a SaaS or files, which have neither host nor database.
    """

    name: str
    kind: str
    config: Mapping[str, Any] = field(repr=False)
    host: str = ""
    database: str = ""
    schema: str = ""
    folds: Literal["", "upper", "lower"] = ""
    has_schemas: bool = True
    is_database: bool = True


def database(
    kind: str, name: str, *, host: str, database: str = "", schema: str = "", edge: bool = False
) -> Connection:
    """A database with an address, as a source or a destination.

    Args:
        kind: `POSTGRES`, `MYSQL`, `REDSHIFT`, ... or as Edge spells it.
        name: of the connection.
        host: address of the server.
        database: name of the database.
        schema: of tables named without one.
        edge: whether the configuration has Edge's keys.
    """
    keys = _EDGE if edge else _CLASSIC
    given = {"host": host, "port": 5432, "database": database, "schema": schema}
    config = {keys[key]: value for key, value in given.items() if value}
    return Connection(
        name,
        kind,
        {**config, **_secrets()},
        host,
        database,
        schema,
        folds="lower" if "REDSHIFT" in kind.upper() else "",
        has_schemas=not any(word in kind.upper() for word in ("MYSQL", "MARIADB")),
    )


def saas(kind: str, name: str) -> Connection:
    """A source that is no database: Salesforce, a bucket of files."""
    config = {"account": "acme", "instance_url": "https://acme.example.com", **_secrets()}
    return Connection(name, kind, config, name, kind, "default", is_database=False)


def snowflake(
    name: str,
    *,
    account: str,
    region: str = "",
    database: str = "",
    schema: str = "",
    edge: bool = False,
) -> Connection:
    """A Snowflake destination.

    Args:
        name: of the connection.
        account: classic: the locator or organisation's name; Edge: the same in front of
            `.snowflakecomputing.com`.
        region: classic only; part of the address unless the account names one, or it is
            `us-west-2`.
        database: where tables go.
        schema: where tables go.
        edge: whether the configuration has Edge's keys.
    """
    if edge:
        url = f"https://{account}.snowflakecomputing.com"
        config = {"account_url": url, "database_name": database, "schema": schema}
    else:
        config = {"account_name": account, "db_name": database, "schema_name": schema}
        config["region"] = region
    told = {key: value for key, value in config.items() if value}
    elsewhere = not edge and bool(region) and region != "us-west-2"
    host = f"{account}.{region}" if elsewhere and not set(".-") & set(account) else account
    full = {**told, "warehouse": "LOAD_WH", "authentication_type": "KEY_PAIR", **_secrets()}
    kind = "Snowflake" if edge else "SNOWFLAKE"
    return Connection(name, kind, full, host, database, schema, folds="upper")


def bigquery(name: str, *, project: str, dataset: str, edge: bool = False) -> Connection:
    """A BigQuery destination: its projects are databases, its datasets are schemas."""
    keys = ("database", "schema") if edge else ("project_id", "dataset_name")
    config = {keys[0]: project, keys[1]: dataset, **_secrets()}
    return Connection(name, "BIGQUERY", config, "bigquery", project, dataset)


def databricks(name: str, *, host: str, schema: str, catalog: str = "") -> Connection:
    """A classic Databricks destination; most accounts do not show the catalogue."""
    config = {"server_hostname": host, "http_path": "/sql/1.0/x", "schema_name": schema}
    if catalog:
        config["db_name"] = catalog
    return Connection(
        name, "DATABRICKS", {**config, **_secrets()}, host, catalog, schema, folds="lower"
    )


def bucket(name: str) -> Connection:
    """An S3 destination: its tables cannot be named."""
    return Connection(name, "S3", {"bucket": "lake", **_secrets()})


def _secrets() -> dict[str, str]:
    return {
        "db_user": f"{LEAK} user",
        "db_password": f"{LEAK} password",
        "personal_access_token": f"{LEAK} token",
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{LEAK}",
        "private_key_passphrase": f"{LEAK} phrase",
        "service_account_id": f"{LEAK}@example.iam",
        "connection_uri": f"postgresql://u:{LEAK}@db.example.com/x",
    }
