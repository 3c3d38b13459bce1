"""PIVOT and UNPIVOT: columns made of rows and rows made of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, Context, is_identifier
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.expressions import trace
from kada_dagster.sql_lineage.relations import NOTHING, Field, Item, Relation, Rest, Trace, gap
from kada_dagster.sql_lineage.scope import Scope

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


def pivoted(context: Context, source: Relation, pivot: Expr, outer: Scope) -> Relation:
    """A relation behind its PIVOT or UNPIVOT clause."""
    scope = Scope(context.dialect, outer.env, outer.parent)
    scope.add(source)
    if pivot.args.get("unpivot"):
        return _unpivoted(context, source, pivot, scope)
    fields: list[Expr] = pivot.args.get("fields") or []
    aggregates: list[Expr] = pivot.expressions
    used = {
        key for node in (*aggregates, *(f.this for f in fields)) for key in _keys(context, node)
    }
    for field in fields:
        context.visit(field, scope)
    names: list[Expr] = list(pivot.args.get("columns") or ())
    traces = [trace(context, aggregate, scope) for aggregate in aggregates]
    kept = _kept(source, used)
    if not _has_plain_names(context, fields, names, len(aggregates)):
        unknown = gap("star: the columns that PIVOT gives are not known")
        made: list[Item] = [Rest(None, _all(traces) | unknown)]
        return Relation((*(item.and_gaps(unknown) for item in kept), *made), alias=source.alias)
    new = [Field(context.name(n), traces[k % len(traces)]) for k, n in enumerate(names)]
    taken = [field.name.key for field in new if field.name]
    kept = [item.without(taken) if isinstance(item, Rest) else item for item in kept]
    return Relation((*kept, *new), alias=source.alias)


def _has_plain_names(
    context: Context, fields: list[Expr], names: list[Expr], aggregates: int
) -> bool:
    """Whether the names of the new columns can be told from the text without doubt."""
    if len(fields) != 1 or not names or not all(is_identifier(name) for name in names):
        return False
    values: list[Expr] = fields[0].expressions
    plain = all(
        value.key == "pivotalias" or (value.key == "literal" and value.args.get("is_string"))
        for value in values
    )
    if context.dialect.name == "bigquery":
        plain = plain and all(
            value.key == "pivotalias" or value.name.isidentifier() for value in values
        )
    return plain and len(names) == len(values) * aggregates


def _unpivoted(context: Context, source: Relation, pivot: Expr, scope: Scope) -> Relation:
    fields: list[Expr] = pivot.args.get("fields") or []
    groups = [_group(value) for field in fields for value in field.expressions]
    values = _identifiers(context, pivot.expressions[0]) if pivot.expressions else []
    labels = [name for field in fields for name in _identifiers(context, field.this)]
    aligned = all(len(group) == len(values) for group in groups)
    if len(fields) != 1 or not values or not aligned or len(pivot.expressions) != 1:
        return Relation((Rest(None, gap("unsupported: this form of UNPIVOT")),))
    used = {key for group in groups for column in group for key in _keys(context, column)}
    made = [
        Field(name, _all([trace(context, group[place], scope) for group in groups]))
        for place, name in enumerate(values)
    ]
    labelled = [Field(name, NOTHING) for name in labels]
    both = [*made, *labelled] if context.dialect.name == "bigquery" else [*labelled, *made]
    taken = {name.key for name in (*values, *labels)}
    kept = [item.without(taken) if isinstance(item, Rest) else item for item in _kept(source, used)]
    return Relation((*kept, *both), alias=source.alias)


def _group(value: Expr) -> list[Expr]:
    if value.key == "pivotalias":
        value = value.this
    return value.expressions if value.key == "tuple" else [value]


def _identifiers(context: Context, node: Expr) -> list[Name]:
    nodes: list[Expr] = node.expressions if node.key == "tuple" else [node]
    plain = [part.this if part.key == "column" else part for part in nodes]
    return [context.name(part) for part in plain if is_identifier(part)]


def _kept(source: Relation, used: set[str]) -> list[Item]:
    """The columns that PIVOT leaves as they are."""
    kept: list[Item] = []
    for item in source.items:
        if isinstance(item, Rest):
            kept.append(item.without(used))
        elif item.name is None or item.name.key not in used:
            kept.append(replace(item))
    return kept


def _keys(context: Context, node: Expr) -> set[str]:
    """Keys of the columns a node names."""
    return {
        context.name(part.this).key
        for part in node.walk(prune=lambda inner: inner.key in QUERIES)
        if part.key == "column" and is_identifier(part.this)
    }


def _all(traces: list[Trace]) -> Trace:
    found = NOTHING
    for each in traces:
        found |= each
    return found
