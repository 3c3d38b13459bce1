"""Rows of META and EVENTS as a workspace decides them."""

from __future__ import annotations

from typing import NamedTuple


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
