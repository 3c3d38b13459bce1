"""Models of generated accounts: SQL over tables that pipelines fill, with what it must mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from kada_dagster.sandbox.hevo.classic import ClassicPipeline, Destination, Model, ModelRead
from kada_dagster.sandbox.hevo.connections import Connection
from kada_dagster.sandbox.hevo.naming import Namer

_SPEAKS_SQL = frozenset({"SNOWFLAKE", "BIGQUERY", "REDSHIFT", "POSTGRES", "DATABRICKS"})
_BACKTICKS = frozenset({"BIGQUERY", "DATABRICKS"})
_BARE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_BROKEN = "select from where ("

Columns = tuple[tuple[str, tuple[tuple[int, str], ...]], ...]


class _Table(NamedTuple):
    """A table of a destination, with two columns; names as stored."""

    schema: str
    name: str
    first: str
    second: str


class _Speech:
    """How one destination's SQL spells what it stores."""

    def __init__(self, destination: Destination) -> None:
        self.connection: Connection = destination.connection
        self.stored = Namer(self.connection, {}, is_destination=True).stored

    def quoted(self, stored: str) -> str:
        """A stored name as SQL must spell it; bare and in lower case where that is the same."""
        if _BARE.match(stored.lower()) and self.stored(stored.lower()) == stored:
            return stored.lower()
        if self.connection.kind in _BACKTICKS:
            return f"`{stored}`"
        return '"' + stored.replace('"', '""') + '"'

    def table(self, table: _Table) -> str:
        """A table with its schema, if it is told."""
        return ".".join(self.quoted(part) for part in table[:2] if part)


def models(rng: Random, pipelines: Sequence[ClassicPipeline], count: int) -> tuple[Model, ...]:
    """So many models at most, over tables of the pipelines' destinations."""
    filled = _filled(pipelines)
    made: list[Model] = []
    for number in range(1, count + 1 if filled else 1):
        destination, tables = rng.choice(filled)
        speech = _Speech(destination)
        shape = rng.choice(_SHAPES)
        some = [_respelt(rng, speech, rng.choice(tables)) for _ in range(2)]
        sql, reads, columns = shape(speech, *some)
        name = speech.stored(f"model_{number}")
        status = rng.choice(("ACTIVE", "PAUSED", "HIBERNATING"))
        made.append(
            Model(number, f"Model {number}", destination, sql, name, reads, columns, status)
        )
    return tuple(made)


def _filled(pipelines: Sequence[ClassicPipeline]) -> list[tuple[Destination, list[_Table]]]:
    """Destinations that speak SQL, each with tables that have two columns at least."""
    found: dict[int, tuple[Destination, list[_Table]]] = {}
    for pipeline in pipelines:
        destination = pipeline.destination
        if destination and destination.connection.kind in _SPEAKS_SQL:
            tables = _tables(pipeline, _Speech(destination))
            found.setdefault(destination.id, (destination, []))[1].extend(tables)
    return [one for one in found.values() if one[1]]


def _tables(pipeline: ClassicPipeline, speech: _Speech) -> list[_Table]:
    tables: list[_Table] = []
    for event_type in pipeline.event_types:
        mapping = event_type.mapping
        if not mapping or not mapping.destination_table:
            continue
        columns = [one.destination for one in mapping.fields if one.destination and one.source]
        if len(columns) >= 3 and _is_simple(mapping.destination_table, *columns[:2]):
            names = (mapping.destination_table, *columns[:2])
            tables.append(_Table("", *map(speech.stored, names)))
    return tables


def _is_simple(*names: str) -> bool:
    """Backticks, dots and backslashes mean something else in every dialect."""
    return all(re.fullmatch(r"[\w ]+", name) for name in names)


def _respelt(rng: Random, speech: _Speech, table: _Table) -> _Table:
    """The table with its schema in front, or without."""
    schema = speech.stored(speech.connection.schema)
    return table._replace(schema=schema) if rng.random() < 0.6 else table


def _plain(to: _Speech, one: _Table, _other: _Table) -> tuple[str, tuple[ModelRead, ...], Columns]:
    a, b = to.quoted(one.first), to.quoted(one.second)
    sql = f"select {a}, {b} from {to.table(one)} where {b} <> 'tr0ub4dor'"
    return sql, (_read(one),), ((one.first, ((0, one.first),)), (one.second, ((0, one.second),)))


def _grouped(
    to: _Speech, one: _Table, _other: _Table
) -> tuple[str, tuple[ModelRead, ...], Columns]:
    a, b = to.quoted(one.first), to.quoted(one.second)
    sql = f"select t.{a}, count(*) as n, max(t.{b}) as top from {to.table(one)} t group by t.{a}"
    top = to.stored("top")
    return sql, (_read(one),), ((one.first, ((0, one.first),)), (top, ((0, one.second),)))


def _joined(to: _Speech, one: _Table, other: _Table) -> tuple[str, tuple[ModelRead, ...], Columns]:
    a, b = to.quoted(one.first), to.quoted(other.second)
    sql = (
        f"select x.{a}, y.{b} as other_value from {to.table(one)} x"
        f" join {to.table(other)} y on x.{a} = y.{to.quoted(other.first)}"
    )
    value = to.stored("other_value")
    columns = ((one.first, ((0, one.first),)), (value, ((1, other.second),)))
    return sql, (_read(one), _read(other)), columns


def _with(to: _Speech, one: _Table, _other: _Table) -> tuple[str, tuple[ModelRead, ...], Columns]:
    a, b = to.quoted(one.first), to.quoted(one.second)
    sql = (
        f"with base as (select {a}, {b} from {to.table(one)})"
        f" select base.{a}, upper(base.{b}) as label_text from base"
    )
    label = to.stored("label_text")
    return sql, (_read(one),), ((one.first, ((0, one.first),)), (label, ((0, one.second),)))


def _union(to: _Speech, one: _Table, other: _Table) -> tuple[str, tuple[ModelRead, ...], Columns]:
    sql = (
        f"select {to.quoted(one.first)} as any_value_of from {to.table(one)}"
        f" union all select {to.quoted(other.second)} from {to.table(other)}"
    )
    both = to.stored("any_value_of")
    origins = ((0, one.first), (1, other.second))
    return sql, (_read(one), _read(other)), ((both, origins),)


def _broken(
    _to: _Speech, _one: _Table, _other: _Table
) -> tuple[str, tuple[ModelRead, ...], Columns]:
    return _BROKEN, (), ()


def _read(table: _Table) -> ModelRead:
    return ModelRead("", table.schema, table.name)


_Shape = Callable[[_Speech, _Table, _Table], tuple[str, tuple[ModelRead, ...], Columns]]
_SHAPES: tuple[_Shape, ...] = (
    *(_plain, _grouped, _joined, _with, _union),
    *(_plain, _grouped, _joined, _with, _union),
    _broken,
)
