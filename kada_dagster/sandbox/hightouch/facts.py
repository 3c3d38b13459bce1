"""Rows of the extract contract as a workspace decides them: what a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from kada_dagster.extracts.contract import clean


class MetaFact(NamedTuple):
    """A row of META, with code that is not masked."""

    object_type: str
    object_id: str
    tool_object_type: str
    name: str
    path: str
    parent_id: str = ""
    description: str = ""
    status: str = ""
    query_code: str = ""
    created_at: str = ""
    updated_at: str = ""
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
    rows_read: str
    rows_written: str
    rows_failed: str
    message: str
    attributes: str


Fact = TypeVar("Fact", MetaFact, LinkFact, EventFact)


def fact_of(kind: type[Fact], row: Mapping[str, str]) -> Fact:
    """The fact in a row of a file, whose keys are the contract's columns."""
    return kind(*(row[name.upper()] for name in kind._fields))


def cleaned(fact: Fact) -> Fact:
    """The fact without what no extract may hold."""
    return type(fact)(*map(clean, fact))


def first_of_each(facts: Iterable[LinkFact]) -> Iterator[LinkFact]:
    """Every relationship once, as it came first."""
    seen: set[tuple[str, ...]] = set()
    for fact in facts:
        if fact[:5] not in seen:
            seen.add(fact[:5])
            yield fact
