"""FROM: tables, subqueries, joins and laterals, taken into a scope from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, Context, is_identifier
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.expressions import trace
from kada_dagster.sql_lineage.pivots import pivoted
from kada_dagster.sql_lineage.relations import Field, Item, Relation, Rest, gap, union
from kada_dagster.sql_lineage.scope import Scope, join_using
from kada_dagster.sql_lineage.table_functions import function_relation, unnest_relation
from kada_dagster.sql_lineage.table_names import table_name

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_HIDDEN_SIDES = frozenset({"SEMI", "ANTI"})


def add_from(context: Context, node: Expr, scope: Scope) -> None:
    """Take what a SELECT, or a bracket around joins, reads into a scope."""
    source = node.args.get("from_")
    if source is not None:
        add_source(context, source.this, scope)
    elif node.key == "subquery":
        add_source(context, node.this, scope)
    joins: list[Expr] = list(node.args.get("joins") or ())
    for join in joins:
        _join(context, join, scope)
    for lateral in node.args.get("laterals") or ():
        scope.add(relation(context, lateral, scope))
    if node.args.get("match") is not None:
        _match_recognize(context, node.args["match"], scope)
    for join in joins:
        for name in ("on", "match_condition"):
            if join.args.get(name) is not None:
                context.visit(join.args[name], scope)


def relation(context: Context, node: Expr, scope: Scope) -> Relation:
    """One item of FROM.

    Args:
        context: the analysis.
        node: table, subquery, VALUES, function, LATERAL ...
        scope: what stands to the left of it, which laterals may use.
    """
    found = _named(context, node, _source(context, node, scope))
    for pivot in node.args.get("pivots") or ():
        found = _named(context, pivot, pivoted(context, found, pivot, scope))
    return found


def values_relation(context: Context, node: Expr, scope: Scope) -> Relation:
    """VALUES: a column a position, named as the databases name them."""
    rows: list[list[Expr]] = [
        row.expressions if row.key == "tuple" else [row] for row in node.expressions
    ]
    base = "col" if context.dialect.name == "databricks" else "column"
    fields: list[Field] = []
    for place in range(max(map(len, rows), default=0)):
        traces = [trace(context, row[place], scope) for row in rows if place < len(row)]
        fields.append(Field(context.dialect.column(f"{base}{place + 1}", False), union(traces)))
    return Relation(tuple(fields))


def add_source(context: Context, node: Expr, scope: Scope) -> None:
    """Take an item in, with the joins that hang on it."""
    if _is_bracket(node):
        _add_bracket(context, node, scope)
    else:
        scope.add(relation(context, node, scope))
        for join in node.args.get("joins") or ():
            _join(context, join, scope)


def _is_bracket(node: Expr) -> bool:
    """Whether a node is `(a JOIN b ...)` without a name of its own."""
    return node.key == "subquery" and node.this.key == "table" and not node.args.get("alias")


def _add_bracket(context: Context, node: Expr, scope: Scope) -> Relation:
    inner = Scope(context.dialect, scope.env, scope.parent)
    add_source(context, node.this, inner)
    for join in node.args.get("joins") or ():
        _join(context, join, inner)
    scope.relations.extend(inner.relations)
    scope.items.extend(inner.items)
    scope.merged.update(inner.merged)
    scope.blurred |= inner.blurred
    return Relation(tuple(inner.items))


def _join(context: Context, join: Expr, scope: Scope) -> None:
    if _is_bracket(join.this):
        _join_bracket(context, join, scope)
        return
    right = relation(context, join.this, scope)
    if str(join.args.get("kind") or "").upper() in _HIDDEN_SIDES:
        return
    names = [context.name(node) for node in join.args.get("using") or ()]
    natural = str(join.args.get("method") or "").upper() == "NATURAL"
    if natural and right.is_known() and not any(isinstance(item, Rest) for item in scope.items):
        names = _common(scope, right)
    elif natural:
        scope.relations.append(right)
        scope.blurred = True
        scope.items = [Rest(None, gap("star: * over a NATURAL JOIN"))]
        return
    if names:
        join_using(scope, right, names, str(join.args.get("side") or "").upper())
    else:
        scope.add(right)
    for inner in join.this.args.get("joins") or ():
        _join(context, inner, scope)


def _join_bracket(context: Context, join: Expr, scope: Scope) -> None:
    if not join.args.get("using") and not join.args.get("method"):
        _add_bracket(context, join.this, scope)
        return
    inner = Scope(context.dialect, scope.env, scope.parent)
    right = _add_bracket(context, join.this, inner)
    names = [context.name(node) for node in join.args.get("using") or ()]
    join_using(scope, right, names, str(join.args.get("side") or "").upper())
    scope.relations[-1:] = inner.relations
    scope.blurred |= inner.blurred or not names


def _common(scope: Scope, right: Relation) -> list[Name]:
    return [
        item.name
        for item in scope.items
        if isinstance(item, Field) and item.name and right.find(item.name)
    ]


def _named(context: Context, node: Expr, found: Relation) -> Relation:
    """The relation under the alias of its node, `t(a, b)` included."""
    alias = node.args.get("alias")
    if alias is None or alias.key != "tablealias":
        return found
    if alias.this is not None and is_identifier(alias.this):
        name = context.name(alias.this)
        element = found.element and replace(found.element, name=name)
        found = replace(found, alias=name.key, path=(), element=element)
    columns = [column.this if column.key == "columndef" else column for column in alias.columns]
    if node.key in ("unnest", "lateral", "table", "tablefromrows") and found.element:
        return found
    return found.renamed([context.name(column) for column in columns])


def _source(context: Context, node: Expr, scope: Scope) -> Relation:
    key = node.key
    if key == "table" and is_identifier(node.this) and not node.args.get("rows_from"):
        return _table(context, node, scope)
    if key == "subquery" and node.this.key in QUERIES | {"table", "values"}:
        return context.query(node, scope.env, scope.parent)
    if key == "lateral" and node.this.key in QUERIES | {"values"}:
        return context.query(node.this, scope.env, scope)
    if key == "values":
        return values_relation(context, node, scope)
    if key == "unnest":
        return unnest_relation(context, node, scope)
    return function_relation(context, node, scope)


def _table(context: Context, node: Expr, scope: Scope) -> Relation:
    """A table, a query of WITH, or in some dialects the array `t.items` of a table before."""
    context.seen.add(id(node))
    name = context.name(node.this)
    qualifiers = [part for key in ("catalog", "db") if is_identifier(part := node.args.get(key))]
    if not qualifiers and not node.args.get("db") and name.key in scope.env:
        return replace(scope.env[name.key], alias=name.key, path=())
    parts = [context.name(part) for part in qualifiers]
    if parts and context.dialect.has_fields and _is_alias(scope, parts[0]):
        items = (Rest(None, scope.column([*parts, name])),)
        return Relation(items, alias=name.key, element=Field(name, items[0].trace))
    stored = table_name(context, node)
    if isinstance(stored, str):
        context.problems.add(stored)
        return Relation((Rest(None, gap(stored)),))
    context.tables.add(stored)
    path = tuple(context.dialect.stored(part).key for part in stored if part)
    return Relation(context.table(stored), alias=name.key, path=path)


def _is_alias(scope: Scope, name: Name) -> bool:
    return any(relation.alias == name.key for relation in scope.relations)


def _match_recognize(context: Context, node: Expr, scope: Scope) -> None:
    """MATCH_RECOGNIZE takes the place of all that stands before it."""
    context.visit(node, scope)
    items: list[Item] = [Rest(None, gap("unsupported: columns of MATCH_RECOGNIZE"))]
    found = _named(context, node, Relation(tuple(items)))
    scope.relations, scope.items, scope.merged = [found], list(found.items), {}
