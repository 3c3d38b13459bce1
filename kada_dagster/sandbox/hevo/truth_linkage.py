"""What LINKAGE must hold of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kada_dagster.extracts.contract import Confidence, Relationship
from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.facts import LinkFact, cleaned
from kada_dagster.sandbox.hevo.classic import ClassicPipeline, EventType, Field, Model
from kada_dagster.sandbox.hevo.edge import (
    SILENT_OBJECT,
    SILENT_PIPELINE,
    EdgeObject,
    EdgePipeline,
)
from kada_dagster.sandbox.hevo.naming import MappingEntry, Namer, TableName

if TYPE_CHECKING:
    from kada_dagster.sandbox.hevo.estate import HevoEstate

Item = tuple[str, str]
"""OBJECT_TYPE and OBJECT_ID."""

Names = Mapping[str, MappingEntry]

_WITHOUT_MAPPING = frozenset({"IGNORED", "UNMAPPED"})


def linkage(estate: HevoEstate, host: str, mapping: Names) -> Iterator[LinkFact]:
    """Every relationship, some of them more than once; see `HevoEstate.linkage`."""
    for pipeline in estate.pipelines:
        yield from map(cleaned, _classic(pipeline, host, mapping))
    for model in estate.models:
        yield from map(cleaned, _model(model, host, mapping))
    for pipeline in estate.edge_pipelines:
        yield from map(cleaned, _edge(pipeline, host, mapping))


def _classic(pipeline: ClassicPipeline, host: str, mapping: Names) -> Iterator[LinkFact]:
    item = ("PIPELINE", object_id(host, "pipeline", str(pipeline.id)))
    if not pipeline.destination:
        return
    yield _needs(item, ("TOOL", object_id(host, "destination", str(pipeline.destination.id))))
    if not pipeline.source or pipeline.is_gone:
        return
    source = Namer(pipeline.source, mapping)
    target = Namer(pipeline.destination.connection, mapping, is_destination=True)
    objects = {one.name for one in pipeline.objects}
    confidence = Confidence.INFERRED if pipeline.code else Confidence.DIRECT
    for event_type in pipeline.event_types:
        if _is_mapped(event_type):
            is_known = not pipeline.code or event_type.name in objects
            namer = source if is_known else None
            yield from _event_type(event_type, item, namer, target, confidence)


def _is_mapped(event_type: EventType) -> bool:
    mapping = event_type.mapping
    return (
        mapping is not None
        and bool(mapping.destination_table)
        and not {event_type.status, mapping.status} & _WITHOUT_MAPPING
    )


def _event_type(
    event_type: EventType,
    item: Item,
    source: Namer | None,
    target: Namer,
    confidence: Confidence,
) -> Iterator[LinkFact]:
    mapping, table = event_type.mapping, event_type.table
    assert mapping is not None
    written = target.table(mapping.destination_table)
    read = source.table(table.table, table.schema, table.database) if source else None
    live = [one for one in mapping.fields if not one.ignored]
    yield from _flow(item, read, written, confidence, Confidence.DIRECT)
    yield from _columns(live, read, written, target, confidence)


def _edge(pipeline: EdgePipeline, host: str, mapping: Names) -> Iterator[LinkFact]:
    item = ("PIPELINE", object_id(host, "edge_pipeline", str(pipeline.id)))
    destination = ("TOOL", object_id(host, "edge_destination", str(pipeline.destination.id)))
    yield _needs(item, destination)
    if pipeline.is_gone or pipeline.status in SILENT_PIPELINE:
        return
    source = Namer(pipeline.source, mapping)
    target = Namer(pipeline.destination.connection, mapping, is_destination=True)
    for one in pipeline.objects:
        if not one.is_silent:
            yield from _edge_object(pipeline, one, item, source, target)


def _edge_object(
    pipeline: EdgePipeline, one: EdgeObject, item: Item, source: Namer, target: Namer
) -> Iterator[LinkFact]:
    confidence = Confidence.DIRECT if one.destination_table else Confidence.INFERRED
    name = one.destination_table
    if not name:
        bare = one.destination.k0
        name = bare if bare.startswith(pipeline.prefix) else pipeline.prefix + bare
    written = target.table(name, one.destination.k1 or "", one.destination.k2 or "")
    read = source.table(one.source.k0, one.source.k1 or "", one.source.k2 or "")
    live = [field for field in one.fields if field.status not in SILENT_OBJECT]
    yield from _flow(item, read, written, confidence, confidence)
    yield from _columns(live, read, written, target, confidence)


def _model(model: Model, host: str, mapping: Names) -> Iterator[LinkFact]:
    item = ("PIPELINE", object_id(host, "model", str(model.id)))
    yield _needs(item, ("TOOL", object_id(host, "destination", str(model.destination.id))))
    namer = Namer(model.destination.connection, mapping, is_destination=True)
    written = namer.table(model.table)
    reads = [namer.table(read.table, read.schema, read.database) for read in model.reads]
    for read in reads:
        yield from _flow(item, read, written, Confidence.PARSED, Confidence.DIRECT)
    if not reads:
        yield from _flow(item, None, written, Confidence.PARSED, Confidence.DIRECT)
    for column, origins in model.columns if written else ():
        for number, origin in origins:
            read = reads[number]
            if read and written:
                yield _flows(_column(read, origin), _column(written, column), Confidence.PARSED)


def _flow(
    item: Item,
    read: TableName | None,
    written: TableName | None,
    confidence: Confidence,
    of_writing: Confidence,
) -> Iterator[LinkFact]:
    if read:
        yield _flows(_table(read), item, confidence)
    if written:
        yield _flows(item, _table(written), of_writing)
    if read and written:
        yield _flows(_table(read), _table(written), confidence)


def _columns(
    fields: list[Field],
    read: TableName | None,
    written: TableName | None,
    target: Namer,
    confidence: Confidence,
) -> Iterator[LinkFact]:
    for one in fields if read and written else ():
        made_by_hevo = (one.destination or "").lower().startswith("__he")
        if read and written and one.source and one.destination and not made_by_hevo:
            column = _column(written, target.stored(one.destination))
            yield _flows(_column(read, one.source), column, confidence)


def _table(name: TableName) -> Item:
    return "TABLE", object_id(*name)


def _column(name: TableName, column: str) -> Item:
    return "COLUMN", object_id(*name, column)


def _flows(source: Item, target: Item, confidence: Confidence) -> LinkFact:
    return LinkFact(*source, *target, Relationship.LINEAGE.value, confidence.value)


def _needs(source: Item, target: Item) -> LinkFact:
    return LinkFact(*source, *target, Relationship.DEPENDS_ON.value, Confidence.DIRECT.value)
