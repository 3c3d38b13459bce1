"""Selections as SQL of servers other than PostgreSQL: names quoted, values bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kada_dagster.loader.source.base import Bound, Selection

Statement = tuple[str, list[object]]
"""SQL, and the values bound to it."""


@dataclass(frozen=True)
class Compared:
    """The end of a range that is compared by more than the column itself.

    Attributes:
        value: what is bound.
        column: the column's side, with `{0}` for its name.
        mark: the value's side, with `{0}` for its mark.
    """

    value: object
    column: str = "{0}"
    mark: str = "{0}"


def _bound(value: object, values: list[object]) -> str:
    """A question mark."""
    values.append(value)
    return "?"


@dataclass(frozen=True)
class Statements:
    """How a server wants its SQL.

    Attributes:
        quotes: what begins and ends a name.
        bind: writes a value: adds it to the bound ones and gives its mark, or gives a literal.
        alias: what stands between a query in brackets and its name.
    """

    quotes: str = '""'
    bind: Callable[[object, list[object]], str] = _bound
    alias: str = " AS "

    def name(self, *parts: str) -> str:
        """A name, quoted part by part."""
        begin, end = self.quotes[:1], self.quotes[1:]
        if not begin.strip():
            return ".".join(parts)
        return ".".join(f"{begin}{part.replace(end, end * 2)}{end}" for part in parts)

    def rows_of(self, selection: Selection) -> str:
        """What stands behind FROM."""
        if selection.table is not None:
            return self.name(*selection.table)
        query = (selection.query or "").strip().rstrip(";")
        return f"({query}\n){self.alias}{self.name('source')}"

    def select(self, selection: Selection, what: Sequence[str]) -> Statement:
        """The statement that gives expressions of the selected rows.

        Args:
            selection: its bounds become conditions.
            what: expressions, as names that are quoted already.
        """
        values: list[object] = []
        conditions = [self._condition(bound, values) for bound in selection.bounds]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {', '.join(what)} FROM {self.rows_of(selection)}{where}", values

    def _condition(self, bound: Bound, values: list[object]) -> str:
        column = self.name(bound.column)
        ends = ((">=", bound.lower), ("<", bound.upper))
        parts = [self._end(column, *end, values) for end in ends if end[1] is not None]
        inside = " AND ".join(parts) if parts else f"{column} IS NOT NULL"
        return f"(({inside}) OR {column} IS NULL)" if bound.includes_null else f"({inside})"

    def _end(self, column: str, sign: str, end: object, values: list[object]) -> str:
        compared = end if isinstance(end, Compared) else Compared(end)
        mark = compared.mark.format(self.bind(compared.value, values))
        return f"{compared.column.format(column)} {sign} {mark}"
