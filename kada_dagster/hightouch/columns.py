"""Which fields a model has, and which column each of them is where that is told by its name."""

from __future__ import annotations

from dataclasses import dataclass

from kada_dagster.extracts.contract import Confidence
from kada_dagster.hightouch.connections import Named


@dataclass(frozen=True)
class Columns:
    """The fields of a model that is a query or a table.

    Attributes:
        names: of the query's columns.
        takes_any: whether any column of the one table it reads is a field.
        passed: that table, where it can be named.
        hidden: columns of it that are no fields; lower case where `ignores_case`.
        ignores_case: whether the database tells columns apart by case.
        confidence: in the columns of `passed`.
    """

    names: frozenset[str] = frozenset()
    takes_any: bool = False
    passed: Named | None = None
    hidden: frozenset[str] = frozenset()
    ignores_case: bool = False
    confidence: Confidence = Confidence.DIRECT

    def spelled(self, name: str) -> str:
        """The field's name as the query has it: syncs may spell it in another case."""
        if name in self.names:
            return name
        lower = name.lower()
        same = [known for known in self.names if known.lower() == lower]
        return same[0] if len(same) == 1 else name

    def passes(self, name: str) -> bool:
        """Whether the field is the column of that name in the one table."""
        folded = name.lower() if self.ignores_case else name
        return self.takes_any and name not in self.names and folded not in self.hidden

    def has(self, name: str) -> bool:
        """Whether there is such a field, as far as is known."""
        return name in self.names or self.passes(name)


NONE_KNOWN = Columns()
"""Of a model of which nothing is known."""
