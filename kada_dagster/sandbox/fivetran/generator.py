"""Accounts of any size, drawn by a seed."""

from __future__ import annotations

from random import Random
from typing import Any

from kada_dagster.sandbox.fivetran.changes import FREQUENCIES
from kada_dagster.sandbox.fivetran.clock import Clock
from kada_dagster.sandbox.fivetran.connection import Notice
from kada_dagster.sandbox.fivetran.outcomes import Outcome, Usual
from kada_dagster.sandbox.fivetran.services import SERVICES
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.world import FivetranWorld

_DESTINATIONS = ("snowflake", "big_query", "redshift", "databricks", "postgres_warehouse")
_TOPICS = ("crm", "billing", "web", "finance", "support", "people", "stock", "ads", "iot")
_FIRST = ("amber", "brisk", "calm", "dusty", "eager", "fluent", "gentle", "hollow", "ivory")
_SECOND = ("anchor", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor", "inlet")
_DISCONTINUED = Notice("snowflake_discontinuing_password_auth", "Use a key pair instead")

_ODDITIES: tuple[dict[str, Any], ...] = (
    {"status_fields": {"setup_state": "suspended", "update_state": "unknown"}},
    {"status_fields": {"sync_state": "queued", "tasks": None, "warnings": None}},
    {"status_fields": {"schema_status": "ready", "rescheduled_for": None}},
    {"warnings": [Notice("resync_table_warning", "See the table", details={"table": "a.b"})]},
    {"warnings": [Notice("new_kind", "", details="in words")], "fields": {"new_field": [1]}},
    {"fields": {"networking_method": "Carrier", "data_delay_sensitivity": None}},
    {"fields": {"succeeded_at": "2026-10-06T22:55:45.275Z", "connected_by": None}},
)


def generated_world(
    seed: int = 0,
    connections: int = 40,
    groups: int = 3,
    clock: Clock | None = None,
    *,
    odd: bool = False,
) -> FivetranWorld:
    """An account with connections of all kinds and in all states; equal for equal arguments.

    Args:
        seed: decides everything drawn.
        connections: how many.
        groups: how many, each with its destination.
        clock: the time of the server; None: one that is moved by hand.
        odd: whether some connections have words and shapes that no document tells of.
    """
    random, world = Random(seed), FivetranWorld(clock, seed=seed)
    ids = [
        world.add_group(
            f"Group {number}",
            id=f"{random.choice(_FIRST)}_{random.choice(_SECOND)}_g{number}",
            service=random.choice(_DESTINATIONS),
            setup_status=random.choice(("connected", "CONNECTED")) if odd else "CONNECTED",
        ).id
        for number in range(groups)
    ]
    for number in range(connections):
        oddity = random.choice(_ODDITIES) if odd and random.random() < 0.3 else {}
        _add_connection(world, random, number, random.choice(ids), oddity)
    for number in range(connections // 10):
        _add_transformation(world, random, number, random.choice(ids))
    return world


def _add_connection(
    world: FivetranWorld, random: Random, number: int, group: str, oddity: dict[str, Any]
) -> None:
    service = random.choice([*SERVICES.values()])
    schema = f"{random.choice(_TOPICS)}_{number}"
    schema += ".sheet" if service.layout == "sheet" else ""
    id = f"{random.choice(_FIRST)}_{random.choice(_SECOND)}_{number}"
    fields = {**_schedule(random), **_state(random), **oddity}
    usual = _usual(random.getrandbits(32))
    world.add_connection(service.id, id=id, group=group, schema=schema, usual=usual, **fields)


def _schedule(random: Random) -> dict[str, Any]:
    """Mostly automatic; a few manual, daily at a time, or with a flexible schedule."""
    kind = random.random()
    if kind < 0.1:
        return {"schedule_type": "manual"}
    if kind < 0.15:
        return {"sync_frequency": 1440, "daily_sync_time": "03:00"}
    if kind < 0.2:
        flexible = {"schedule_type": "cron", "cron": ["0 */2 * * *"]}
        return {"sync_frequency": None, "schedule": flexible, "period": 7200.0}
    return {"sync_frequency": random.choice(FREQUENCIES[1:])}


def _state(random: Random) -> dict[str, Any]:
    """Mostly healthy; a few paused, broken, or never set up."""
    kind = random.random()
    if kind < 0.08:
        return {"paused": True}
    if kind < 0.12:
        return {"setup_state": "broken", "tasks": [Notice("reconnect", "Reconnect it")]}
    if kind < 0.15:
        return {"setup_state": "incomplete", "has_schemas": False, "is_historical": True}
    if kind < 0.2:
        return {"warnings": [_DISCONTINUED]}
    return {"new": True} if kind > 0.97 else {}


def _usual(seed: int) -> Usual:
    """Syncs of 3 to 200 seconds; some of them fail or are put off."""

    def outcome(number: int) -> Outcome:
        random = Random(seed + number)
        seconds, kind = 3 + random.random() * 197, random.random()
        if kind < 0.05:
            return Outcome.failure(seconds=seconds)
        if kind < 0.08:
            return Outcome.reschedule(random.randint(60, 1800), seconds)
        volume = round(random.random() * 50, 3)
        return Outcome.success(seconds, extract_mb=volume, load_mb=round(volume * 0.8, 3))

    return outcome


def _add_transformation(world: FivetranWorld, random: Random, number: int, group: str) -> None:
    outputs = tuple(f"{random.choice(_TOPICS)}_model_{number}_{one}" for one in range(3))
    made = Transformation(
        id=f"transformation_{number}",
        created_at=world.timeline.now,
        type=random.choice(("DBT_CORE", "QUICKSTART")),
        group_id=group,
        project_id=f"project_{group}",
        outputs=outputs,
        paused=random.random() < 0.1,
    )
    world.estate.transformations[made.id] = made
