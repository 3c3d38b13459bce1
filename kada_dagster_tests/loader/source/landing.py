"""A database that takes what a source sends, by way of the very pipe a load uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from kada_dagster.loader.engine.pipe import CHUNK, pump
from kada_dagster.loader.pg_types import read_types
from kada_dagster.loader.server import settings
from kada_dagster.loader.source.base import Selection, Source, Stream, TargetColumn
from kada_dagster.sandbox.postgres_server import PostgresServer

_COLUMNS = """
SELECT attname::text, format_type(atttypid, atttypmod), atttypid::int8, attnotnull
FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


@dataclass(frozen=True)
class Landing:
    """A database with one table, `t`.

    Attributes:
        server: it is on.
        database: its name.
        raw: a connection that reads and prints values as loads do.
    """

    server: PostgresServer
    database: str
    raw: Any

    def create(self, columns: str) -> tuple[TargetColumn, ...]:
        """Make the table anew; gives its columns as a load knows them."""
        with self.raw.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
            cursor.execute(_COLUMNS)
            found = cursor.fetchall()
            facts = read_types(cursor, [row[2] for row in found])
        return tuple(
            TargetColumn(name, kind, facts.get(oid), not_null)
            for name, kind, oid, not_null in found
        )

    def take(self, stream: Stream, into: Sequence[TargetColumn]) -> int:
        """Copy a stream into the table; gives the number of rows that arrived."""
        names = ", ".join(f'"{column.name}"' for column in into)
        statement = f"COPY t ({names}) FROM STDIN (FORMAT {stream.encoding.value})"
        with self.raw.cursor() as cursor:
            pump(stream, lambda taken: cursor.copy_expert(statement, taken, CHUNK))
            assert cursor.rowcount == stream.rows
            return cursor.rowcount

    def load(self, source: Source, selection: Selection, columns: str = "") -> int:
        """Make the table, or one as the source proposes, and fill it."""
        proposed = source.columns(selection)
        made = columns or ", ".join(f'"{one.name}" {one.target_type}' for one in proposed)
        into = self.create(made)
        return self.take(source.stream(selection, into), into)

    def rows(self, sql: str = "SELECT * FROM t", *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.raw.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()

    def types(self) -> list[str]:
        """Of the columns of the table."""
        return [row[1] for row in self.rows(_COLUMNS)]


@contextmanager
def new_landing(server: PostgresServer, encoding: str = "UTF8") -> Iterator[Landing]:
    """Make the database, and drop it at the end."""
    name = f"landing_{uuid4().hex[:10]}"
    with closing(server.connect("postgres")) as raw, raw.cursor() as cursor:
        kind = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 {kind}")
        try:
            with closing(server.connect(name)) as connection:
                with connection.cursor() as setting:
                    setting.execute(settings().replace("SET LOCAL", "SET"))
                yield Landing(server, name, connection)
        finally:
            force = " WITH (FORCE)" if server.version >= 13 else ""
            cursor.execute(f"DROP DATABASE {name}{force}")
