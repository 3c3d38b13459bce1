"""Classic pipelines of generated accounts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from kada_dagster.sandbox.hevo import names
from kada_dagster.sandbox.hevo.classic import (
    ClassicObject,
    ClassicPipeline,
    Destination,
    EventType,
    Field,
    SchemaMapping,
    SourceTable,
)
from kada_dagster.sandbox.hevo.connections import Connection
from kada_dagster.sandbox.hevo.generated_connections import source
from kada_dagster.sandbox.hevo.times import HOUR, START

_CODE = 'def transform(event):\n    event["token"] = "tr0ub4dor"\n    return event\n'
_WIDE = 286
_OBJECT_STATUSES = (
    *("ACTIVE", "ACTIVE", "ACTIVE", "FINISHED", "PAUSED", "SKIPPED", "FAILED"),
    *("PERMISSION_DENIED", "HIBERNATING"),
)
_EVENT_TYPE_STATUSES = (
    *("MAPPED", "MAPPED", "MAPPED", "MAPPED", "MAPPED", "MAPPED", "INCOMPLETE", "IGNORED"),
    *("UNMAPPED", "MAPPING_IN_PROGRESS", "HALF_MAPPED", ""),
)


def classic_pipelines(
    rng: Random, sizes: Sequence[int], destinations: Sequence[Destination]
) -> tuple[ClassicPipeline, ...]:
    """One pipeline for every size, and a draft and one that vanishes."""
    templates = [_fields(rng, count) for count in (*range(1, 13), *range(3, 9))]
    made = [
        _pipeline(rng, number, size, destinations[number % len(destinations)], templates)
        for number, size in enumerate(sizes, 1)
    ]
    made.append(ClassicPipeline(len(made) + 1, None, None, status="DRAFT"))
    gone = source(rng, len(made) + 1, edge=False)
    made.append(ClassicPipeline(len(made) + 1, gone, destinations[0], is_gone=True))
    return tuple(made)


def _pipeline(
    rng: Random,
    number: int,
    size: int,
    destination: Destination,
    templates: list[tuple[Field, ...]],
) -> ClassicPipeline:
    origin = source(rng, number, edge=False)
    code = _CODE if rng.random() < 0.25 else None
    prefix = rng.choice((None, "", f"p{number}_"))
    tables = [_source_table(rng, origin, n) for n in range(size)]
    event_types = [
        _event_type(rng, table, prefix or "", templates, is_renamed=bool(code) and n % 3 == 0)
        for n, table in enumerate(tables)
    ]
    if size > 5:
        event_types[0] = _wide(tables[0])
    status = rng.choice(("ACTIVE", "ACTIVE", "PAUSED", "STREAMING", "HIBERNATING"))
    objects = tuple(_object(rng, table.spelling()) for table in tables)
    return ClassicPipeline(
        number, origin, destination, objects, tuple(event_types), code, status, prefix
    )


def _source_table(rng: Random, origin: Connection, number: int) -> SourceTable:
    """A table, spelt in one part, two or three as its connection allows."""
    name = names.table(rng, number)
    if not origin.is_database:
        return SourceTable("", "", name)
    if not origin.has_schemas:
        return SourceTable("", rng.choice(("", "", origin.database, "archive")), name)
    schema = rng.choice(("", "public", "Sales", "sales dept"))
    if schema and rng.random() < 0.1:
        name = f"dotted.{name}"
    return SourceTable(origin.database if schema and rng.random() < 0.3 else "", schema, name)


def _event_type(
    rng: Random,
    table: SourceTable,
    prefix: str,
    templates: list[tuple[Field, ...]],
    *,
    is_renamed: bool,
) -> EventType:
    status = rng.choice(_EVENT_TYPE_STATUSES)
    target = prefix + table.table.replace(".", "_")
    mapping: SchemaMapping | None = SchemaMapping(
        target if rng.random() > 0.03 else None,
        rng.choice(templates),
        status or rng.choice(("MAPPED", "IGNORED")),
    )
    if rng.random() < 0.05:
        mapping = None
    if is_renamed:
        table = table._replace(table=f"{table.table} renamed")
    return EventType(table, status, mapping)


def _wide(table: SourceTable) -> EventType:
    """One with as many fields as a Salesforce opportunity."""
    fields = tuple(Field(f"c{n}__c", f"c{n}__c") for n in range(_WIDE))
    return EventType(table, "MAPPED", SchemaMapping(table.table.replace(".", "_"), fields))


def _fields(rng: Random, count: int) -> tuple[Field, ...]:
    """Fields of a mapping: some ignored, some not mapped, some added by Hevo."""
    return (
        *(_field(rng, name) for name in names.columns(rng, count)),
        Field(None, "__hevo__loaded_at"),
        Field("__hevo_id", "__HEVO_ID"),
    )


def _field(rng: Random, name: str) -> Field:
    kind = rng.random()
    if kind < 0.08:
        return Field(name, None, ignored=True)
    if kind < 0.12:
        return Field(name, name, ignored=True)
    if kind < 0.16:
        return Field(name, None)
    return Field(name, f"{name} 2" if kind < 0.25 else name)


def _object(rng: Random, name: str) -> ClassicObject:
    """An object that ran up to five times in a week, at milliseconds of any kind."""
    first = START + rng.randrange(60 * HOUR)
    runs = range(first, START + 168 * HOUR, rng.randrange(30 * HOUR, 90 * HOUR))
    return ClassicObject(
        name, rng.choice(_OBJECT_STATUSES), () if rng.random() < 0.1 else tuple(runs)
    )
