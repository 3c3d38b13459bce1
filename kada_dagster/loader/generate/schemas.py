"""Which schemas a source has, to say what is wrong with a name of one."""

from __future__ import annotations

from contextlib import suppress

from kada_dagster.config.problems import suggestion
from kada_dagster.errors import KadaError
from kada_dagster.loader.source.base import Selection, Source, TargetColumn

SQLITE = ("main",)
"""A file of SQLite is one schema, of this name."""

_MOST = 20
"""So many names are told; a message is no catalogue."""

_POSTGRES = (
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace "
    "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
)
_STANDARD = (  # of MySQL and of most others; PostgreSQL's shows only what one owns
    "SELECT DISTINCT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN "
    "('information_schema', 'mysql', 'performance_schema', 'sys', 'pg_catalog', 'pg_toast')"
)


def schemas_of(source: Source, kind: str) -> list[str]:
    """The schemas of an open source, but for those of the server itself.

    Args:
        source: to ask.
        kind: type of its profile.

    Returns:
        Their names; empty where they cannot be found out.
    """
    if kind == "sqlite":
        return [*SQLITE]
    query, gathered = _POSTGRES if kind == "postgres" else _STANDARD, _Gathered()
    with suppress(KadaError):  # a product that has no such view
        source.stream(Selection(query=query), [TargetColumn("name", "text")]).write(gathered)
    return gathered.names()


def unfound(schema: str, pattern: str, schemas: list[str], tables: list[str]) -> str:
    """Why no table was found.

    Args:
        schema: that was asked for.
        pattern: of the tables, `*` for all of them.
        schemas: of the source; empty where they are not known.
        tables: of the schema.
    """
    if schemas and schema not in schemas:
        told = ", ".join(schemas[:_MOST]) + ", ..." * (len(schemas) > _MOST)
        return f"there is no schema {schema!r}{suggestion(schema, schemas)}; there are: {told}"
    if tables:
        return f"there is no table {pattern!r} in {schema}{suggestion(pattern, tables)}"
    return f"the schema {schema!r} has no tables" + ("" if schemas else ", or is not there")


class _Gathered:
    """COPY data of one column of names, kept."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes, /) -> int:
        self._data += data
        return len(data)

    def names(self) -> list[str]:
        """All but those that COPY has to spell otherwise, as one with a tab."""
        lines = self._data.decode().split("\n")
        return sorted(line for line in lines if line and "\\" not in line)
