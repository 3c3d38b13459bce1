"""The names by which the sensor and runs that start syncs tell each other what was reported."""

from __future__ import annotations

from collections.abc import Iterable

CONNECTION_ID = "fivetran/connection_id"
"""Metadata and run tag: id of the connection."""

SYNC_ID = "fivetran/sync_id"
"""Metadata and run tag: id of the sync, as the sync history and webhooks have it."""

SUCCEEDED_AT = "fivetran/succeeded_at"
"""Metadata and run tag: the connection's `succeeded_at`, ISO 8601, UTC."""

BATCH = "fivetran/batch"
"""Metadata: which syncs the sensor reported together; runs that start a sync do not set it."""

SCHEMA = "fivetran/schema"
"""Run tag: display name of the connection."""

FAILED_AT = "fivetran/failed_at"
"""Metadata and run tag: the connection's `failed_at`, ISO 8601, UTC."""

CHECK_NAME = "last_sync"
"""Name of the asset check that says how the last sync of a connection ended."""


_STARTS = "kada/starts."


def starting_tag(connection_id: str) -> str:
    """The run tag of a run that starts a sync of a connection and will report how it ended.

    As long as the run is unfinished, the sensor leaves the sync to it.
    """
    return f"{_STARTS}{connection_id}"


def started_by(tags: Iterable[str]) -> set[str]:
    """The connections whose syncs a run with these tags will report."""
    return {tag.removeprefix(_STARTS) for tag in tags if tag.startswith(_STARTS)}
