"""What LINKAGE must hold of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kada_dagster.extracts.identity import component, object_id
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.schema_config import Column
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.truth_facts import LinkFact, cleaned
from kada_dagster.sandbox.fivetran.truth_names import MappingEntry, Named, Namer
from kada_dagster.sandbox.fivetran.truth_synced import Entry, entries_of
from kada_dagster.sandbox.fivetran.world import FivetranWorld


def linkage(
    world: FivetranWorld, host: str, mapping: Mapping[str, MappingEntry], *, columns: bool = False
) -> list[LinkFact]:
    """Every relationship, sorted.

    Args:
        world: the account, as it is now.
        host: its label in K.
        mapping: from names of connections and groups to what is onboarded in K.
        columns: whether columns are asked for.
    """
    with world.timeline.settled():
        return cleaned(_Linkage(world, host, mapping, columns).rows())


class _Linkage:
    def __init__(
        self, world: FivetranWorld, host: str, mapping: Mapping[str, MappingEntry], columns: bool
    ) -> None:
        self._estate, self._host, self._columns = world.estate, host, columns
        self._namer = Namer(world.estate, mapping)

    def rows(self) -> Iterator[LinkFact]:
        for number in self._estate.groups:
            ends = ("TOOL", self._id("destination", number)), self._group(number)
            yield LinkFact(*ends[0], *ends[1], "MEMBER_OF", "DIRECT")
        for connection in self._estate.connections.values():
            yield from self._connection(connection)
            for entry in entries_of(connection):
                if entry.is_synced:
                    yield from self._table(entry)
        for transformation in self._estate.transformations.values():
            yield from self._transformation(transformation)

    def _connection(self, connection: Connection) -> Iterator[LinkFact]:
        own, group = self._pipeline(connection.id), connection.group_id
        if group in self._estate.groups:
            yield LinkFact(*own, *self._group(group), "MEMBER_OF", "DIRECT")
            tool = ("TOOL", self._id("destination", group))
            yield LinkFact(*own, *tool, "DEPENDS_ON", "DIRECT")

    def _table(self, entry: Entry) -> Iterator[LinkFact]:
        parts = (entry.connection, entry.schema, entry.table)
        own = self._pipeline(entry.connection.id)
        source, target = self._namer.source(*parts), self._namer.destination(*parts)
        if source:
            yield LinkFact("TABLE", source, *own, "LINEAGE", "DIRECT")
        if target:
            yield LinkFact(*own, "TABLE", target.id, "LINEAGE", target.confidence)
        if source and target:
            yield LinkFact("TABLE", source, "TABLE", target.id, "LINEAGE", target.confidence)
            for column in entry.columns(self._columns):
                yield from self._column(entry.connection, column, source, target)

    def _column(
        self, connection: Connection, column: Column, source: str, target: Named
    ) -> Iterator[LinkFact]:
        name = column.name_in_destination
        if column.enabled and name and not name.lower().startswith("_fivetran"):
            before = f"{source}.{component(column.name)}"
            after = f"{target.id}.{component(self._namer.column(connection, name))}"
            yield LinkFact("COLUMN", before, "COLUMN", after, "LINEAGE", target.confidence)

    def _transformation(self, one: Transformation) -> Iterator[LinkFact]:
        own = ("PIPELINE", self._id("transformation", one.id))
        for number in one.schedule.get("connection_ids", ()):
            yield LinkFact(*own, *self._pipeline(number), "DEPENDS_ON", "DIRECT")
        for number in one.schedule.get("transformation_ids", ()):
            other = ("PIPELINE", self._id("transformation", number))
            yield LinkFact(*own, *other, "DEPENDS_ON", "DIRECT")
        for model in one.outputs:
            made = ("DATASET_TABLE", self._id("model", one.id, model))
            yield LinkFact(*own, *made, "LINEAGE", "DIRECT")

    def _pipeline(self, number: str) -> tuple[str, str]:
        return "PIPELINE", self._id("connection", number)

    def _group(self, number: str) -> tuple[str, str]:
        return "WORKSPACE", self._id("group", number)

    def _id(self, *names: str) -> str:
        return object_id(self._host, *names)
