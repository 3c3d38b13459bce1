"""What META must hold of an account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.facts import cleaned
from kada_dagster.sandbox.hevo.classic import ClassicPipeline
from kada_dagster.sandbox.hevo.edge import SILENT_PIPELINE, EdgePipeline
from kada_dagster.sandbox.hevo.facts import MetaFact, written

if TYPE_CHECKING:
    from kada_dagster.sandbox.hevo.estate import HevoEstate


def meta(estate: HevoEstate, host: str, *, users: bool) -> Iterator[MetaFact]:
    """Every row; `HevoEstate.meta` says what the arguments are."""
    for facts in (_top(estate, host, users), _classic(estate, host), _edge(estate, host)):
        yield from map(cleaned, facts)


def _top(estate: HevoEstate, host: str, users: bool) -> Iterator[MetaFact]:
    for kind, some in (
        ("destination", estate.destinations),
        ("edge_destination", estate.edge_destinations),
    ):
        for one in some:
            name, word = one.connection.name, f"HEVO_{kind.upper()}"
            yield MetaFact("TOOL", _id(host, kind, one.id), word, name, status=one.status)
    for model in estate.models:
        at = _id(host, "model", model.id)
        yield MetaFact(
            "PIPELINE", at, "HEVO_MODEL", model.name, "", model.status, query_code=model.sql
        )
    for flow in estate.workflows:
        at = _id(host, "workflow", flow.id)
        yield MetaFact("PIPELINE", at, "HEVO_WORKFLOW", flow.name, status=flow.status)
    for user in estate.users if users else ():
        at = _id(host, "user", user.email)
        yield MetaFact("USER", at, "HEVO_USER", user.email, status=user.status)


def _classic(estate: HevoEstate, host: str) -> Iterator[MetaFact]:
    for pipeline in estate.pipelines:
        at = _id(host, "pipeline", pipeline.id)
        name = pipeline.source.name if pipeline.source else str(pipeline.id)
        yield MetaFact("PIPELINE", at, "HEVO_PIPELINE", name, status=pipeline.status)
        if not pipeline.is_gone:
            yield from _parts(pipeline, host, at, name)


def _parts(pipeline: ClassicPipeline, host: str, parent: str, name: str) -> Iterator[MetaFact]:
    for word, some in (("object", pipeline.objects), ("event_type", pipeline.event_types)):
        for one in some:
            at = _id(host, word, pipeline.id, one.name)
            yield MetaFact("DATASET", at, f"HEVO_{word.upper()}", one.name, parent, one.status)
    if pipeline.code:
        at = _id(host, "transformation", pipeline.id)
        code = pipeline.code
        yield MetaFact("CODE", at, "HEVO_TRANSFORMATION", name, parent, query_code=code)


def _edge(estate: HevoEstate, host: str) -> Iterator[MetaFact]:
    for pipeline in estate.edge_pipelines:
        at = _id(host, "edge_pipeline", pipeline.id)
        yield MetaFact(
            "PIPELINE",
            at,
            "HEVO_EDGE_PIPELINE",
            pipeline.name or str(pipeline.id),
            status=pipeline.status,
            created_at=written(pipeline.created),
            updated_at=written(pipeline.updated),
            owner=pipeline.owner,
        )
        if not (pipeline.is_gone or pipeline.status in SILENT_PIPELINE):
            yield from _edge_objects(pipeline, host, at)


def _edge_objects(pipeline: EdgePipeline, host: str, parent: str) -> Iterator[MetaFact]:
    for one in pipeline.objects:
        at = _id(host, "edge_object", pipeline.id, one.object_id)
        name = one.source.k0 if one.is_silent else one.name or one.source.k0
        yield MetaFact("DATASET", at, "HEVO_EDGE_OBJECT", name, parent, one.status)


def _id(host: str, kind: str, *native: int | str) -> str:
    return object_id(host, kind, *map(str, native))
