"""What all parts of the collector share while they read one window."""

from __future__ import annotations

from dataclasses import dataclass, field

from kada_dagster.extracts.code_masking import CodeMasker
from kada_dagster.extracts.contract import Confidence
from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Item, Output
from kada_dagster.hightouch.connections import Connection, Named


def sure(named: Named, confidence: Confidence) -> Confidence:
    """How sure a relationship with a table is: a schema nobody named makes it an inference."""
    return Confidence.INFERRED if named.is_usual else confidence


@dataclass(frozen=True)
class Reading:
    """One run of the collector.

    Attributes:
        host: label of the workspace in K.
        output: takes the rows.
        masker: masks SQL.
        mapping: what connections are called in K.
        sources: the sources read so far, by id.
        destinations: the destinations read so far, by id.
    """

    host: str
    output: Output
    masker: CodeMasker
    mapping: ConnectionMapping
    sources: dict[str, Connection] = field(default_factory=dict[str, Connection])
    destinations: dict[str, Connection] = field(default_factory=dict[str, Connection])

    def item(self, object_type: str, kind: str, *names: str) -> Item:
        """An object of Hightouch: its kind, then what is unique within it."""
        return Item(object_type, object_id(self.host, kind, *names))

    def path(self, *names: str) -> str:
        """The path of an object of Hightouch."""
        return object_path(self.host, *names)

    def write_field(self, item: Item, word: str, names: tuple[str, ...], parent: Item) -> None:
        """Write a field of a model or destination; its path is the host and these names."""
        self.output.meta(item, word, names[-1], path=self.path(*names), parent_id=parent.id)
