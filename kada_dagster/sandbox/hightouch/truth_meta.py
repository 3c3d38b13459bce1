"""What META must hold of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.sandbox.hightouch.entities import Connection, Entity
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.facts import MetaFact
from kada_dagster.sandbox.hightouch.model import Dbt, DbtCloud, Model, RawSql, Visual
from kada_dagster.sandbox.hightouch.naming import MappingEntry
from kada_dagster.sandbox.hightouch.payload import iso
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster.sandbox.hightouch.truth_linkage import Linkage


def meta(
    estate: HightouchEstate, host: str, mapping: Mapping[str, MappingEntry]
) -> Iterator[MetaFact]:
    """Every row; `HightouchEstate.meta` says what the arguments are."""
    for source in estate.sources.values():
        yield _connection(source, host, "source")
    for destination in estate.destinations.values():
        yield _connection(destination, host, "destination")
    for model in estate.models.values():
        yield _model(estate, model, host)
    for sync in estate.syncs.values():
        yield _sync(estate, sync, host)
    linkage = Linkage(estate, host, mapping)
    for _ in linkage.links():
        pass
    yield from linkage.named.values()


def _connection(one: Connection, host: str, kind: str) -> MetaFact:
    name = one.name or str(one.id)
    return MetaFact(
        "TOOL",
        object_id(host, kind, str(one.id)),
        f"HIGHTOUCH_{kind.upper()}",
        name,
        object_path(host, name),
        created_at=timestamp(one.created_at),
        updated_at=timestamp(one.updated_at),
        attributes=_attributes({"type": one.place.type, "slug": one.slug, **one.place.shown}, one),
    )


def _model(estate: HightouchEstate, model: Model, host: str) -> MetaFact:
    source = estate.sources.get(model.source_id)
    middle = (source.name or str(source.id),) if source else ()
    name = model.name or str(model.id)
    return MetaFact(
        "DATASET",
        object_id(host, "model", str(model.id)),
        "HIGHTOUCH_MODEL",
        name,
        object_path(host, *middle, name),
        object_id(host, "source", str(source.id)) if source else "",
        description="" if "description" in model.missing else model.description or "",
        query_code=_code(model),
        created_at=timestamp(model.created_at),
        updated_at=timestamp(model.updated_at),
        attributes=_attributes(_of_model(model), model),
    )


def _of_model(model: Model) -> dict[str, Any]:
    query = model.query
    return {
        "kind": str(query.payload()["queryType"]).replace("tabel", "table"),
        "slug": model.slug,
        "primary_key": model.primary_key,
        "is_schema": model.is_schema,
        "last_run_size": None if "lastRunSize" in model.missing else model.last_run_size,
        "tags": dict(model.tags),
        "folder_id": model.changes.get("folderId"),
        "parent_id": str(query.parent) if isinstance(query, Visual) else None,
        "dbt_unique_id": query.unique_id if isinstance(query, (Dbt, DbtCloud)) else None,
    }


def _code(model: Model) -> str:
    query = model.query
    if isinstance(query, (Dbt, DbtCloud)):
        return query.compiled_sql or query.raw_sql
    return query.sql if isinstance(query, RawSql) else ""


def _sync(estate: HightouchEstate, sync: Sync, host: str) -> MetaFact:
    name = sync.slug or str(sync.id)
    status, last_run = estate.state_of(sync)
    plan = sync.schedule or {}
    attributes = {
        "slug": sync.slug,
        "mode": sync.configuration.get("mode"),
        "primary_key": sync.primary_key,
        "last_run_at": iso(last_run) if last_run else None,
        "tags": dict(sync.tags),
        "schedule": {"type": plan["type"], **plan["schedule"]} if plan else None,
    }
    return MetaFact(
        "PIPELINE",
        object_id(host, "sync", str(sync.id)),
        "HIGHTOUCH_SYNC",
        name,
        object_path(host, name),
        status="disabled" if sync.disabled else status,
        created_at=timestamp(sync.created_at),
        updated_at=timestamp(sync.updated_at),
        attributes=_attributes(attributes, sync),
    )


def _attributes(values: dict[str, Any], one: Entity) -> str:
    """As a JSON cell, without what is empty or not answered."""
    gone = {"slug"} & one.missing
    return json_cell(
        {
            key: item
            for key, item in values.items()
            if item not in ("", {}, None) and key not in gone
        }
    )
