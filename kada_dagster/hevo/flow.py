"""What a pipeline moves, as rows: from a source's table and its columns to a destination's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kada_dagster.extracts.contract import Confidence
from kada_dagster.extracts.output import Item, Output
from kada_dagster.extracts.tables import Table, column_item, table_item
from kada_dagster.hevo.connections import Connection

_ADDED_BY_HEVO = "__he"


@dataclass(frozen=True)
class Flow:
    """One table that a pipeline loads.

    Attributes:
        pipeline: what moves it.
        source: where from; None where that cannot be named.
        target: where to; None likewise.
        confidence: in the source.
        target_confidence: in the target's name.
    """

    pipeline: Item
    source: Table | None
    target: Table | None
    confidence: Confidence = Confidence.DIRECT
    target_confidence: Confidence = Confidence.DIRECT

    def write(
        self, output: Output, destination: Connection, columns: Iterable[tuple[str, str]]
    ) -> None:
        """Write the relationships.

        Args:
            output: what to write to.
            destination: which the target is a table of.
            columns: names in the source and the destination; empty ones say that there is none.
        """
        if self.source:
            output.lineage(table_item(self.source), self.pipeline, self.confidence)
        if self.target:
            output.lineage(self.pipeline, table_item(self.target), self.target_confidence)
        if self.source and self.target:
            source, target = table_item(self.source), table_item(self.target)
            output.lineage(source, target, self.confidence)
            self._columns(output, destination, columns, self.source, self.target)

    def _columns(
        self,
        output: Output,
        destination: Connection,
        columns: Iterable[tuple[str, str]],
        source: Table,
        target: Table,
    ) -> None:
        for before, after in columns:
            if before and after and not after.lower().startswith(_ADDED_BY_HEVO):
                output.lineage(
                    column_item(source, before),
                    column_item(target, destination.column(after)),
                    self.confidence,
                )
