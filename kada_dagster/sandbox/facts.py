"""Rows of the extract contract as a stand-in's estate decides them: what a test compares.

Here is what is the same for all sources; the rows of META and EVENTS, of which each source fills
other columns, are in the source's folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from kada_dagster.extracts.contract import clean


class LinkFact(NamedTuple):
    """A row of LINKAGE."""

    source_object_type: str
    source_object_id: str
    target_object_type: str
    target_object_id: str
    relationship: str
    confidence: str


Fact = TypeVar("Fact", bound="tuple[str, ...]")
"""A `NamedTuple` of texts whose fields are columns of the contract, in lower case."""


def fact_of(kind: type[Fact], row: Mapping[str, str]) -> Fact:
    """The fact in a row of a file, whose keys are the contract's columns."""
    names: tuple[str, ...] = getattr(kind, "_fields")  # noqa: B009 - a bound cannot name it
    return _made(kind, (row[name.upper()] for name in names))


def cleaned(fact: Fact) -> Fact:
    """The fact without what no extract may hold."""
    return _made(type(fact), map(clean, fact))


def first_of_each(facts: Iterable[LinkFact]) -> Iterator[LinkFact]:
    """Every relationship once, as it came first."""
    seen: set[tuple[str, ...]] = set()
    for fact in facts:
        if fact[:5] not in seen:
            seen.add(fact[:5])
            yield fact


def _made(kind: type[Fact], values: Iterable[str]) -> Fact:
    return kind(*values)
