"""Syncs of a made-up workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.generated_mappings import Mapped, mappings
from kada_dagster.sandbox.hightouch.generated_models import fields_of
from kada_dagster.sandbox.hightouch.generated_places import FIRST_DESTINATION
from kada_dagster.sandbox.hightouch.generated_runs import FIRST_DAY
from kada_dagster.sandbox.hightouch.model import Model
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster.sandbox.hightouch.written_sql import stored

SCHEDULES: tuple[dict[str, Any] | None, ...] = (
    {"type": "interval", "schedule": {"interval": {"unit": "day", "quantity": 1}}},
    None,
    {"type": "cron", "schedule": {"expression": "0 */2 * * *"}},
    {
        "type": "visual",
        "schedule": {"expressions": [{"days": {"monday": True, "sunday": False}, "time": "07:30"}]},
    },
    {"type": "dbt-cloud", "schedule": {"account": {"id": "77"}, "job": {"id": "4711"}}},
)
"""Each shape a schedule has; None is a sync that is started by hand."""


class Aim(NamedTuple):
    """What a sync writes: keys of its configuration, and what they mean."""

    configuration: dict[str, Any]
    object_name: str | None
    confidence: str = "DIRECT"
    table: TableOf | None = None


class Pool(NamedTuple):
    """What syncs run between, and the models' sources; all by id."""

    sources: Mapping[int, Source]
    models: Mapping[int, Model]
    destinations: Mapping[int, Destination]


def syncs(
    random: Random, count: int, pool: Pool, made: Sequence[datetime], quirks: bool
) -> Iterator[Sync]:
    """So many syncs, each from some model to some destination."""
    for number in range(count):
        model = pool.models[random.randint(1, len(pool.models))]
        destination = pool.destinations[FIRST_DESTINATION + number % len(pool.destinations)]
        fields = fields_of(model, pool.models, pool.sources)
        any_case = quirks and bool(model.query.columns)
        place = destination.place
        mapped = mappings(random, number, fields, place, any_case=any_case, quirks=quirks)
        sync = _sync(number, _aim(number, destination), mapped, quirks)
        yield replace(
            sync,
            created_at=made[number],
            updated_at=made[number] + timedelta(days=2),
            model_id=sync.model_id or model.id,
            destination_id=sync.destination_id or destination.id,
        )


def _sync(number: int, aim: Aim, mapped: Mapped, quirks: bool) -> Sync:
    """A sync whose model and destination are 0 where they are still to be said."""
    lost_model, lost_destination = (quirks and number % 23 == at for at in (9, 17))
    named = [name for field in mapped.fields for name in field.columns]
    return Sync(
        id=number + 1,
        slug="" if quirks and number % 29 == 11 else f"sync-{number}",
        created_at=FIRST_DAY,
        updated_at=FIRST_DAY,
        changes={"newSetting": 7} if quirks and number % 19 == 3 else {},
        model_id=900_000 if lost_model else 0,
        destination_id=900_000 if lost_destination else 0,
        configuration={"mode": "upsert", **aim.configuration, **mapped.configuration},
        schedule=SCHEDULES[number % len(SCHEDULES)],
        disabled=number % 12 == 5,
        primary_key="" if number % 14 == 6 else mapped.key,
        referenced_columns=tuple(dict.fromkeys([*named[:2], mapped.key])),
        tags={"owner": "ops"} if number % 5 == 0 else {},
        object_name=aim.object_name,
        object_confidence=aim.confidence,
        table=aim.table,
        fields=mapped.fields,
        unknown_mappings=mapped.unknown,
    )


def _aim(number: int, destination: Destination) -> Aim:
    if destination.place.has_tables:
        return _table(number, destination)
    choices = (
        Aim({"object": "contacts", "objectId": "0-1"}, "contacts"),
        Aim(
            {"type": "event", "eventName": "Order Completed v1.2"},
            "Order Completed v1.2",
            "INFERRED",
        ),
        Aim({"type": "event", "eventName": {"from": "event"}}, None),
        Aim({"objectName": "Lead ✓"}, "Lead ✓", "INFERRED"),
        Aim({"objectId": 12}, "12", "INFERRED"),
        Aim({"object": 'Custom "Object".x'}, 'Custom "Object".x'),
        Aim({"apiKey": "x"}, None),
    )
    return choices[number % len(choices)]


def _table(number: int, destination: Destination) -> Aim:
    """A table of a database: bare, with a schema, with all, or with the parts in keys of theirs."""
    dialect = destination.place.dialect
    name = f"Target_{number % 5}"
    saved = _folded(dialect, name)
    schema = _folded(dialect, "Outbox")
    database = _folded(dialect, "Elsewhere")
    choices = (
        Aim({"object": name}, name, table=TableOf("", "", saved)),
        Aim({"object": f"Outbox.{name}"}, f"Outbox.{name}", table=TableOf("", schema, saved)),
        Aim({"tableName": name, "schema": "Outbox"}, name, "INFERRED", TableOf("", schema, saved)),
        Aim(
            {"table": f"Elsewhere.Outbox.{name}"},
            f"Elsewhere.Outbox.{name}",
            "INFERRED",
            TableOf(database, schema, saved),
        ),
        Aim(
            {"destinationTable": name, "schema": "Outbox", "database": "Elsewhere"},
            name,
            "INFERRED",
            TableOf(database, schema, saved),
        ),
    )
    return choices[number // 2 % len(choices)]


def _folded(dialect: Any, name: str) -> str:
    """As a name in a sync's configuration is stored; PostgreSQL keeps it."""
    return name if dialect == "postgres" else stored(dialect, name)
