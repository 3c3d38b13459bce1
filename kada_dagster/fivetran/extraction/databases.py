"""The kinds of databases Fivetran reads and writes: which they are, and how they store names."""

from __future__ import annotations

import re

_WORDS = {
    "snowflake": "snowflake",
    "big_query": "bigquery",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "databricks": "databricks",
    "postgres": "postgres",
    "mysql": "mysql",
    "maria": "mysql",
    "sql_server": "sqlserver",
    "azure_sql": "sqlserver",
    "oracle": "oracle",
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")


def kind_of(service: str) -> str:
    """The kind of database a service is; empty where it is none of ours.

    Args:
        service: as Fivetran spells it: `snowflake`, `aurora_postgres_warehouse`, `mysql_rds`.
    """
    lower = service.lower()
    return next((kind for word, kind in _WORDS.items() if word in lower), "")


def stored(kind: str, name: str) -> str:
    """A name of a destination as the database stores it where it is created without quotes."""
    if kind == "snowflake":
        return name.upper() if _PLAIN.match(name) else name
    return name.lower() if kind in ("redshift", "databricks") else name
