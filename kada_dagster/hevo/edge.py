"""The Edge pipelines of an account: their objects with columns, and their jobs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from kada_dagster.api.values import list_of, moment_ms, object_of, text, whole
from kada_dagster.extracts.contract import Confidence, json_cell, timestamp
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import Table
from kada_dagster.hevo.allowed import allowed
from kada_dagster.hevo.classic import schedule_of
from kada_dagster.hevo.client import EDGE, path_of
from kada_dagster.hevo.connections import Connection
from kada_dagster.hevo.crawl import GONE, Task
from kada_dagster.hevo.flow import Flow
from kada_dagster.hevo.jobs import NewestFirst, ended, is_finished, is_in
from kada_dagster.hevo.reading import Reading, compact

_OFF = frozenset({"DELETED", "DISABLED", "INACTIVE"})
_DETAIL_KEYS = ("object_name", "destination_table_name", "load_mode")
_FIELD_KEYS = ("source_name", "destination_name", "status")
_JOB_NUMBERS = (
    *("objects_success", "objects_queued", "objects_skipped", "objects_failed", "duration"),
    *("billable_events", "non_billable_events", "min_latency", "max_latency", "mean_latency"),
)


@dataclass(frozen=True)
class Pipeline:
    """What the rows below a pipeline need to know of it.

    Attributes:
        id: as Hevo has it.
        item: as K has it.
        name: for paths.
        source: where it reads.
        destination: where it writes.
        prefix: what may be put before names of tables.
        mark: changes when its objects may have changed; empty if that is not known.
    """

    id: str
    item: Item
    name: str
    source: Connection
    destination: Connection
    prefix: str
    mark: str


class EdgePipelines:
    """Reads Edge pipelines.

    Args:
        reading: what all parts of the collector share.
        destinations: the account's Edge destinations by id.
        lookback: how long before the window a job that ended in it may have begun.
    """

    def __init__(
        self, reading: Reading, destinations: dict[str, Connection], lookback: timedelta
    ) -> None:
        self._reading, self._output = reading, reading.output
        self._destinations = destinations
        self._horizon = reading.window.start - lookback

    def tasks(self, given: dict[str, Any]) -> Iterator[Task]:
        """What to write of a pipeline, and to ask for."""
        crawl, pipeline = self._reading.crawl, self._pipeline(given)
        yield Task(lambda _: self._write_pipeline(pipeline, given))
        if text(given.get("status")).upper() not in GONE:
            for entry in crawl.items(EDGE, "pipelines", pipeline.id, "objects", key="object_id"):
                yield self._object(pipeline, entry)
        order = NewestFirst(self._horizon)
        jobs = crawl.client.jobs(pipeline.id, order.is_enough)
        for job in crawl.runs(EDGE, pipeline.id, jobs):
            yield Task(partial(self._write_job, pipeline, job))
        yield Task(lambda _: self._reading.progress(f"Edge pipeline {pipeline.name}"))

    def _pipeline(self, given: dict[str, Any]) -> Pipeline:
        reading, number = self._reading, text(given.get("id"))
        source, inner = object_of(given.get("source")), object_of(given.get("destination"))
        destination = self._destinations.get(text(inner.get("id"))) or Connection.read(
            inner, reading.mapping, kind=inner.get("destination_type"), is_destination=True
        )
        updated = whole(given.get("updated_ts"))
        refreshed = whole(object_of(given.get("source_schema_status")).get("refreshed_ts"))
        return Pipeline(
            number,
            Item("PIPELINE", reading.id("edge_pipeline", number)),
            text(given.get("name")) or number,
            Connection.read(source, reading.mapping, kind=source.get("source_type")),
            destination,
            text(given.get("destination_prefix")),
            "" if updated is None or refreshed is None else f"{updated} {refreshed}",
        )

    def _write_pipeline(self, pipeline: Pipeline, given: dict[str, Any]) -> None:
        source, inner = object_of(given.get("source")), object_of(given.get("destination"))
        policy = object_of(given.get("failure_handling_policy"))
        facts = compact(
            given,
            *("destination_prefix", "replication_type", "load_mode", "schema_evolution"),
            "updated_by_email",
            schedule=schedule_of(given.get("schedule")),
            failure_handling=compact(policy, "object_failure_level", "object_failure_threshold"),
            source_schema=compact(object_of(given.get("source_schema_status")), "status"),
            source_name=text(source.get("name")),
            source_type=text(source.get("source_type")),
            source_config=allowed(source.get("config")),
            destination_id=text(inner.get("id")),
        )
        self._output.meta(
            pipeline.item,
            "HEVO_EDGE_PIPELINE",
            pipeline.name,
            path=self._reading.path(pipeline.name),
            created_at=timestamp(moment_ms(given.get("created_ts"))),
            updated_at=timestamp(moment_ms(given.get("updated_ts"))),
            owner=text(given.get("created_by_email")),
            status=text(given.get("status")),
            attributes=json_cell(facts),
        )
        if number := text(inner.get("id")):
            self._output.depends(
                pipeline.item, self._reading.destination(number, "edge_destination")
            )

    def _object(self, pipeline: Pipeline, entry: dict[str, Any]) -> Task:
        write = partial(self._write_object, pipeline, entry)
        number = text(entry.get("object_id"))
        if not number or _is_off(entry) or _is_whole(entry):
            return Task(write)
        path = path_of(EDGE, "pipelines", pipeline.id, "objects", number)
        return Task(write, path, pipeline.mark and f"{pipeline.mark} {_digest(entry)}", trim)

    def _write_object(
        self, pipeline: Pipeline, entry: dict[str, Any], detail: dict[str, Any]
    ) -> None:
        is_told = bool(detail) or _is_whole(entry)
        number, entry = text(entry.get("object_id")), {**entry, **detail}
        origin = object_of(entry.get("source_namespace"))
        name = text(entry.get("object_name")) or text(origin.get("k0"))
        if not number:
            return self._output.warn("without_name", f"object of Edge pipeline {pipeline.name}")
        facts = compact(
            entry,
            *("replication_status", "field_count", "load_mode"),
            source=_namespace(origin),
            destination=_namespace(object_of(entry.get("destination_namespace"))),
            destination_table=text(entry.get("destination_table_name")),
        )
        is_new = self._output.meta(
            Item("DATASET", self._reading.id("edge_object", pipeline.id, number)),
            "HEVO_EDGE_OBJECT",
            name,
            path=self._reading.path(pipeline.name, name),
            parent_id=pipeline.item.id,
            status=text(entry.get("status")),
            attributes=json_cell(facts),
        )
        if is_new and is_told and not _is_off(entry):
            self._write_flow(pipeline, origin, entry)

    def _write_flow(
        self, pipeline: Pipeline, origin: dict[str, Any], entry: dict[str, Any]
    ) -> None:
        database, schema, name = (text(origin.get(key)) for key in ("k2", "k1", "k0"))
        source = pipeline.source.table(database, schema, name)
        target, confidence = _target(pipeline, entry)
        for table in (source, target):
            if table is None:
                self._output.warn("table_not_named", f"{pipeline.name}: {name}")
        flow = Flow(pipeline.item, source, target, confidence, confidence)
        flow.write(self._output, pipeline.destination, _columns(entry))

    def _write_job(self, pipeline: Pipeline, job: dict[str, Any], _answer: dict[str, Any]) -> None:
        moment, finished = ended(job), is_finished(job)
        if moment is None or not is_in(self._reading.window, moment) or finished is False:
            return
        number, status = text(job.get("job_id")), text(job.get("status"))
        if finished is None or not number:
            return self._output.warn("job_status_unknown", f"{pipeline.name}: {number} {status}")
        numbers = {key: whole(job.get(key)) for key in _JOB_NUMBERS}
        self._output.run(
            self._reading.id("edge_job", pipeline.id, number),
            pipeline.item,
            moment,
            status=status,
            started_at=timestamp(moment_ms(job.get("created_ts"))),
            rows_read=_number(job, "events_ingested"),
            rows_written=_number(job, "events_loaded"),
            rows_failed=_number(job, "events_failed"),
            attributes=json_cell(compact(job, "type", **numbers)),
        )


def trim(answer: dict[str, Any]) -> dict[str, Any]:
    """What is used of an object's detail."""
    fields = [object_of(one) for one in list_of(answer.get("fields"))]
    return {
        **{key: answer[key] for key in _DETAIL_KEYS if answer.get(key)},
        "fields": [{key: one[key] for key in _FIELD_KEYS if key in one} for one in fields],
    }


def _is_whole(entry: dict[str, Any]) -> bool:
    """Whether the list says of an object all that its detail would."""
    return isinstance(entry.get("fields"), list) and bool(entry.get("destination_table_name"))


def _is_off(entry: dict[str, Any]) -> bool:
    return text(entry.get("status")).upper() in _OFF


def _target(pipeline: Pipeline, entry: dict[str, Any]) -> tuple[Table | None, Confidence]:
    """The destination's table, and whether its name is said or made from the prefix."""
    space = object_of(entry.get("destination_namespace"))
    database, schema, bare = (text(space.get(key)) for key in ("k2", "k1", "k0"))
    name, confidence = text(entry.get("destination_table_name")), Confidence.DIRECT
    if not name:
        prefix = "" if not bare or bare.startswith(pipeline.prefix) else pipeline.prefix
        name, confidence = prefix + bare, Confidence.INFERRED
    return pipeline.destination.table(database, schema, name), confidence


def _columns(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in map(object_of, list_of(entry.get("fields"))):
        if not _is_off(one):
            yield text(one.get("source_name")), text(one.get("destination_name"))


def _namespace(space: dict[str, Any]) -> str:
    return ".".join(filter(None, (text(space.get(key)) for key in ("k2", "k1", "k0"))))


def _number(job: dict[str, Any], key: str) -> str:
    number = whole(job.get(key))
    return "" if number is None else str(number)


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]
