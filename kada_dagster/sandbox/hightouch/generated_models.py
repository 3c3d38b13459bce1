"""Models of a made-up workspace, of all six kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from kada_dagster.sandbox.hightouch.entities import Source
from kada_dagster.sandbox.hightouch.model import (
    Custom,
    Dbt,
    DbtCloud,
    Model,
    Query,
    RawSql,
    Visual,
    WholeTable,
)  # fmt: skip
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.places import Place
from kada_dagster.sandbox.hightouch.written_sql import COLUMNS, Writer, stored

_KINDS = (
    *("raw", "table", "visual", "raw", "dbt", "visual", "raw", "cloud", "custom", "raw"),
    *("visual", "tabel", "raw", "cloud_name", "visual", "broken", "lost", "cycle"),
)
_VISUAL = ("visual", "cycle", "there", "back", "lost")
_ODD = ("broken", "lost", "cycle")
_TABLES = ("orders", "customers", "Line Items", "events_2024", "größen", "visits")


def models(
    random: Random, count: int, sources: Sequence[Source], made: Sequence[datetime], quirks: bool
) -> Iterator[Model]:
    """So many models, over the sources in turn."""
    kinds = [kind for kind in _KINDS if quirks or kind not in _ODD]
    for number in range(count):
        source = sources[number % len(sources)]
        kind = _possible(_kind(kinds, number), source.place, number)
        is_parent = quirks and number % 9 == 4
        folder = {"folderId": f"folder-{number}"} if number % 6 == 1 else {}
        odd = quirks and number % 13 == 7
        yield Model(
            id=number + 1,
            name=f'Model {number}: "a|b".c' if number % 10 == 3 else f"Model {number}",
            slug=f"model-{number}",
            created_at=made[number],
            updated_at=made[number] + timedelta(days=1, milliseconds=7),
            changes={**folder, **({"externalField": {"new": True}} if odd else {})},
            missing=frozenset({"description", "lastRunSize"}) if odd else frozenset(),
            source_id=source.id,
            query=_query(random, kind, number, count, source.place),
            description=None if quirks and number % 8 == 2 else "Zeile 1\nZeile 2 – äöü",
            primary_key=None if is_parent else "id",
            tags={"team": "growth", "tier": str(number % 3)} if number % 4 == 0 else {},
            is_schema=is_parent,
            last_run_size=None if number % 5 == 0 else number * 11,
        )


def _kind(kinds: Sequence[str], number: int) -> str:
    """The kinds in turn; every other cycle is one of two models, of which the next leads back."""
    kind, previous = (kinds[at * 7 % len(kinds)] for at in (number, number - 1))
    is_pair = number // len(kinds) % 2 == 1
    if kind == "cycle" and is_pair:
        return "there"
    return "back" if previous == "cycle" and is_pair else kind


def _possible(kind: str, place: Place, number: int) -> str:
    """The kind, or one that the source can have; the first model can have no parent."""
    if kind in ("visual", "cycle") and number == 0:
        kind = "raw"
    if place.has_tables or kind in _VISUAL:
        return kind
    return "custom"


def _query(random: Random, kind: str, number: int, count: int, place: Place) -> Query:
    if kind in _VISUAL:
        return Visual(parent=_parent(random, kind, number, count))
    if kind == "custom":
        return Custom(query={"base": "app1", "table": f"Table {number}"})
    if kind == "broken":
        return RawSql(sql="select id, email from (select id")
    return _of_tables(random, kind, number, place)


def _parent(random: Random, kind: str, number: int, count: int) -> int:
    """The id of a visual model's parent; its own is one more than its number."""
    if kind == "visual":
        return random.randint(1, number)
    return {"cycle": number + 1, "there": number + 2, "back": number, "lost": count + 1000}[kind]


def _of_tables(random: Random, kind: str, number: int, place: Place) -> Query:
    names = (_TABLES[number % 6], _TABLES[(number + 1 + number % 5) % 6])
    writer = Writer(random, place)
    if kind in ("table", "tabel"):
        table = writer.table(names[0]).table
        return WholeTable(name=".".join(filter(None, table)), word=kind, reads=(table,))
    if kind == "dbt":
        return _dbt(number, place)
    if kind == "cloud_name":
        reads = (TableOf("", "", stored(place.dialect, "dim_cloud")),)
        unique = f"model.acme.dim_cloud_{number}"
        raw = "select 1 from {{ ref('x') }}"
        return DbtCloud(unique_id=unique, name="dim_cloud", raw_sql=raw, reads=reads, has_any=True)
    query = writer.query(random.randrange(8), names)
    if not place.dialect:  # nobody reads it
        query = RawSql(sql=query.sql)
    if kind == "raw":
        return query
    return DbtCloud(
        unique_id=f"model.acme.cloud_{number}",
        name=f"cloud_{number}",
        compiled_sql=query.sql,
        reads=query.reads,
        columns=query.columns,
        has_any=query.has_any,
    )


def _dbt(number: int, place: Place) -> Dbt:
    relation = (place.database, "Dbt_Marts", f"dim_{number}")
    folds = place.dialect != "postgres"  # dbt quotes there
    read = TableOf(*(stored(place.dialect, part) if folds else part for part in relation))
    return Dbt(
        unique_id=f"model.acme.dim_{number}",
        relation=relation,
        compiled_sql="select 1 as id",
        reads=(read,),
    )


def fields_of(
    model: Model, models: Mapping[int, Model], sources: Mapping[int, Source]
) -> list[str]:
    """Names that a sync of the model may use: fields it has, or might have."""
    root, seen = model, {model.id}
    while isinstance(root.query, Visual) and root.query.parent not in seen:
        seen.add(root.query.parent)
        root = models.get(root.query.parent, root)
    if root.query.columns:
        return list(root.query.columns)
    dialect = sources[root.source_id].place.dialect
    return [stored(dialect, name) for name in COLUMNS]
