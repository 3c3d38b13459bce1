"""Hevo accounts with names of any characters, for hypothesis.

Left out is only what no API could tell apart: halves of surrogate pairs, empty names, and names
whose dots can be read in two ways.
"""

from __future__ import annotations

from hypothesis import strategies as st

from kada_dagster.sandbox.hevo import HevoEstate
from kada_dagster.sandbox.hevo.classic import (
    ClassicObject,
    ClassicPipeline,
    Destination,
    EventType,
    Field,
    SchemaMapping,
    SourceTable,
)
from kada_dagster.sandbox.hevo.connections import (
    Connection,
    bigquery,
    bucket,
    database,
    databricks,
    saas,
    snowflake,
)
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgeObject, EdgePipeline, Namespace
from kada_dagster.sandbox.hevo.times import END, START

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1,
                max_size=6)  # fmt: skip
undotted = names.filter(lambda name: "." not in name)
maybe = st.none() | names
words = st.sampled_from(["ACTIVE", "MAPPED", "IGNORED", "UNMAPPED", "DISABLED", "DELETED"]) | names
moments = st.integers(START, END)
_DATABASES = ("shop", "sales dept", "Ünïcode")

fields = st.lists(
    st.builds(Field, maybe, maybe, st.booleans(), words),
    max_size=4,
    unique_by=lambda one: one.source,
).map(tuple)


@st.composite
def _connections(draw: st.DrawFn, *, edge: bool, destination: bool) -> Connection:
    name, base = draw(names), draw(st.sampled_from(_DATABASES))
    kind = draw(st.sampled_from(["POSTGRES", "MYSQL", "REDSHIFT", "MS_SQL"]))
    schema = "" if kind == "MYSQL" else draw(st.sampled_from(["", "public", "Raw Data"]))
    server = database(kind, name, host="db.example.org", database=base, schema=schema, edge=edge)
    if not destination:
        return draw(st.sampled_from([server, saas("HUBSPOT", name)]))
    cloud = snowflake(name, account="ab12", database=base, schema=schema, edge=edge)
    others = [server, cloud, bigquery(name, project="p", dataset="d", edge=edge), bucket(name)]
    if not edge:
        others.append(databricks(name, host="dbc.example.org", schema="Bronze", catalog="Main"))
    return draw(st.sampled_from(others))


@st.composite
def _source_tables(draw: st.DrawFn, source: Connection) -> SourceTable:
    if not source.is_database:
        return SourceTable("", "", draw(names))
    parts = draw(st.integers(1, 3 if source.has_schemas else 2))
    if parts == 1:
        return SourceTable("", "", draw(undotted))
    if parts == 3:
        return SourceTable(source.database, draw(undotted), draw(names))
    schema = draw(undotted)
    of_itself = schema.casefold() == source.database.casefold()
    return SourceTable("", schema, draw(undotted if of_itself else names))


@st.composite
def _event_types(draw: st.DrawFn, source: Connection) -> EventType:
    mapping = st.builds(SchemaMapping, maybe, fields, words)
    return EventType(draw(_source_tables(source)), draw(words), draw(st.none() | mapping))


@st.composite
def _classic(draw: st.DrawFn, number: int, destinations: list[Destination]) -> ClassicPipeline:
    source = draw(_connections(edge=False, destination=False))
    event_types = draw(st.lists(_event_types(source), max_size=4, unique_by=lambda one: one.name))
    runs = st.lists(moments, max_size=3).map(lambda some: tuple(sorted(some)))
    known = [ClassicObject(one.name, draw(words), draw(runs)) for one in event_types]
    return ClassicPipeline(
        number,
        source,
        draw(st.sampled_from(destinations)),
        tuple(known[: draw(st.integers(0, 4))]),
        tuple(event_types),
        draw(st.none() | st.just("def transform(event):\n    return event\n")),
        draw(words),
    )


@st.composite
def _edge_objects(draw: st.DrawFn, number: int) -> EdgeObject:
    spaces = st.builds(Namespace, names, maybe, maybe)
    return EdgeObject(
        f"uuid {number}", draw(spaces), draw(spaces), draw(maybe), draw(names), draw(words),
        draw(fields), draw(st.booleans()),
    )  # fmt: skip


@st.composite
def _jobs(draw: st.DrawFn, number: int) -> EdgeJob:
    created, length = draw(moments), draw(st.integers(0, 20 * 3_600_000))
    status = draw(st.sampled_from(["COMPLETED", "FAILED", "IN_PROGRESS", "HIBERNATING"]))
    told = draw(st.booleans())
    return EdgeJob(f"job {number}", created, created + length if told else None, length, status)


@st.composite
def _edge(draw: st.DrawFn, number: int, destinations: list[Destination]) -> EdgePipeline:
    return EdgePipeline(
        number,
        draw(names),
        draw(_connections(edge=True, destination=False)),
        draw(st.sampled_from(destinations)),
        tuple(draw(_edge_objects(n)) for n in range(draw(st.integers(0, 3)))),
        tuple(draw(_jobs(n)) for n in range(draw(st.integers(0, 4)))),
        draw(st.sampled_from(["ENABLED", "DELETING"]) | names),
        draw(st.just("") | names),
    )


@st.composite
def accounts(draw: st.DrawFn) -> HevoEstate:
    """An account with a few pipelines of both families; shrinks to an empty one."""
    classic_kinds = _connections(edge=False, destination=True)
    edge_kinds = _connections(edge=True, destination=True)
    classic = [Destination(n, draw(classic_kinds)) for n in (1, 2)]
    edge = [Destination(n, draw(edge_kinds)) for n in (1, 2)]
    return HevoEstate(
        destinations=tuple(classic),
        pipelines=tuple(draw(_classic(n, classic)) for n in range(draw(st.integers(0, 2)))),
        edge_destinations=tuple(edge),
        edge_pipelines=tuple(draw(_edge(n, edge)) for n in range(draw(st.integers(0, 2)))),
    )
