"""The target read as a source: the SELECT of mode sql. Its rows never leave the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NoReturn

from typing_extensions import Self

from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import NotSupportedError
from kada_dagster.loader.source.base import Column, Selection, Stream, TableInfo, TargetColumn
from kada_dagster.loader.source.postgres_query import rows_of

_WORDS = "SELECT pg_catalog.format_type(t, m) FROM unnest(%s::oid[], %s::int[]) AS x(t, m)"


class SelectSource:
    """Gives the columns of a SELECT; nothing else is asked of it.

    Args:
        target: the open transaction.
        what: the file of the SELECT, for messages.
    """

    def __init__(self, target: Target, what: str) -> None:
        self._target, self._what = target, what

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`."""
        from psycopg2.sql import SQL

        statement = SQL("SELECT * FROM {} LIMIT 0").format(rows_of(selection))
        with self._target.cursor(self._what) as cursor:
            cursor.execute(statement)
            given = list(cursor.description or ())
            numbers = [column.type_code for column in given]
            cursor.execute(_WORDS, (numbers, [-1] * len(given)))
            words = [str(row[0]) for row in cursor.fetchall()]
        return tuple(Column(column.name, word, word) for column, word in zip(given, words))

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> Stream:
        """Never: see the module."""
        self._refuse(selection, into)

    def count(self, selection: Selection) -> int:
        """Never: see the module."""
        self._refuse(selection)

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """Never: see the module."""
        self._refuse(schema)

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        return None

    def _refuse(self, *_: Any) -> NoReturn:
        raise NotSupportedError(f"{self._what}: mode sql reads no rows")
