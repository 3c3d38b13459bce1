"""The sources and destinations of a workspace as objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kada_dagster.api.values import moment_iso
from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.hightouch.allowed import compact, shown
from kada_dagster.hightouch.connections import Connection
from kada_dagster.hightouch.reading import Reading


def dates_of(given: Mapping[str, Any]) -> dict[str, str]:
    """When something was made and changed, as columns of META."""
    return {
        "created_at": timestamp(moment_iso(given.get("createdAt"))),
        "updated_at": timestamp(moment_iso(given.get("updatedAt"))),
    }


def write_connections(
    reading: Reading, kind: str, answers: Iterable[Mapping[str, Any]], known: dict[str, Connection]
) -> None:
    """Write sources or destinations.

    Args:
        reading: what all parts of the collector share.
        kind: `source` or `destination`.
        answers: as the API lists them.
        known: takes them, by id.
    """
    for given in answers:
        connection = Connection.read(given, reading.mapping)
        if not connection.id:
            reading.output.warn("without_id", kind)
        elif connection.id not in known:
            known[connection.id] = connection
            _write(reading, kind, connection, dates_of(given))


def _write(reading: Reading, kind: str, connection: Connection, dates: dict[str, str]) -> None:
    facts = compact(
        type=connection.type, slug=connection.slug, **shown(dict(connection.configuration))
    )
    reading.output.meta(
        reading.item("TOOL", kind, connection.id),
        f"HIGHTOUCH_{kind.upper()}",
        connection.name,
        path=reading.path(connection.name),
        attributes=json_cell(facts),
        **dates,
    )
