"""The groups and destinations of an account as objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kada_dagster.api.values import moment_iso, text
from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.fivetran.allowed import allowed, compact, scalars
from kada_dagster.fivetran.extraction.places import destination_place
from kada_dagster.fivetran.extraction.reading import Reading

_KEYS = (
    *("service", "region", "time_zone_offset", "networking_method"),
    *("daylight_saving_time_enabled", "hybrid_deployment_agent_id", "private_link_id"),
)


def write_groups(reading: Reading, answers: Iterable[Mapping[str, Any]]) -> None:
    """Write groups."""
    for given in answers:
        number, name = text(given.get("id")), text(given.get("name"))
        if not number:
            reading.output.warn("without_id", "group")
            continue
        reading.groups.setdefault(number, name)
        reading.output.meta(
            reading.group(number),
            "FIVETRAN_GROUP",
            name or number,
            path=reading.path(name or number),
            created_at=timestamp(moment_iso(given.get("created_at"))),
        )
    reading.progress("groups", len(reading.groups))


def write_destinations(reading: Reading, answers: Iterable[Mapping[str, Any]]) -> None:
    """Write destinations; they bear the names of their groups, having none themselves."""
    for given in answers:
        number = text(given.get("id"))
        if not number:
            reading.output.warn("without_id", "destination")
            continue
        group = text(given.get("group_id")) or number
        _write(reading, given, number, group)
        if number not in reading.destinations:
            name = reading.groups.get(group, "")
            reading.destinations[number] = destination_place(given, name, reading.mapping)
    reading.progress("destinations", len(reading.destinations))


def _write(reading: Reading, given: Mapping[str, Any], number: str, group: str) -> None:
    name = reading.group_name(group)
    facts = compact(**scalars(given, *_KEYS), config=allowed(given.get("config")))
    reading.output.meta(
        reading.destination(number),
        "FIVETRAN_DESTINATION",
        name,
        path=reading.path(name),
        parent_id=reading.parent(group),
        status=text(given.get("setup_status")).lower(),
        attributes=json_cell(facts),
    )
    if group in reading.groups:
        reading.output.member(reading.destination(number), reading.group(group))
