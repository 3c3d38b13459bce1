"""Syncs: from a model to an object of a destination, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kada_dagster.sandbox.hightouch.entities import Entity
from kada_dagster.sandbox.hightouch.faults import Ids
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.payload import as_json, iso, with_ids


@dataclass(frozen=True)
class Field:
    """A column's way to the destination, as one mapping of the configuration states it.

    Attributes:
        columns: columns of the model it takes its value from, as it spells them.
        to: field of the destination.
        confidence: `PARSED` where they stand in a template.
    """

    columns: tuple[str, ...]
    to: str
    confidence: str = "DIRECT"


@dataclass(frozen=True, kw_only=True)
class Sync(Entity):
    """A sync. It has neither name nor description.

    Attributes:
        model_id: the model; it may be gone.
        destination_id: the destination; it may be gone.
        configuration: as the tool keeps it, mappings and all.
        schedule: as the tool keeps it; None: started by hand.
        disabled: whether it is switched off.
        primary_key: column of the model.
        referenced_columns: columns of the model the tool says it reads.
        tags: labels.
        object_name: known: object of the destination; None where it is not said.
        object_confidence: known: `INFERRED` where a less certain key says it.
        table: known: the same in a database.
        fields: known: what its mappings mean, in their order.
        unknown_mappings: known: how many of its mappings are of no documented kind.
    """

    model_id: int
    destination_id: int
    configuration: Mapping[str, Any]
    schedule: Mapping[str, Any] | None = None
    disabled: bool = False
    primary_key: str = "id"
    referenced_columns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    object_name: str | None = None
    object_confidence: str = "DIRECT"
    table: TableOf | None = None
    fields: tuple[Field, ...] = ()
    unknown_mappings: int = 0

    def own(self) -> dict[str, Any]:
        """What the sync is; `status` and `lastRunAt` depend on its runs."""
        return {
            "destinationId": self.destination_id,
            "modelId": self.model_id,
            "configuration": dict(self.configuration),
            "schedule": self.schedule,
            "disabled": self.disabled,
            "referencedColumns": list(self.referenced_columns),
            "primaryKey": self.primary_key,
            "externalSegment": {},
            "tags": dict(self.tags),
        }

    def common(self) -> dict[str, Any]:
        """As of all, without the name."""
        return {key: value for key, value in super().common().items() if key != "name"}

    def body_with(self, ids: Ids, status: str, last_run: datetime | None) -> bytes:
        """The sync as it is answered, with the state of its runs."""
        ran = {"status": status, "lastRunAt": iso(last_run) if last_run else None}
        return as_json(with_ids({**self.payload, **ran, **self.changes}, ids))
