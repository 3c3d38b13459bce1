"""The SELECT list: names and origins of the columns a query gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, Context, is_identifier
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.expressions import column_parts, is_bare, trace
from kada_dagster.sql_lineage.relations import Field, Item, Rest, Trace, gap
from kada_dagster.sql_lineage.scope import Alias, Scope
from kada_dagster.sql_lineage.templates import is_templated

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_GENERATORS = frozenset({"posexplode", "posexplodeouter", "inline", "inlineouter", "stack"})
_GENERATOR_NAMES = frozenset({"json_tuple", "variant_explode"})
_POSTGRES_NAMES = {
    "count": "count", "sum": "sum", "min": "min", "max": "max", "avg": "avg", "lower": "lower",
    "upper": "upper", "coalesce": "coalesce", "rownumber": "row_number", "rank": "rank",
}  # fmt: skip
"""Functions after which PostgreSQL and Redshift name a column that has no alias."""


def select_items(context: Context, select: Expr, scope: Scope) -> list[Item]:
    """The columns of a SELECT whose FROM is in the scope."""
    items: list[Item] = []
    for projection in select.expressions:
        items.extend(_projected(context, projection, scope))
    return items


def _projected(context: Context, node: Expr, scope: Scope) -> list[Item]:
    stars = _starred(context, node, scope)
    if stars is not None:
        return stars
    if node.key == "aliases":
        return _aliases(context, node, scope)
    if node.key == "alias":
        return [_aliased(context, node, scope)]
    if _has_many(node):
        return [Rest(None, trace(context, node, scope) | gap(f"star: {node.key} gives columns"))]
    if node.key == "column" and is_templated(node.sql()):
        return [Rest(None, gap("template: columns are named by a template"))]
    return [Field(_name(context, node), trace(context, node, scope))]


def _starred(context: Context, node: Expr, scope: Scope) -> list[Item] | None:
    """What `*` in any of its forms stands for; None for any other item."""
    if node.key == "star":
        return _star(context, node, scope.items, scope)
    if node.key == "column" and node.this.key == "star":
        return _qualified_star(context, node, scope)
    if node.key == "dot" and node.args["expression"].key == "star":
        return _row_star(context, node, scope)
    return None


def _has_many(node: Expr) -> bool:
    """Whether an item is a function that gives several columns."""
    name = node.name.lower() if node.key == "anonymous" else ""
    return node.key in _GENERATORS or name in _GENERATOR_NAMES


def _aliased(context: Context, node: Expr, scope: Scope) -> Item:
    alias = node.args["alias"]
    value = trace(context, node.this, scope)
    if is_identifier(alias) and is_templated(alias.name):
        return Rest(None, value | gap("template: a column is named by a template"))
    if node.this.key == "column" and scope.is_hierarchy and value.gaps:
        return Field(None, value)  # `PRIOR a` reads as column `prior` with an alias
    name = context.name(alias) if is_identifier(alias) else None
    if context.dialect.reuses_aliases and name is not None and name.key not in scope.aliases:
        scope.aliases[name.key] = Alias(value, _names_itself(context, node.this, name, scope))
    return Field(name, value)


def _names_itself(context: Context, node: Expr, name: Name, scope: Scope) -> bool:
    """Whether a value is computed from a column of FROM that has the name of its alias.

    An alias cannot stand in its own definition, so the column is there for sure.
    """
    if scope.find(name) is None:
        return False
    return any(
        part.key == "column" and is_bare(part) and context.name(part.this).key == name.key
        for part in node.walk(prune=lambda inner: inner.key in QUERIES)
    )


def _aliases(context: Context, node: Expr, scope: Scope) -> list[Item]:
    """`f(x) AS (a, b)`: several columns of one function."""
    value = trace(context, node.this, scope)
    return [Field(context.name(name), value) for name in node.expressions]


def _qualified_star(context: Context, node: Expr, scope: Scope) -> list[Item]:
    """`t.*`, or the fields of a column."""
    parts = column_parts(context, node)
    relation = scope.relation(parts[-1]) if len(parts) == 1 else None
    if relation is None:
        same = [r for r in scope.relations if r.path and r.path[-len(parts) :] == _keys(parts)]
        relation = same[0] if len(same) == 1 and len(parts) > 1 else None
    if relation is not None:
        items = relation.items
        if relation.element and relation.is_known() is False and len(items) == 1:
            items = (Rest(None, relation.row()),)
        return _star(context, node.this, items, scope)
    value = scope.column(parts) if parts else gap("unsupported: a * of nothing")
    return [Rest(None, value | gap("star: the fields of a column are not known"))]


def _keys(parts: Iterable[Name]) -> tuple[str, ...]:
    return tuple(part.key for part in parts)


def _row_star(context: Context, node: Expr, scope: Scope) -> list[Item]:
    """`(t).*`, or the fields of any value."""
    inner = node.this
    while inner.key == "paren":
        inner = inner.this
    if inner.key == "column" and is_bare(inner):
        name = context.name(inner.this)
        relation = scope.relation(name)
        if relation is not None and scope.find(name) is None:
            return list(relation.items)
    value = trace(context, inner, scope)
    return [Rest(None, value | gap("star: the fields of a value are not known"))]


def _star(context: Context, star: Expr, items: Iterable[Item], scope: Scope) -> list[Item]:
    """`*` with its EXCEPT, REPLACE, RENAME and ILIKE."""
    if star.args.get("ilike") is not None:
        return [Rest(None, gap("star: * with ILIKE"))]
    dropped = {_target(context, node).key for node in star.args.get("except_") or ()}
    renamed = {
        _target(context, node.this).key: context.name(node.args["alias"])
        for node in star.args.get("rename") or ()
    }
    replaced = {
        context.name(node.args["alias"]): trace(context, node.this, scope)
        for node in star.args.get("replace") or ()
    }
    by_key = {name.key: value for name, value in replaced.items()}
    kept: list[Item] = []
    for item in items:
        if isinstance(item, Rest):
            kept.extend(_changed(item, dropped, renamed, replaced))
        elif item.name is None or item.name.key not in dropped:
            key = item.name.key if item.name else ""
            kept.append(Field(renamed.get(key, item.name), by_key.get(key, item.trace)))
    return kept


def _changed(
    rest: Rest, dropped: set[str], renamed: dict[str, Name], replaced: dict[Name, Trace]
) -> list[Item]:
    """Columns nobody knows, and those of them that the text names.

    Which table a renamed or replaced column is of can be told if there is one table alone; with
    several the name would come twice and is then reported as ambiguous.
    """
    hidden = {*dropped, *renamed, *(name.key for name in replaced)}
    fields: list[Item] = []
    for old, new in renamed.items():
        value = rest.column(Name(old, old))
        if value is not None:
            fields.append(Field(new, value))
    for name, value in replaced.items():
        if name.key not in rest.hidden:
            fields.append(Field(name, value))
    return [rest.without(hidden), *fields]


def _target(context: Context, node: Expr) -> Name:
    return context.name(node.this if node.key == "column" else node)


def _name(context: Context, node: Expr) -> Name | None:
    """The name a column has without an alias; None where databases make one up."""
    if node.key == "column":
        return context.name(node.this) if is_identifier(node.this) else None
    if node.key == "dot" and is_identifier(node.args["expression"]):
        return context.name(node.args["expression"])
    return _postgres_name(context, node) if context.dialect.has_casts_named else None


def _postgres_name(context: Context, node: Expr) -> Name | None:
    """The name PostgreSQL and Redshift give a column: its function's, or what a cast is of."""
    if node.key in ("cast", "paren", "bracket", "window", "filter"):
        return _name(context, node.this)
    if node.key == "subquery" and node.this.key == "select" and len(node.this.expressions) == 1:
        inner: Expr = node.this.expressions[0]
        alias = inner.args.get("alias")
        return context.name(alias) if is_identifier(alias) else _name(context, inner)
    name = _POSTGRES_NAMES.get(node.key)
    return context.dialect.stored(name) if name else None
