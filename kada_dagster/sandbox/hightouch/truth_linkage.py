"""What LINKAGE must hold of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.sandbox.facts import LinkFact
from kada_dagster.sandbox.hightouch.entities import Destination
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.facts import MetaFact
from kada_dagster.sandbox.hightouch.model import Model
from kada_dagster.sandbox.hightouch.naming import MappingEntry, Namer
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster.sandbox.hightouch.truth_models import DEPENDS_ON, LINEAGE, ModelTruth, column_id


class Target(NamedTuple):
    """What a sync writes.

    Attributes:
        type: of the object.
        id: of the object.
        confidence: how sure it is.
        fact: its row in META, where it has one of its own.
        path: of the object in META.
    """

    type: str
    id: str
    confidence: str
    fact: MetaFact | None
    path: str


class Linkage:
    """All links, each as often as there is a reason for it; the arguments are `ModelTruth`'s.

    Attributes:
        named: rows of META that objects have because a link names them; whole when `links` ends.
    """

    def __init__(
        self, estate: HightouchEstate, host: str, mapping: Mapping[str, MappingEntry]
    ) -> None:
        self._estate = estate
        self._host = host
        self._mapping = mapping
        self._models = ModelTruth(estate, host, mapping)
        self.named: dict[str, MetaFact] = self._models.fields

    def links(self) -> Iterator[LinkFact]:
        """Of models, then of syncs, by their ids."""
        for _, model in sorted(self._estate.models.items()):
            yield from self._models.links(model)
        for _, sync in sorted(self._estate.syncs.items()):
            yield from self._sync(sync)

    def _sync(self, sync: Sync) -> Iterator[LinkFact]:
        own = object_id(self._host, "sync", str(sync.id))
        model = self._estate.models.get(sync.model_id)
        destination = self._estate.destinations.get(sync.destination_id)
        if model:
            source = self._models.id(model)
            yield LinkFact("DATASET", source, "PIPELINE", own, LINEAGE, "DIRECT")
        if destination:
            yield from self._writes(own, sync, destination)
        if model:
            yield from self._fields(own, sync, model)
        if model and destination:
            yield from self._mappings(sync, model, destination)

    def _writes(self, own: str, sync: Sync, destination: Destination) -> Iterator[LinkFact]:
        tool = object_id(self._host, "destination", str(destination.id))
        yield LinkFact("PIPELINE", own, "TOOL", tool, DEPENDS_ON, "DIRECT")
        target = self._target(sync, destination)
        if target.fact:
            self.named[target.id] = target.fact
        yield LinkFact("PIPELINE", own, target.type, target.id, LINEAGE, target.confidence)

    def _fields(self, own: str, sync: Sync, model: Model) -> Iterator[LinkFact]:
        """The fields it depends on, and where all that it names come from."""
        needed = [*sync.referenced_columns, *([sync.primary_key] if sync.primary_key else [])]
        for name in needed:
            field = self._models.field(model, self._models.spelled(model, name))
            yield LinkFact("PIPELINE", own, "DATASET_FIELD", field, DEPENDS_ON, "DIRECT")
        for name in (*needed, *(name for one in sync.fields for name in one.columns)):
            yield from self._models.way_up(model, self._models.spelled(model, name))

    def _mappings(self, sync: Sync, model: Model, destination: Destination) -> Iterator[LinkFact]:
        target = self._target(sync, destination)
        for mapping in sync.fields:
            for name in mapping.columns:
                source = self._models.field(model, self._models.spelled(model, name))
                kind, field = self._field_of(target, sync, destination, mapping.to)
                yield LinkFact("DATASET_FIELD", source, kind, field, LINEAGE, mapping.confidence)

    def _target(self, sync: Sync, destination: Destination) -> Target:
        tool = object_id(self._host, "destination", str(destination.id))
        path = object_path(self._host, destination.name or str(destination.id))
        if sync.object_name is None:
            return Target("TOOL", tool, "DIRECT", None, path)
        if sync.table and destination.place.has_tables:
            table = Namer(destination, self._mapping).table(sync.table)
            if table:
                return Target("TABLE", table.id, sync.object_confidence, None, "")
        own = object_id(self._host, "destination_object", str(destination.id), sync.object_name)
        path = f"{path}.{object_path(sync.object_name)}"
        word = "HIGHTOUCH_DESTINATION_OBJECT"
        fact = MetaFact("DATASET", own, word, sync.object_name, path, tool)
        return Target("DATASET", own, sync.object_confidence, fact, path)

    def _field_of(
        self, target: Target, sync: Sync, destination: Destination, name: str
    ) -> tuple[str, str]:
        if target.type == "TABLE":
            return "COLUMN", column_id(target.id, name)
        within = () if sync.object_name is None else (sync.object_name,)
        field = object_id(self._host, "destination_field", str(destination.id), *within, name)
        path = f"{target.path}.{object_path(name)}"
        word = "HIGHTOUCH_DESTINATION_FIELD"
        self.named[field] = MetaFact("DATASET_FIELD", field, word, name, path, target.id)
        return "DATASET_FIELD", field
