"""The lists of an account that lead to no further calls: destinations, workflows, users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from kada_dagster.api.values import text
from kada_dagster.extracts.contract import json_cell
from kada_dagster.extracts.output import Item
from kada_dagster.hevo.allowed import allowed
from kada_dagster.hevo.client import CLASSIC, EDGE
from kada_dagster.hevo.connections import Connection
from kada_dagster.hevo.crawl import Task
from kada_dagster.hevo.reading import Reading, compact

Destinations = dict[str, Connection]
"""What tables of the destinations of a family are called, by id."""


def read_destinations(reading: Reading, families: Iterable[str]) -> dict[str, Destinations]:
    """Write the destinations of some families, which are read side by side.

    Args:
        reading: what all parts of the collector share.
        families: `CLASSIC`, `EDGE`.

    Returns:
        By family; pipelines need them.
    """
    crawl = reading.crawl
    found = crawl.client.api.gather(families, lambda one: list(crawl.items(one, "destinations")))
    return {family: _destinations(reading, family, rows) for family, rows in found}


def workflow_tasks(reading: Reading) -> Iterator[Task]:
    """What to write of the workflows."""
    for given in reading.crawl.items(CLASSIC, "workflows"):
        yield Task(partial(_write_workflow, reading, given))


def user_tasks(reading: Reading) -> Iterator[Task]:
    """What to write of the users: personal data, for those who asked for it."""
    for given in reading.crawl.items(CLASSIC, "accounts", "users", key="email"):
        yield Task(partial(_write_user, reading, given))


def _destinations(reading: Reading, family: str, rows: list[dict[str, Any]]) -> Destinations:
    is_edge = family == EDGE
    kind = "edge_destination" if is_edge else "destination"
    word = "HEVO_EDGE_DESTINATION" if is_edge else "HEVO_DESTINATION"
    found: Destinations = {}
    for given in rows:
        number = text(given.get("id"))
        if not number:
            reading.output.warn("without_name", "destination")
            continue
        other = given.get("destination_type")
        found[number] = Connection.read(given, reading.mapping, kind=other, is_destination=True)
        facts = compact(
            given, "health_status", type=found[number].kind, config=allowed(given.get("config"))
        )
        name = text(given.get("name")) or number
        item = reading.destination(number, kind)
        _write(reading, item, word, name=name, given=given, facts=facts)
    reading.progress("Edge destinations" if is_edge else "destinations")
    return found


def _write_workflow(reading: Reading, given: dict[str, Any], _answer: dict[str, Any]) -> None:
    number = text(given.get("id"))
    if not number:
        return reading.output.warn("without_name", "workflow")
    item, name = Item("PIPELINE", reading.id("workflow", number)), text(given.get("name"))
    facts = compact(given, "last_run_status")
    _write(reading, item, "HEVO_WORKFLOW", name=name or number, given=given, facts=facts)


def _write_user(reading: Reading, given: dict[str, Any], _answer: dict[str, Any]) -> None:
    email = text(given.get("email"))
    if not email:
        return reading.output.warn("without_name", "user")
    item = Item("USER", reading.id("user", email))
    facts = compact(given, "role")
    _write(reading, item, "HEVO_USER", name=email, given=given, facts=facts)


def _write(
    reading: Reading,
    item: Item,
    word: str,
    *,
    name: str,
    given: dict[str, Any],
    facts: dict[str, object],
) -> None:
    reading.output.meta(
        item,
        word,
        name,
        path=reading.path(name),
        status=text(given.get("status")),
        attributes=json_cell(facts),
    )
