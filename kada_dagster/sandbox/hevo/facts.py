"""Rows of META and EVENTS as far as the account decides them, and its moments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from kada_dagster.extracts.contract import timestamp

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


def moment_of(milliseconds: int) -> datetime:
    """The moment of so many milliseconds since 1970, UTC, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds_of(moment: datetime) -> int:
    """Milliseconds since 1970, rounded up: nothing later than the moment is before them."""
    return -((_EPOCH - moment) // timedelta(milliseconds=1))


def written(milliseconds: int | None) -> str:
    """The moment as the contract writes it; empty for None."""
    return "" if milliseconds is None else timestamp(moment_of(milliseconds))
