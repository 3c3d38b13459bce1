"""A SQLite file as a source: one state of it, every value as it is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from typing_extensions import Self

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import SqliteProfile
from kada_dagster.loader.errors import LoaderError, SourceLostError, SourceReadError
from kada_dagster.loader.source.base import Column, Selection, TableInfo, TargetColumn
from kada_dagster.loader.source.listed import listed
from kada_dagster.loader.source.row_stream import RowStream
from kada_dagster.loader.source.sqlite_bounds import sqlite_bound
from kada_dagster.loader.source.sqlite_types import stored_type, target_type
from kada_dagster.loader.source.statements import Statement, Statements

_SQL = Statements(quotes="``")  # in double quotes, a name that is not there is a text
_VIEW = "load_query"
_UNREADABLE = "load_no_moment"
_WAIT = 30.0  # seconds for a writer's lock
_BATCH = 500  # rows at once: as many values as stay in the processor's cache
_TABLES = """
SELECT name FROM {schema}.sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""


class SqliteSource:
    """One read transaction on a file. A context manager that closes it.

    Args:
        path: of the file.
        name: of the profile, for messages.

    Raises:
        ConfigError: there is no such file.
        LoaderError: it is no SQLite file, or locked.
    """

    type = "sqlite"

    def __init__(self, path: Path, name: str) -> None:
        if not path.is_file():
            raise ConfigError(f"connections.yaml: {name}.path: {path} is not there")
        self._where = f"{name} ({path.name})"
        with self._reading("open"):
            self._raw = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro",
                uri=True,
                timeout=_WAIT,
                isolation_level=None,
                check_same_thread=False,
            )
        self._raw.create_function(_UNREADABLE, 1, _no_moment)
        try:
            self._all("open", ("BEGIN", []))
            self._all("open", ("SELECT 1 FROM sqlite_master LIMIT 1", []))
        except LoaderError:
            self._raw.close()
            raise

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`. Columns without a declared type are looked through."""
        found = self._described(selection)
        return tuple(self._column(selection, *one[:3]) for one in found)

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> RowStream:
        """See `Source.stream`."""
        names = selection.columns or tuple(column.name for column in into)
        statement = self._select(selection, [_SQL.name(name) for name in names])
        what = f"{self._where}: {selection}"
        return RowStream(
            names, into, what, lambda: self._batches(what, statement), stop=self._raw.interrupt
        )

    def count(self, selection: Selection) -> int:
        """See `Source.count`."""
        return self._all(str(selection), self._select(selection, ["count(*)"]))[0][0]

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`; `main` is the usual schema."""
        schema = schema or "main"
        for (name,) in self._all("tables", (_TABLES.format(schema=_SQL.name(schema)), [])):
            yield listed((name,), partial(self._table, Selection(table=(schema, name)), name))

    def _table(self, selection: Selection, name: str) -> TableInfo:
        found = self._described(selection)
        key = sorted((place, column) for column, _, _, place in found if place)
        columns = tuple(self._column(selection, *one[:3]) for one in found)
        return TableInfo((name,), columns, tuple(column for _, column in key))

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _described(self, selection: Selection) -> list[tuple[str, str, bool, int]]:
        """Name, declared type, whether NULL is refused, and place in the key of each column."""
        with self._viewed(selection) as (schema, name):
            given = f"PRAGMA {schema}table_xinfo({_SQL.name(name)})"
            rows = self._all(f"columns of {selection}", (given, []))
        if not rows:
            raise SourceReadError(f"{self._where}: there is no table or view {selection}")
        hidden = 1  # of a virtual table: read only by who names it
        return [(row[1], row[2] or "", bool(row[3]), row[5]) for row in rows if row[6] != hidden]

    @contextmanager
    def _viewed(self, selection: Selection) -> Generator[tuple[str, str]]:
        """Schema and name of a table; a query gets one for as long as this lasts."""
        if selection.table is not None:
            *schema, name = selection.table
            yield "".join(f"{_SQL.name(part)}." for part in schema), name
            return
        view = _SQL.name("temp", _VIEW)
        rows = f"SELECT * FROM {_SQL.rows_of(selection)}"
        self._all("the query", (f"CREATE TEMP VIEW {_SQL.name(_VIEW)} AS {rows}", []))
        try:
            yield "temp.", _VIEW
        finally:
            self._all("the query", (f"DROP VIEW {view}", []))

    def _select(self, selection: Selection, what: Sequence[str]) -> Statement:
        whole = replace(selection, bounds=())
        found = {one[0]: one[:3] for one in self._described(whole)} if selection.bounds else {}
        bounds = [
            sqlite_bound(
                bound,
                self._column(whole, *found[bound.column]).target_type,
                f"{_UNREADABLE}({{0}})",
            )
            if bound.column in found
            else bound
            for bound in selection.bounds
        ]
        return _SQL.select(replace(selection, bounds=tuple(bounds)), what)

    def _column(self, selection: Selection, name: str, declared: str, not_null: bool) -> Column:
        target = target_type(declared)
        if target is None:
            whole = replace(selection, bounds=())
            statement = _SQL.select(whole, [f"DISTINCT typeof({_SQL.name(name)})"])
            target = stored_type(row[0] for row in self._all(str(selection), statement))
        return Column(name, declared, target, not not_null)

    def _all(self, what: str, statement: Statement) -> list[tuple[Any, ...]]:
        with self._reading(what):
            return self._raw.execute(*statement).fetchall()

    def _batches(self, what: str, statement: Statement) -> Iterator[list[tuple[Any, ...]]]:
        try:
            with closing(self._raw.execute(*statement)) as cursor:
                while rows := cursor.fetchmany(_BATCH):
                    yield rows
        except sqlite3.Error as error:
            failure = self._no_text(what, statement) if "decode" in str(error) else None
            failure = failure or self._failure(what, error)
        else:
            return
        raise failure

    def _no_text(self, what: str, statement: Statement) -> SourceReadError | None:
        """The error of a text that is none; the driver's own would show it."""
        self._raw.text_factory = _Text
        with self._reading(what), closing(self._raw.execute(*statement)) as cursor:
            for row, values in enumerate(cursor, 1):
                for column, value in zip(cursor.description, values):
                    if isinstance(value, _Text) and not value.is_unicode():
                        place = f"row {row}, column {column[0]}"
                        return SourceReadError(f"{what}: {place}: the text is not UTF-8")
        return None

    @contextmanager
    def _reading(self, what: str) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            failure = self._failure(f"{self._where}: {what}", error)
        else:
            return
        raise failure

    def _failure(self, what: str, error: sqlite3.Error) -> LoaderError:
        is_busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
        if is_busy:
            return SourceLostError(f"{what}: {error}; the load can be run again")
        if "user-defined function" in str(error):
            return SourceReadError(
                f"{what}: a value of the column its range goes by is no moment that SQLite can "
                "compare, as 2026-01-31 23:59:59 is; convert it in the query"
            )
        return SourceReadError(f"{what}: {error}")


def _no_moment(value: object) -> None:
    """What is there and yet cannot be compared must not be left out in silence."""
    if value is not None:
        raise ValueError("no moment")


class _Text(bytes):
    """A text as it is stored."""

    def is_unicode(self) -> bool:
        try:
            self.decode()
        except UnicodeDecodeError:
            return False
        return True


def open_sqlite(profile: SqliteProfile, name: str) -> SqliteSource:
    """See `registry.open_source`."""
    return SqliteSource(profile.path, name)
