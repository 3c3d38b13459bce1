"""The kinds of databases Hightouch reads and writes: which they are, and how they store names."""

from __future__ import annotations

import re

_WORDS = {
    "snowflake": "snowflake",
    "redshift": "redshift",
    "bigquery": "bigquery",
    "databricks": "databricks",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlserver": "sqlserver",
    "mssql": "sqlserver",
    "synapse": "sqlserver",
}
_USUAL_SCHEMAS = {
    "snowflake": "PUBLIC",
    "redshift": "public",
    "postgres": "public",
    "databricks": "default",
    "sqlserver": "dbo",
}
READABLE = frozenset({"snowflake", "redshift", "bigquery", "databricks", "postgres"})
"""The kinds whose SQL is read."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|\[([^\]]*)\]|([^".\[\]]+))\s*(\.|\Z)')


def kind_of(word: str) -> str:
    """The kind of database a type of source or destination is; empty where it is none of ours.

    Args:
        word: the type as Hightouch spells it, e.g. `snowflake`, `postgresql`.
    """
    lower = word.lower()
    return next((kind for part, kind in _WORDS.items() if part in lower), "")


def usual_schema(kind: str) -> str:
    """The schema a database takes where none is said; empty where there is none.

    Sources: the databases' own manuals (`search_path`, "default schema").
    """
    return _USUAL_SCHEMAS.get(kind, "")


def stored(kind: str, name: str) -> str:
    """A name as the database stores it where it is written without quotes."""
    if kind == "snowflake":
        return name.upper() if _PLAIN.match(name) else name
    return name.lower() if kind in ("redshift", "databricks") else name


def split_name(name: str) -> tuple[str, str, str] | None:
    """Database, schema and table of `[[database.]schema.]table`; a part not there is empty.

    Parts may be in `"..."`, `[...]` or backticks. None where it is no such name.
    """
    name = name.replace("`", "").strip()
    parts: list[str] = []
    position = 0
    while match := _PART.match(name, position):
        quoted, bracketed, bare, dot = match.groups()
        parts.append(quoted.replace('""', '"') if quoted is not None else bracketed or bare or "")
        position = match.end()
        if not dot:
            break
    if position != len(name) or not 1 <= len(parts) <= 3 or not all(parts) or name.endswith("."):
        return None
    database, schema, table = ("", "", *parts)[-3:]
    return database, schema, table
