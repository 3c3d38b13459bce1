"""What all parts of the collector share while they read one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.values import text
from kada_dagster.extracts.code_masking import CodeMasker
from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Item, Output
from kada_dagster.hevo.crawl import Crawl
from kada_dagster.hwm.window import Window


@dataclass(frozen=True)
class Reading:
    """One run of the collector.

    Attributes:
        host: label of the source in K.
        window: events are those of it.
        crawl: makes the calls.
        output: takes the rows.
        mapping: knows what connections are called in K.
        masker: masks code.
        progress: told what was just read.
    """

    host: str
    window: Window
    crawl: Crawl
    output: Output
    mapping: ConnectionMapping
    masker: CodeMasker
    progress: Callable[[str], None]

    def id(self, kind: str, *names: str) -> str:
        """The id of an object of Hevo: its kind, then what is unique within it."""
        return object_id(self.host, kind, *names)

    def path(self, *names: str) -> str:
        """The path of an object of Hevo."""
        return object_path(self.host, *names)

    def destination(self, number: str, kind: str = "destination") -> Item:
        """A destination."""
        return Item("TOOL", self.id(kind, number))


def compact(given: Mapping[str, Any], *keys: str, **more: object) -> dict[str, object]:
    """Some fields of an answer as texts, and others as they are; empty ones are left out."""
    facts: dict[str, object] = {key: text(given.get(key)) for key in keys}
    facts.update(more)
    return {key: value for key, value in facts.items() if value not in ("", None, {}, [])}
