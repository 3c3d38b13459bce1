"""Rows of the extract contract as far as the account decides them: what a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, TypeVar

from kada_dagster.extracts.contract import clean, timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class MetaFact(NamedTuple):
    """A row of META without what it says in prose or in ATTRIBUTES."""

    object_type: str
    object_id: str
    tool_object_type: str
    name: str
    parent_id: str = ""
    status: str = ""
    query_code: str = ""
    created_at: str = ""
    updated_at: str = ""
    owner: str = ""


class LinkFact(NamedTuple):
    """A row of LINKAGE."""

    source_object_type: str
    source_object_id: str
    target_object_type: str
    target_object_id: str
    relationship: str
    confidence: str


class EventFact(NamedTuple):
    """A row of EVENTS without ATTRIBUTES and MESSAGE."""

    event_id: str
    event_type: str
    object_type: str
    object_id: str
    status: str
    user_name: str
    started_at: str
    ended_at: str
    rows_read: str
    rows_written: str
    rows_failed: str


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


def moment_of(milliseconds: int) -> datetime:
    """The moment of so many milliseconds since 1970, UTC, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds_of(moment: datetime) -> int:
    """Milliseconds since 1970, rounded up: nothing later than the moment is before them."""
    return -((_EPOCH - moment) // timedelta(milliseconds=1))


def written(milliseconds: int | None) -> str:
    """The moment as the contract writes it; empty for None."""
    return "" if milliseconds is None else timestamp(moment_of(milliseconds))
