"""Rows of the extract contract as an account decides them: what a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from kada_dagster.extracts.contract import clean


class MetaFact(NamedTuple):
    """A row of META."""

    object_type: str
    object_id: str
    tool_object_type: str
    name: str
    path: str
    parent_id: str = ""
    url: str = ""
    created_at: str = ""
    owner: str = ""
    status: str = ""
    attributes: str = ""


class LinkFact(NamedTuple):
    """A row of LINKAGE."""

    source_object_type: str
    source_object_id: str
    target_object_type: str
    target_object_id: str
    relationship: str
    confidence: str


class EventFact(NamedTuple):
    """A row of EVENTS."""

    event_id: str
    event_type: str
    object_type: str
    object_id: str
    status: str
    started_at: str
    ended_at: str
    message: str = ""
    attributes: str = ""


Fact = TypeVar("Fact", MetaFact, LinkFact, EventFact)


def fact_of(kind: type[Fact], row: Mapping[str, str]) -> Fact:
    """The fact in a row of a file, whose keys are the contract's columns."""
    return kind(*(row[name.upper()] for name in kind._fields))


def cleaned(facts: Iterable[Fact]) -> list[Fact]:
    """Facts without what no extract may hold, sorted; each relationship as it came first."""
    return sorted(_firsts(type(fact)(*map(clean, fact)) for fact in facts))


def _firsts(facts: Iterable[Fact]) -> Iterator[Fact]:
    seen: set[tuple[str, ...]] = set()
    for fact in facts:
        key = fact[:5] if isinstance(fact, LinkFact) else tuple(fact)
        if key not in seen:
            seen.add(key)
            yield fact
