"""PostgreSQL as a source: one snapshot, rows as COPY data, in binary form where that is exact."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from kada_dagster.loader.cutting import cut
from kada_dagster.loader.definition.profiles import PostgresProfile
from kada_dagster.loader.pg_types import (
    TypeFacts,
    is_compared_by_server,
    is_same_in_binary,
    read_types,
)
from kada_dagster.loader.profile_server import server_of
from kada_dagster.loader.server import Server, allowances, settings
from kada_dagster.loader.source.base import (
    Bound,
    Column,
    Encoding,
    Pipe,
    Selection,
    TableInfo,
    TargetColumn,
)
from kada_dagster.loader.source.postgres_failures import reading
from kada_dagster.loader.source.postgres_query import rows_of, select, where

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor
    from psycopg2.sql import Composable

_MOST_DIGITS = 1000  # of a numeric with a precision; without one the driver says 65535
_NO_PRECISION = 65_535
_Place = tuple["tuple[str, ...] | None", "str | None"]
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresSource:
    """One transaction that sees one state of a database. A context manager that closes it.

    Args:
        server: the database.

    Raises:
        ConfigError: a secret cannot be found, or the database is not there.
        ConnectionFailedError: the server does not answer.
        PermissionDeniedError: it refuses the credentials.
    """

    type = "postgres"

    def __init__(self, server: Server) -> None:
        self._server, self._where, self._secrets = server, server.where, server.secrets
        self._raw: Connection = server.connect()
        self._known: dict[_Place, list[tuple[Column, TypeFacts | None]]] = {}
        self._raw.autocommit = True  # the transaction is begun in so many words
        local = settings(**allowances(server, self._raw.server_version // 10_000))
        with self._cursor("begin") as cursor:
            cursor.execute(f"{_BEGIN}; {local}; SELECT pg_backend_pid()")
            self._process: int = cursor.fetchall()[0][0]  # the real one, behind a pooler too

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`."""
        return tuple(column for column, _ in self._described(selection))

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> PostgresStream:
        """See `Source.stream`. Binary where every column has the same type on both sides."""
        described = {column.name: facts for column, facts in self._described(selection)}
        names = selection.columns or tuple(column.name for column in into)
        is_binary = all(
            is_same_in_binary(described.get(name), column.facts)
            for name, column in zip(names, into)
        )
        encoding = Encoding.BINARY if is_binary else Encoding.TEXT
        columns = tuple(Column(name, column.type, column.type) for name, column in zip(names, into))
        bounded = replace(selection, bounds=self.bounds(selection))
        return PostgresStream(self, select(bounded, names), columns, encoding)

    def count(self, selection: Selection) -> int:
        """See `Source.count`."""
        from psycopg2.sql import SQL

        counted = SQL("SELECT count(*) FROM {}{}")
        statement = counted.format(rows_of(selection), where(self.bounds(selection)))
        return self.rows(str(selection), statement)[0][0]

    def bounds(self, selection: Selection) -> tuple[Bound, ...]:
        """The bounds of a selection, by operators that nobody else can have made."""
        if not selection.bounds:
            return ()
        own = {
            column.name: is_compared_by_server(kind) for column, kind in self._described(selection)
        }
        return tuple(replace(one, is_own=own.get(one.column, False)) for one in selection.bounds)

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`; `public` is the usual schema."""
        with self._cursor("tables") as cursor:
            cursor.execute(_sql("postgres_tables"), {"schema": schema or "public"})
            rows = cursor.fetchall()
        for name, comment, columns, key in rows:
            described = [
                Column(c["name"], c["type"], c["type"], c["nullable"], c["comment"] or "")
                for c in columns or ()
            ]
            yield TableInfo((schema or "public", name), tuple(described), tuple(key), comment or "")

    def rows(self, what: str, statement: Composable) -> list[tuple[Any, ...]]:
        """The rows of a statement, fetched; for few of them.

        Raises:
            LoaderError: the server refuses or is gone.
        """
        with self._cursor(what) as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def copy(self, query: Composable, encoding: Encoding, pipe: Pipe) -> int:
        """Write the rows of a query to a pipe; gives how many.

        Raises:
            LoaderError: the server refuses or is gone.
        """
        from psycopg2.sql import SQL

        copy = SQL("COPY ({}) TO STDOUT (FORMAT {})").format(query, SQL(encoding.value))
        with self._cursor("read") as cursor:
            cursor.copy_expert(copy, pipe)
            return cursor.rowcount

    def cancel(self) -> None:
        """Break off what is being read, from another thread."""
        cut(self._server, self._raw, self._process)

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def _described(self, selection: Selection) -> list[tuple[Column, TypeFacts | None]]:
        """The columns, and the facts of their types; asked for once, since what was read is locked
        against changes until the transaction ends."""
        place = (selection.table, selection.query)
        if place not in self._known:
            self._known[place] = self._asked(selection)
        return self._known[place]

    def _asked(self, selection: Selection) -> list[tuple[Column, TypeFacts | None]]:
        from psycopg2.sql import SQL

        statement = SQL("SELECT * FROM {} LIMIT 0").format(rows_of(selection))
        with self._cursor(f"columns of {selection}") as cursor:
            cursor.execute(statement)
            given = list(cursor.description or ())
            facts = read_types(cursor, [column.type_code for column in given])
            cursor.execute(_sql("postgres_columns"), _origins(given))
            known = cursor.fetchall()
        columns = [
            Column(column.name, word, word, nullable, comment or "")
            if selection.table  # in a query, a join may leave a value out
            else Column(column.name, word, word)
            for column, (word, nullable, comment) in zip(given, known)
        ]
        return [(column, facts.get(one.type_code)) for column, one in zip(columns, given)]

    @contextmanager
    def _cursor(self, what: str) -> Generator[Cursor]:
        with reading(f"{self._where}: {what}", self._secrets), self._raw.cursor() as cursor:
            yield cursor


class PostgresStream:
    """See `Stream`."""

    def __init__(
        self,
        source: PostgresSource,
        query: Composable,
        columns: tuple[Column, ...],
        encoding: Encoding,
    ) -> None:
        self._source, self._query = source, query
        self.columns, self.encoding, self.rows = columns, encoding, 0

    def write(self, pipe: Pipe) -> None:
        """See `Stream.write`."""
        self.rows = self._source.copy(self._query, self.encoding, pipe)

    def cancel(self) -> None:
        """See `Stream.cancel`."""
        with suppress(OSError):
            self._source.cancel()

    def place(self, row: int) -> str:  # noqa: ARG002
        """See `Stream.place`."""
        return ""


def _sql(name: str) -> str:
    folder = files("kada_dagster.loader.source").joinpath("sql")
    return folder.joinpath(f"{name}.sql").read_text("utf-8")


def _origins(columns: Sequence[Any]) -> dict[str, list[int | None]]:
    """What the server said of the columns of a result."""
    return {
        "types": [column.type_code for column in columns],
        "modifiers": [_modifier(column) for column in columns],
        "tables": [column.table_oid for column in columns],
        "numbers": [column.table_column for column in columns],
    }


def _modifier(column: Any) -> int:
    """The type's modifier, as far as the driver tells: numbers with a scale, texts of a length."""
    if column.type_code == 1700 and (column.precision or _NO_PRECISION) <= _MOST_DIGITS:
        return ((column.precision << 16) | ((column.scale or 0) & 0x7FF)) + 4
    if column.type_code in (1042, 1043) and (column.internal_size or -1) > 0:
        return column.internal_size + 4
    return -1


def open_postgres(profile: PostgresProfile, name: str) -> PostgresSource:
    """See `registry.open_source`."""
    return PostgresSource(server_of(profile, name))
