"""Rows of the extract contract as collectors of REST sources write them, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kada_dagster.extracts.contract import (
    COLUMNS,
    EVENTS,
    LINKAGE,
    META,
    Confidence,
    Relationship,
    clean,
    timestamp,
)
from kada_dagster.extracts.seen import Seen
from kada_dagster.extracts.writer import ExtractWriter


@dataclass(frozen=True)
class Item:
    """An object as other rows speak of it.

    Attributes:
        kind: its OBJECT_TYPE.
        id: its OBJECT_ID.
    """

    kind: str
    id: str


@dataclass
class Output:
    """Writes rows to the run under way; from one thread only.

    Attributes:
        writer: of the run.
    """

    writer: ExtractWriter
    _seen: Seen = field(default_factory=Seen, init=False, repr=False)

    def __post_init__(self) -> None:
        self._sections = {family: self.writer.section(family) for family in (META, LINKAGE, EVENTS)}

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return sum(section.rows for section in self._sections.values())

    def meta(self, item: Item, tool_type: str, name: str, **fields: str) -> bool:
        """Write an object.

        Args:
            item: its type and id.
            tool_type: the source's word for it.
            name: as the source spells it.
            fields: other columns of META, in lower case.

        Returns:
            Whether it is new; one that was written already is left as it is.
        """
        if not self._seen.add(META, clean(item.id)):
            return False
        own = {"object_type": item.kind, "object_id": item.id}
        self._add(META, {**fields, **own, "tool_object_type": tool_type, "name": name})
        return True

    def lineage(self, source: Item, target: Item, confidence: Confidence) -> None:
        """Write that data flows from one object to another."""
        self._link(source, target, Relationship.LINEAGE, confidence)

    def depends(self, source: Item, target: Item) -> None:
        """Write that one object needs another."""
        self._link(source, target, Relationship.DEPENDS_ON, Confidence.DIRECT)

    def member(self, item: Item, group: Item) -> None:
        """Write that an object belongs to a group."""
        self._link(item, group, Relationship.MEMBER_OF, Confidence.DIRECT)

    def run(self, event_id: str, item: Item, ended: datetime, **fields: str) -> None:
        """Write a finished run of an object, with other columns of EVENTS in lower case."""
        if not self._seen.add(EVENTS, clean(event_id)):
            return
        own = {"event_id": event_id, "event_type": "RUNS", "ended_at": timestamp(ended)}
        self._add(EVENTS, {**fields, **own, "object_type": item.kind, "object_id": item.id})

    def warn(self, code: str, sample: str) -> None:
        """Count something that is not in the extract as it should be."""
        self.writer.warn(code, sample)

    def close(self) -> None:
        """Hand over what was written."""
        for section in self._sections.values():
            section.close()

    def _link(
        self, source: Item, target: Item, relationship: Relationship, confidence: Confidence
    ) -> None:
        key = (source.kind, source.id, target.kind, target.id, relationship.value)
        if self._seen.add(LINKAGE, *map(clean, key)):
            self._sections[LINKAGE].add((*key, confidence.value, ""))

    def _add(self, family: str, fields: dict[str, str]) -> None:
        self._sections[family].add([fields.get(name.lower(), "") for name in COLUMNS[family]])
