"""Syncs as objects, and the way of data through them, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kada_dagster.api.values import flag, list_of, object_of, text
from kada_dagster.extracts.contract import Confidence, json_cell
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import column_item
from kada_dagster.hightouch.allowed import compact, schedule_of, tags_of
from kada_dagster.hightouch.fields import read_mappings
from kada_dagster.hightouch.inventory import dates_of
from kada_dagster.hightouch.models import Model, Models
from kada_dagster.hightouch.reading import Reading, sure
from kada_dagster.hightouch.targets import Target, target_of

_DISABLED = "disabled"


@dataclass(frozen=True)
class Syncs:
    """Reads syncs.

    Attributes:
        reading: what all parts of the collector share.
        models: all models.
    """

    reading: Reading
    models: Models

    def write(self, given: Mapping[str, Any]) -> None:
        """Write a sync, what it reads and what it writes to."""
        name = _name(given)
        item = sync_item(self.reading, text(given.get("id")))
        self._write_object(given, item, name)
        target = self._target(given, item, name)
        model = self.models.find(text(given.get("modelId")))
        if model is None:
            return self.reading.output.warn("model_missing", f"sync {name}")
        self.reading.output.lineage(model.item, item, Confidence.DIRECT)
        self._write_columns(given, model, target, name)
        for column in _needed(given):
            field = self.models.field(model, self._traced(model, column))
            self.reading.output.depends(item, field)
        return None

    def _write_object(self, given: Mapping[str, Any], item: Item, name: str) -> None:
        facts = compact(
            slug=text(given.get("slug")),
            mode=text(object_of(given.get("configuration")).get("mode")),
            primary_key=text(given.get("primaryKey")),
            last_run_at=text(given.get("lastRunAt")),
            tags=tags_of(given.get("tags")),
            schedule=schedule_of(given.get("schedule")),
        )
        is_disabled = flag(given.get(_DISABLED)) is True
        self.reading.output.meta(
            item,
            "HIGHTOUCH_SYNC",
            name,
            path=self.reading.path(name),
            status=_DISABLED if is_disabled else text(given.get("status")),
            attributes=json_cell(facts),
            **dates_of(given),
        )

    def _target(self, given: Mapping[str, Any], item: Item, name: str) -> Target | None:
        """Write what a sync writes to."""
        destination = self.reading.destinations.get(text(given.get("destinationId")))
        if destination is None:
            self.reading.output.warn("destination_missing", f"sync {name}")
            return None
        tool = self.reading.item("TOOL", "destination", destination.id)
        self.reading.output.depends(item, tool)
        configuration = object_of(given.get("configuration"))
        target = target_of(self.reading, destination, configuration, name)
        target.write(self.reading)
        self.reading.output.lineage(item, target.item, target.confidence)
        return target

    def _write_columns(
        self, given: Mapping[str, Any], model: Model, target: Target | None, name: str
    ) -> None:
        mappings = read_mappings(object_of(given.get("configuration")))
        for sample in mappings.unread:
            self.reading.output.warn("mapping_not_understood", f"sync {name}: {sample}")
        for column, to, confidence in mappings.found:
            traced = self._traced(model, column)
            if target is not None:
                field, after = self.models.field(model, traced), target.field(self.reading, to)
                self.reading.output.lineage(field, after, confidence)

    def _traced(self, model: Model, name: str) -> str:
        """Write where a field comes from that a sync takes; its name as the model has it."""
        chain = self.models.chain(model)
        if chain is None:
            return name
        columns = chain[-1].columns
        name = columns.spelled(name)
        if columns.has(name):
            for child, parent in pairwise(chain):
                fields = self.models.field(parent, name), self.models.field(child, name)
                self.reading.output.lineage(*fields, Confidence.INHERITED)
            self._column(chain[-1], name)
        return name

    def _column(self, model: Model, name: str) -> None:
        """Write that a field is the column of its name."""
        named = model.columns.passed
        if named is not None and model.columns.passes(name):
            source, confidence = column_item(named.table, name), model.columns.confidence
            field = self.models.field(model, name)
            self.reading.output.lineage(source, field, sure(named, confidence))


def sync_item(reading: Reading, number: str) -> Item:
    """The object a sync is."""
    return reading.item("PIPELINE", "sync", number)


def _name(given: Mapping[str, Any]) -> str:
    return text(given.get("slug")) or text(given.get("id"))


def _needed(given: Mapping[str, Any]) -> list[str]:
    """Columns a sync says it reads, and its key."""
    named = [*list_of(given.get("referencedColumns")), given.get("primaryKey")]
    return [name for name in dict.fromkeys(map(text, named)) if name]
