"""What the kinds of databases Hevo names have in common, and how each stores names."""

from __future__ import annotations

import re

_NOT_A_LETTER = re.compile(r"[^A-Z]+")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")
_DIALECTS = {
    "SNOWFLAKE": "snowflake",
    "BIGQUERY": "bigquery",
    "REDSHIFT": "redshift",
    "DATABRICKS": "databricks",
    "POSTGRES": "postgres",
    "MYSQL": "mysql",
    "MARIADB": "mysql",
}


def dialect_of(kind: str) -> str:
    """The SQL dialect of a type of source or destination, empty where it has none we know.

    Args:
        kind: as Hevo spells it: `POSTGRES`, `PostgreSQL`, `Google Cloud MySQL`.
    """
    letters = _NOT_A_LETTER.sub("", kind.upper())
    return next((dialect for word, dialect in _DIALECTS.items() if word in letters), "")


def stored(dialect: str, name: str) -> str:
    """A name of a destination as the database stores it where Hevo creates it unquoted."""
    if dialect == "snowflake":
        return name.upper() if _PLAIN.match(name) else name
    return name.lower() if dialect in ("redshift", "databricks") else name
