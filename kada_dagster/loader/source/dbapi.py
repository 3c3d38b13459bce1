"""What sources share that are read with a driver of Python's DB-API: rows come as values.

Not here: connecting, catalogues, and what a driver's errors mean.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import Self

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Bound, Column, Selection, TableInfo, TargetColumn
from kada_dagster.loader.source.bound_values import bound_value
from kada_dagster.loader.source.listed import listed
from kada_dagster.loader.source.products import Product
from kada_dagster.loader.source.row_stream import RowStream
from kada_dagster.loader.source.statements import Statement, Statements

_Rows = tuple["tuple[str, ...] | None", "str | None"]
_PLACE = re.compile("\0(\\d+)\0")


def _place(value: object, values: list[object]) -> str:
    """Stands for a value until the statement is whole."""
    values.append(value)
    return f"\0{len(values)}\0"


@dataclass(frozen=True)
class DriverStatements(Statements):
    """How a driver wants its SQL.

    Attributes:
        quote: quotes one part of a name.
        mark: writes the place of a value, by its number from 1.
        doubles_percent: whether the driver takes a single % for the begin of such a place.
    """

    bind: Callable[[object, list[object]], str] = _place
    quote: Callable[[str], str] = str
    mark: Callable[[int], str] = field(default=lambda _: "?")
    doubles_percent: bool = False

    def name(self, *parts: str) -> str:
        """See `Statements`."""
        return ".".join(map(self.quote, parts))

    def select(self, selection: Selection, what: Sequence[str]) -> Statement:
        """See `Statements`."""
        text, values = super().select(selection, what)
        if values and self.doubles_percent:
            text = text.replace("%", "%%")
        return _PLACE.sub(lambda found: self.mark(int(found[1])), text), values


class DbapiSource(ABC):
    """A connection inside one transaction. A context manager that closes it.

    Args:
        where: names the database, for messages.
        product: what is read.
        sql: how its driver wants statements.
    """

    type = "dbapi"

    def __init__(self, where: str, product: Product, sql: Statements) -> None:
        self._where, self._product, self._sql = where, product, sql
        self._known: dict[_Rows, tuple[Column, ...]] = {}

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`."""
        key = (selection.table, selection.query)
        if key not in self._known:
            self._known[key] = self._described(Selection(*key))
        return self._known[key]

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> RowStream:
        """See `Source.stream`."""
        names = selection.columns or tuple(column.name for column in into)
        statement = self._select(selection, [self._printed(selection, name) for name in names])
        what = f"{self._where}: {selection}"
        return RowStream(
            names, into, what, lambda: self._batches(str(selection), statement), stop=self.cancel
        )

    def count(self, selection: Selection) -> int:
        """See `Source.count`."""
        return int(self._all(str(selection), self._select(selection, ["COUNT(*)"]))[0][0])

    @abstractmethod
    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`."""

    @abstractmethod
    def cancel(self) -> None:
        """Break off what is being read, from another thread."""

    @abstractmethod
    def close(self) -> None:
        """See `Source.close`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    @abstractmethod
    def _described(self, selection: Selection) -> tuple[Column, ...]:
        """The columns, asked for."""

    @abstractmethod
    def _batches(self, what: str, statement: Statement) -> Iterator[Sequence[Any]]:
        """The rows, some at a time, without the driver holding all of them."""

    @abstractmethod
    def _all(self, what: str, statement: Statement) -> Sequence[Any]:
        """The rows, of which there are few."""

    @abstractmethod
    def _do(self, statement: str) -> None:
        """Run what gives no rows."""

    def _listed(self, name: tuple[str, ...], read: Callable[[], TableInfo]) -> TableInfo:
        """A table of a list; one that cannot be read ends nothing."""
        if not self._product.aborts:
            return listed(name, read)
        self._do("SAVEPOINT listed")
        found = listed(name, read)
        self._do("ROLLBACK TO SAVEPOINT listed" if found.problem else "RELEASE SAVEPOINT listed")
        return found

    def _select(self, selection: Selection, what: Sequence[str]) -> Statement:
        bounds = tuple(self._bound(selection, bound) for bound in selection.bounds)
        return self._sql.select(replace(selection, bounds=bounds), what)

    def _bound(self, selection: Selection, bound: Bound) -> Bound:
        target = self._target(selection, bound.column)
        if self._product.bound is not None:
            return self._product.bound(bound, target)
        ends = [bound_value(end, target, self._product) for end in (bound.lower, bound.upper)]
        return replace(bound, lower=ends[0], upper=ends[1])

    def _printed(self, selection: Selection, name: str) -> str:
        return self._product.printed(self._target(selection, name), self._sql.name(name))

    def _target(self, selection: Selection, name: str) -> str:
        for column in self.columns(selection):
            if column.name == name:
                return column.target_type
        raise SourceReadError(f"{self._where}: {selection} has no column {name}")
