"""The classic pipelines of an account: their objects, event types, mappings and transformations.

The lists that lead to the most calls come last, so that all that is known of a pipeline is there
when its mappings are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kada_dagster.api.values import flag, list_of, moment_ms, object_of, text, whole
from kada_dagster.extracts.contract import Confidence, json_cell, timestamp
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import Table
from kada_dagster.hevo.allowed import allowed, kind_of
from kada_dagster.hevo.client import CLASSIC, path_of
from kada_dagster.hevo.connections import Connection, classic_name
from kada_dagster.hevo.crawl import Task, once
from kada_dagster.hevo.flow import Flow
from kada_dagster.hevo.jobs import is_in
from kada_dagster.hevo.reading import Reading, compact

_NOT_MAPPED = frozenset({"IGNORED", "UNMAPPED"})
_MAPPING_KEYS = ("destination_table", "auto_mapping", "mapping_status")
_FIELD_KEYS = ("source_field", "destination_field", "ignored", "incompatible")


@dataclass
class Pipeline:
    """What the rows below a pipeline need to know of it.

    Attributes:
        id: as Hevo has it.
        item: as K has it.
        path: of the path of what it holds.
        source: where it reads.
        destination: where it writes.
        has_code: whether a transformation may rename what passes.
        objects: hashes of its objects' names, if it has code.
    """

    id: str
    item: Item
    path: str
    source: Connection
    destination: Connection
    has_code: bool = False
    objects: set[int] = field(default_factory=set[int])


class ClassicPipelines:
    """Reads classic pipelines.

    Args:
        reading: what all parts of the collector share.
        destinations: the account's classic destinations by id.
    """

    def __init__(self, reading: Reading, destinations: dict[str, Connection]) -> None:
        self._reading, self._output = reading, reading.output
        self._destinations = destinations

    def tasks(self, given: dict[str, Any]) -> Iterator[Task]:
        """What to write of a pipeline, and to ask for."""
        crawl, number = self._reading.crawl, text(given.get("id"))
        pipeline = self._pipeline(given, number)
        yield Task(lambda _: self._write_pipeline(pipeline, given))
        answer = crawl.one(path_of(CLASSIC, "pipelines", number, "transformations"))
        code = text(answer.get("code"))
        pipeline.has_code = bool(code.strip())
        if pipeline.has_code:
            yield Task(lambda _: self._write_code(pipeline, code))
        objects = crawl.client.items(CLASSIC, "pipelines", number, "objects")
        for entry in once(crawl.runs(CLASSIC, number, objects), "name"):  # hold their last runs
            if pipeline.has_code:
                pipeline.objects.add(hash(text(entry.get("name"))))
            yield Task(partial(self._write_object, pipeline, entry))
        for entry in crawl.items(CLASSIC, "pipelines", number, "event-types", key="name"):
            yield self._event_type(pipeline, entry)
        yield Task(lambda _: self._reading.progress(f"pipeline {pipeline.source.name or number}"))

    def _pipeline(self, given: dict[str, Any], number: str) -> Pipeline:
        reading = self._reading
        item = Item("PIPELINE", reading.id("pipeline", number))
        source = Connection.read(given.get("source"), reading.mapping)
        inner = object_of(given.get("destination"))
        known = self._destinations.get(text(inner.get("id")))
        destination = known or Connection.read(inner, reading.mapping, is_destination=True)
        return Pipeline(number, item, source.name or number, source, destination)

    def _write_pipeline(self, pipeline: Pipeline, given: dict[str, Any]) -> None:
        source, inner = object_of(given.get("source")), object_of(given.get("destination"))
        keys = ("health_status", "priority", "auto_mapping", "destination_table_prefix")
        facts = compact(
            given,
            *keys,
            "json_parsing_strategy",
            schedule=schedule_of(given.get("schedule")),
            source_type=kind_of(source.get("type")),
            source_config=allowed(source.get("config")),
            destination_id=text(inner.get("id")),
        )
        self._output.meta(
            pipeline.item,
            "HEVO_PIPELINE",
            pipeline.path,
            path=self._reading.path(pipeline.path),
            status=text(given.get("status")),
            attributes=json_cell(facts),
        )
        if number := text(inner.get("id")):
            self._output.depends(pipeline.item, self._reading.destination(number))

    def _write_code(self, pipeline: Pipeline, code: str) -> None:
        self._output.meta(
            Item("CODE", self._reading.id("transformation", pipeline.id)),
            "HEVO_TRANSFORMATION",
            pipeline.path,
            path=self._reading.path(pipeline.path, "transformation"),
            query_code=self._reading.masker.python(code),
            parent_id=pipeline.item.id,
        )

    def _write_object(
        self, pipeline: Pipeline, entry: dict[str, Any], _answer: dict[str, Any]
    ) -> None:
        name = text(entry.get("name"))
        if not name:
            return self._output.warn("without_name", f"object of pipeline {pipeline.path}")
        item = Item("DATASET", self._reading.id("object", pipeline.id, name))
        last_run = moment_ms(entry.get("last_run_ts"))
        events = whole(entry.get("events_count"))
        facts = compact({}, last_run_at=timestamp(last_run), events_count=events)
        status = text(entry.get("status"))
        self._output.meta(
            item,
            "HEVO_OBJECT",
            name,
            path=self._reading.path(pipeline.path, name),
            parent_id=pipeline.item.id,
            status=status,
            attributes=json_cell(facts),
        )
        if last_run is not None and is_in(self._reading.window, last_run):
            number = str(whole(entry.get("last_run_ts")))
            event_id = self._reading.id("object_run", pipeline.id, name, number)
            self._output.run(event_id, item, last_run, status=status)

    def _event_type(self, pipeline: Pipeline, entry: dict[str, Any]) -> Task:
        write = partial(self._write_event_type, pipeline, entry)
        name = text(entry.get("name"))
        if not name or text(entry.get("status")).upper() in _NOT_MAPPED:
            return Task(write)
        return Task(write, path_of(CLASSIC, "pipelines", pipeline.id, "mappings", name), "", trim)

    def _write_event_type(
        self, pipeline: Pipeline, entry: dict[str, Any], mapping: dict[str, Any]
    ) -> None:
        name = text(entry.get("name"))
        if not name:
            return self._output.warn("without_name", f"event type of pipeline {pipeline.path}")
        is_new = self._output.meta(
            Item("DATASET", self._reading.id("event_type", pipeline.id, name)),
            "HEVO_EVENT_TYPE",
            name,
            path=self._reading.path(pipeline.path, name),
            parent_id=pipeline.item.id,
            status=text(entry.get("status")),
            attributes=json_cell({**compact(mapping, *_MAPPING_KEYS), **_counts(mapping)}),
        )
        table = text(mapping.get("destination_table"))
        status = text(mapping.get("mapping_status")).upper()
        if is_new and table and status not in _NOT_MAPPED:
            self._write_flow(pipeline, name, table, mapping)

    def _write_flow(
        self, pipeline: Pipeline, name: str, table: str, mapping: dict[str, Any]
    ) -> None:
        target = pipeline.destination.table("", "", table)
        if target is None:
            self._output.warn("table_not_named", f"{pipeline.destination.name}: {table}")
        confidence = Confidence.INFERRED if pipeline.has_code else Confidence.DIRECT
        flow = Flow(pipeline.item, self._source(pipeline, name), target, confidence)
        flow.write(self._output, pipeline.destination, _columns(mapping))

    def _source(self, pipeline: Pipeline, name: str) -> Table | None:
        """The table an event type is read from, if that can be told."""
        if pipeline.has_code and hash(name) not in pipeline.objects:
            self._output.warn("event_type_renamed", f"{pipeline.path}: {name}")
            return None
        table = pipeline.source.table("", *classic_name(pipeline.source, name))
        if table is None:
            self._output.warn("table_not_named", f"{pipeline.path}: {name}")
        return table


def trim(answer: dict[str, Any]) -> dict[str, Any]:
    """What is used of a mapping."""
    fields = [object_of(one) for one in list_of(answer.get("field_mappings"))]
    return {
        **{key: answer[key] for key in _MAPPING_KEYS if key in answer},
        "field_mappings": [{key: one[key] for key in _FIELD_KEYS if key in one} for one in fields],
    }


def schedule_of(given: object) -> dict[str, object]:
    """What is kept of a schedule."""
    schedule = object_of(given)
    keys = ("type", "frequency", "cron_expression", "cron", "sync_type", "frequency_minutes")
    return compact(schedule, *keys)


def _columns(mapping: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Source and destination of the fields that are mapped."""
    for one in list_of(mapping.get("field_mappings")):
        if not flag(one.get("ignored")):
            yield text(one.get("source_field")), text(one.get("destination_field"))


def _counts(mapping: dict[str, Any]) -> dict[str, int]:
    fields = list_of(mapping.get("field_mappings"))
    if not fields:
        return {}
    return {
        "fields": len(fields),
        "fields_ignored": sum(flag(one.get("ignored")) is True for one in fields),
        "fields_incompatible": sum(flag(one.get("incompatible")) is True for one in fields),
        "fields_unmapped": sum(not text(one.get("destination_field")) for one in fields),
    }
