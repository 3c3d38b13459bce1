"""Queries: SELECT, set operations and WITH, as relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, SET_OPERATIONS, Context, reads
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.from_clause import add_from, values_relation
from kada_dagster.sql_lineage.relations import Relation, Rest, gap
from kada_dagster.sql_lineage.scope import Env, Scope
from kada_dagster.sql_lineage.select_list import select_items
from kada_dagster.sql_lineage.set_operations import combined

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_WRITES = frozenset({"insert", "update", "delete", "merge"})
_READ_ELSEWHERE = frozenset({"with_", "from_", "joins", "laterals", "expressions", "into", "match"})


def query(context: Context, node: Expr, env: Env, parent: Scope | None) -> Relation:
    """Analyse a query.

    Args:
        context: the analysis; the tables that are read are added to it.
        node: the query.
        env: queries of WITH that it sees, by key.
        parent: the scope around it, whose columns it may use; None at the top.

    Returns:
        Its columns.
    """
    context.step()
    env = with_queries(context, node, env, parent)
    if node.key == "select":
        return _select(context, node, env, parent)
    if node.key in SET_OPERATIONS:
        return _set_operation(context, node, env, parent)
    if node.key == "values":
        scope = Scope(context.dialect, env, parent)
        return values_relation(context, node, scope)
    if node.key in ("subquery", "paren") and node.this.key in QUERIES | {"values"}:
        return query(context, node.this, env, parent)
    return _other(context, node, env, parent)


def _other(context: Context, node: Expr, env: Env, parent: Scope | None) -> Relation:
    """A bracket around joins, a statement that writes inside WITH, or what is no query."""
    if node.key == "subquery" and node.this.key == "table":
        scope = Scope(context.dialect, env, parent)
        add_from(context, node, scope)
        return Relation(tuple(scope.items))
    if node.key in _WRITES:
        context.statement(node, env)
        return Relation((Rest(None, gap("unsupported: columns that RETURNING gives")),))
    context.problems.add(f"unsupported: {node.key} as a query")
    return Relation((Rest(None, gap(f"unsupported: columns of {node.key}")),))


def with_queries(context: Context, node: Expr, env: Env, parent: Scope | None) -> Env:
    """What a query sees: `env`, and the queries of its own WITH."""
    clause = node.args.get("with_")
    if clause is None:
        return env
    seen = dict(env)
    is_recursive = bool(clause.args.get("recursive"))
    queries: list[Expr] = clause.expressions
    keys = [_key(context, cte) for cte in queries]
    for place, cte in enumerate(queries):
        later = keys[place + 1 :] if is_recursive else []
        unknown = Relation((Rest(None, gap("unsupported: WITH that reads a later query")),))
        visible = {**seen, **dict.fromkeys(later, unknown)}
        seen[keys[place]] = _cte(context, cte, visible, parent, is_recursive)
    return seen


def _key(context: Context, cte: Expr) -> str:
    return context.name(cte.args["alias"].this).key


def _cte(
    context: Context, cte: Expr, env: Env, parent: Scope | None, is_recursive: bool
) -> Relation:
    body: Expr = cte.this
    key = _key(context, cte)
    implicit = context.dialect.implicit_recursion and body.key == "union"
    if (is_recursive or implicit) and key in reads(body, context):
        while body.key == "subquery" and not body.args.get("with_"):
            body = body.this
        if body.key == "union" and not body.args.get("with_"):
            return _recursive(context, body, cte, env, parent)
        env = {**env, key: Relation((Rest(None, gap("unsupported: this recursion")),))}
    return query(context, body, env, parent).renamed(_names(context, cte))


def _names(context: Context, cte: Expr) -> list[Name]:
    return [context.name(column) for column in cte.args["alias"].args.get("columns") or ()]


def _recursive(context: Context, body: Expr, cte: Expr, env: Env, parent: Scope | None) -> Relation:
    """A query that reads itself: what it starts with, then round by round until nothing is new."""
    key = _key(context, cte)
    starts: list[Expr] = []
    rounds: list[Expr] = []
    for part in _parts(body):
        (rounds if key in reads(part, context) else starts).append(part)
    if not starts or key in reads(_parts(body)[0], context):
        problem = "unsupported: WITH that reads itself, or a table of its name, from the start"
        context.problems.add(problem)
        return query(context, body, {**env, key: Relation((Rest(None, gap(problem)),))}, parent)
    result = query(context, starts[0], env, parent)
    for part in starts[1:]:
        result = combined(result, query(context, part, env, parent), body)
    result = result.renamed(_names(context, cte))
    while True:
        grown = result
        for part in rounds:
            step = query(context, part, {**env, key: result}, parent)
            grown = combined(grown, step, body)
        if grown == result:
            return result
        result = grown


def _parts(node: Expr) -> list[Expr]:
    """The queries of a chain of UNIONs, from left to right."""
    parts: list[Expr] = []
    while node.key == "union" and not node.args.get("with_"):
        parts.append(node.args["expression"])
        node = node.this
    return [node, *reversed(parts)]


def _set_operation(context: Context, node: Expr, env: Env, parent: Scope | None) -> Relation:
    """A chain of set operations; they lean to the left, so that no depth is needed."""
    chain = [node]
    while chain[-1].this.key in SET_OPERATIONS and not chain[-1].this.args.get("with_"):
        chain.append(chain[-1].this)
    result = query(context, chain[-1].this, env, parent)
    for operation in reversed(chain):
        context.step()
        right = query(context, operation.args["expression"], env, parent)
        if operation.key != "except":
            result = combined(result, right, operation)
        scope = Scope(context.dialect, env, parent)
        for name, value in operation.args.items():
            if name not in ("this", "expression", "with_"):
                context.visit(value, scope)
    return result


def _select(context: Context, node: Expr, env: Env, parent: Scope | None) -> Relation:
    scope = Scope(context.dialect, env, parent)
    scope.is_hierarchy = bool(node.args.get("connect"))
    add_from(context, node, scope)
    for window in node.args.get("windows") or ():
        scope.windows[context.name(window.this).key] = window
    items = select_items(context, node, scope)
    for name, value in node.args.items():
        if name not in _READ_ELSEWHERE:
            context.visit(value, scope)
    if node.args.get("kind") == "VALUE":
        return Relation((Rest(None, gap("star: the columns of SELECT AS VALUE are not known")),))
    return Relation(tuple(items))
