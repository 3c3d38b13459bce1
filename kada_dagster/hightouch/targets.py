"""What a sync writes to: an object of its destination, a table, or just the destination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.values import text
from kada_dagster.extracts.contract import Confidence
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import Table, column_item, table_item
from kada_dagster.hightouch.connections import Connection
from kada_dagster.hightouch.databases import split_name
from kada_dagster.hightouch.reading import Reading, sure

_STATED = "object"
_LIKELY = ("objectName", "tableName", "table", "destinationTable", "eventName", "objectId")


@dataclass(frozen=True)
class Target:
    """Where the rows of a sync go.

    Attributes:
        destination: of the sync.
        item: the object.
        confidence: in that it is this object.
        name: of an object of a tool; empty where only the destination is known.
        table: where it is a table.
    """

    destination: Connection
    item: Item
    confidence: Confidence = Confidence.DIRECT
    name: str = ""
    table: Table | None = None

    def write(self, reading: Reading) -> None:
        """Write the object, where it is one that this source brings."""
        if self.name:
            reading.output.meta(
                self.item,
                "HIGHTOUCH_DESTINATION_OBJECT",
                self.name,
                path=reading.path(*self._names),
                parent_id=reading.item("TOOL", "destination", self.destination.id).id,
            )

    def field(self, reading: Reading, name: str) -> Item:
        """Write a field of the object, or name a column of the table."""
        if self.table:
            return column_item(self.table, name)
        inner = (self.name, name) if self.name else (name,)
        item = reading.item("DATASET_FIELD", "destination_field", self.destination.id, *inner)
        reading.write_field(item, "HIGHTOUCH_DESTINATION_FIELD", (*self._names, name), self.item)
        return item

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.destination.name, self.name) if self.name else (self.destination.name,)


def target_of(
    reading: Reading, destination: Connection, configuration: Mapping[str, Any], sync: str
) -> Target:
    """What a sync writes to, by its configuration.

    Args:
        reading: what all parts of the collector share.
        destination: of the sync.
        configuration: of the sync.
        sync: its name, for warnings.
    """
    name, confidence = _object_name(configuration)
    if not name:
        return Target(destination, reading.item("TOOL", "destination", destination.id))
    if destination.kind:
        found = _table(destination, configuration, name, confidence)
        if found:
            return found
        reading.output.warn("table_not_named", f"sync {sync}: {name}")
    item = reading.item("DATASET", "destination_object", destination.id, name)
    return Target(destination, item, confidence, name)


def _object_name(configuration: Mapping[str, Any]) -> tuple[str, Confidence]:
    for key in (_STATED, *_LIKELY):
        value = configuration.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and text(value):
            return text(value), Confidence.DIRECT if key == _STATED else Confidence.INFERRED
    return "", Confidence.DIRECT


def _table(
    destination: Connection, configuration: Mapping[str, Any], name: str, confidence: Confidence
) -> Target | None:
    parts = split_name(name)
    if parts is None:
        return None
    database = parts[0] or text(configuration.get("database"))
    schema = parts[1] or text(configuration.get("schema"))
    named = destination.table(*map(destination.stored, (database, schema, parts[2])))
    if named is None:
        return None
    item = table_item(named.table)
    return Target(destination, item, sure(named, confidence), table=named.table)
