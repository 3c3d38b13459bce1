"""What a connection moves, as rows: from a source's table and its columns to a destination's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kada_dagster.api.values import flag, object_of, text
from kada_dagster.extracts.contract import Confidence
from kada_dagster.extracts.output import Item, Output
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.names import destination_schema, keeps_source_names
from kada_dagster.fivetran.extraction.places import Place, Table, column_item, table_item

_ADDED_BY_FIVETRAN = "_fivetran"


class SyncedTable(NamedTuple):
    """A table of a schema config.

    Attributes:
        schema_name: as the source spells it.
        schema: its entry.
        name: of the table, as the source spells it.
        table: its entry.
    """

    schema_name: str
    schema: Mapping[str, Any]
    name: str
    table: Mapping[str, Any]


@dataclass(frozen=True)
class Flow:
    """What moves through one connection.

    Attributes:
        connection: which one.
        item: the object it is.
        source: where it reads.
        target: where it writes.
    """

    connection: Connection
    item: Item
    source: Place
    target: Place

    def write(self, output: Output, synced: SyncedTable, columns: Mapping[str, Any]) -> None:
        """Write the relationships of a table that is synced.

        Args:
            output: what to write to.
            synced: the table.
            columns: entries of its columns by their names in the source, as far as known.
        """
        source = self.source.table(synced.schema_name, synced.name)
        target, confidence = self._target(synced)
        for table in (source, target):
            if table is None:
                sample = f"{self.connection.schema}: {synced.schema_name}.{synced.name}"
                output.warn("table_not_named", sample)
        if source:
            output.lineage(table_item(source), self.item, Confidence.DIRECT)
        if target:
            output.lineage(self.item, table_item(target), confidence)
        if source and target:
            output.lineage(table_item(source), table_item(target), confidence)
            self._columns(output, source, target, confidence, columns)

    def _target(self, synced: SyncedTable) -> tuple[Table | None, Confidence]:
        said = text(synced.schema.get("name_in_destination"))
        schema, confidence = destination_schema(self.connection, said)
        name = text(synced.table.get("name_in_destination"))
        return self.target.table(self._stored(schema), self._stored(name)), confidence

    def _columns(
        self,
        output: Output,
        source: Table,
        target: Table,
        confidence: Confidence,
        columns: Mapping[str, Any],
    ) -> None:
        for name, entry in columns.items():
            given = object_of(entry)
            after = text(given.get("name_in_destination"))
            is_added = after.lower().startswith(_ADDED_BY_FIVETRAN)
            if after and not is_added and flag(given.get("enabled")) is not False:
                to = column_item(target, self._stored(after))
                output.lineage(column_item(source, name), to, confidence)

    def _stored(self, name: str) -> str:
        return name if keeps_source_names(self.connection) else self.target.stored(name)
