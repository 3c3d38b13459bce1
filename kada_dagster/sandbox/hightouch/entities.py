"""Sources and destinations, and what everything the API lists has in common.

The fields of each entity are those of the vendor's OpenAPI document (`openapi.json`) under their
own names. What the API does not say, but the extract has to find out, is in the fields that
its docstring calls known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from kada_dagster.sandbox.hightouch.faults import Ids
from kada_dagster.sandbox.hightouch.payload import as_json, iso, with_ids
from kada_dagster.sandbox.hightouch.places import Place


def _nothing() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Something the API lists.

    Attributes:
        id: its number.
        name: shown in the tool; syncs have none.
        slug: its name in addresses.
        created_at: moment with milliseconds.
        updated_at: likewise.
        changes: keys of the answer that differ from what the document says: new ones, and ones
            with another value.
        missing: keys of the answer that are left out.
    """

    id: int
    name: str | None = ""
    slug: str
    created_at: datetime
    updated_at: datetime
    changes: Mapping[str, Any] = field(default_factory=_nothing)
    missing: frozenset[str] = frozenset()

    def body(self, ids: Ids) -> bytes:
        """The entity as it is answered; written once."""
        return self._body if ids == "number" else as_json(with_ids(self.payload, ids))

    @cached_property
    def _body(self) -> bytes:
        return as_json(self.payload)

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The object in the answer."""
        whole = {**self.common(), **self.own(), **self.changes}
        return {key: value for key, value in whole.items() if key not in self.missing}

    def common(self) -> dict[str, Any]:
        """The keys that all entities have."""
        return {
            "id": self.id,
            "name": self.name,
            "slug": self.slug,
            "workspaceId": 1,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
        }

    def own(self) -> dict[str, Any]:
        """The keys of this kind."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Connection(Entity):
    """A source or a destination. `place`: what it connects to."""

    place: Place

    def own(self) -> dict[str, Any]:
        """`type` and `configuration`."""
        return {"type": self.place.type, "configuration": dict(self.place.configuration)}


@dataclass(frozen=True, kw_only=True)
class Source(Connection):
    """A database or service that models read."""


@dataclass(frozen=True, kw_only=True)
class Destination(Connection):
    """A service or database that syncs write to. `syncs`: their ids."""

    syncs: tuple[int, ...] = ()

    def own(self) -> dict[str, Any]:
        """As of all connections, and the ids of its syncs."""
        return {**super().own(), "syncs": list(self.syncs)}
