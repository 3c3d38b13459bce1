"""What an analysis hands back; no parser is needed to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class TableName(NamedTuple):
    """A table as the database stores its name.

    Attributes:
        database: database, catalogue or project; None where neither text nor caller names it.
        schema: schema or dataset; None likewise.
        name: the table itself.
    """

    database: str | None
    schema: str | None
    name: str


Origin = tuple[TableName, str]
"""A column of a table, both as the database stores them."""


@dataclass(frozen=True)
class SqlLineage:
    """The lineage of one SQL text.

    Attributes:
        tables: tables the text reads, sorted, each once.
        columns: output columns by name, each with the columns its value is computed from. An empty
            set says that it comes from no table.
        problems: what could not be resolved, as `code: text`, sorted, each once. They hold
            identifiers of the text, never a literal.
        targets: tables the text writes (INSERT, CREATE ... AS, MERGE, ...).
        incomplete: the names in `columns` whose sets may lack columns; a problem says why.
        passed: the table all of whose columns pass through a `*` that could not be expanded.
        hidden: names in `passed` that do not pass; lower case where `ignores_case`.
        ignores_case: whether the database does not tell column names apart by case.
    """

    tables: tuple[TableName, ...] = ()
    columns: Mapping[str, frozenset[Origin]] = field(default_factory=dict[str, frozenset[Origin]])
    problems: tuple[str, ...] = ()
    targets: tuple[TableName, ...] = ()
    incomplete: frozenset[str] = frozenset()
    passed: TableName | None = None
    hidden: frozenset[str] = frozenset()
    ignores_case: bool = False

    def origins(self, column: str) -> frozenset[Origin] | None:
        """The columns an output column is computed from, also one that only `*` stands for.

        Args:
            column: name of an output column as the database stores it.

        Returns:
            The columns known, or None where nothing can be said of it.
        """
        known = self.columns.get(self._spelled(column))
        if known is not None or self.passed is None or self._folded(column) in self.hidden:
            return known
        return frozenset({(self.passed, column)})

    def _folded(self, column: str) -> str:
        return column.lower() if self.ignores_case else column

    def _spelled(self, column: str) -> str:
        if column in self.columns or not self.ignores_case:
            return column
        return next((name for name in self.columns if name.lower() == column.lower()), column)
