"""Where the value of an expression comes from.

What counts is the expression with everything written in it: CASE conditions, arguments, FILTER and
ORDER BY of aggregates, the keys of its window, the SELECT lists of subqueries. What only picks or
arranges rows does not: WHERE, ON, GROUP BY, HAVING, QUALIFY, EXISTS, the right side of EXCEPT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, Context, is_identifier
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.relations import NOTHING, Rest, Trace, gap, union
from kada_dagster.sql_lineage.scope import Scope
from kada_dagster.sql_lineage.templates import is_templated

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_LEAVES = frozenset({"identifier", "var", "literal", "datatype", "grouping", "groupingid"})
_ROWS = frozenset({"struct", "tuple", "row", "named_struct", "array", "list"})
_NAMED = frozenset({"kwarg", "propertyeq"})
_UNITS = frozenset(
    f"{unit}{ending}"
    for unit in (
        "year", "isoyear", "quarter", "month", "week", "isoweek", "weekday", "day", "dayofweek",
        "dayofyear", "doy", "dow", "hour", "minute", "second", "millisecond", "microsecond",
        "nanosecond", "epoch", "decade", "century", "millennium", "yy", "yyyy", "mm", "mon", "dd",
        "hh", "mi", "ss", "ms", "us", "wk", "qtr", "sunday", "monday",
    )
    for ending in ("", "s")
)  # fmt: skip
_TIMED = ("date", "time", "day", "trunc", "part", "month", "year", "week")
_HIERARCHY = frozenset({"PRIOR", "CONNECT_BY_ROOT"})


def trace(context: Context, node: Expr, scope: Scope) -> Trace:
    """Where the value of an expression comes from."""
    found: list[Trace] = []
    todo = [node]
    is_even = True
    while todo:
        current = todo.pop()
        context.step()
        key = current.key
        is_even = is_even and not _builds_row(current)
        if key == "column":
            found.append(_column(context, current, scope))
        elif key in QUERIES:
            found.append(context.query(current, scope.env, scope).row())
        elif key == "exists" and current.this.key in QUERIES:
            context.query(current.this, scope.env, scope)
        elif key == "star":
            found.append(_star(current, scope))
        elif key == "dot":
            found.append(_dot(context, current, scope))
        elif key == "parameter":
            found.append(_parameter(current))
        elif key in _NAMED:
            todo.append(current.args["expression"])
        elif key == "window":
            todo.extend(_window(context, current, scope))
        elif key not in _LEAVES:
            todo.extend(current.iter_expressions())
    traced = union(found) if found else NOTHING
    return traced if is_even else traced._replace(is_even=False)


def _builds_row(node: Expr) -> bool:
    return node.key in _ROWS or (node.key == "anonymous" and node.name.lower() in _ROWS)


def column_parts(context: Context, column: Expr) -> list[Name]:
    """The names of `a`, `t.a`, `s.t.a` ... from left to right, without a `*` at the end."""
    nodes = [column.args.get(key) for key in ("catalog", "db", "table", "this")]
    return [context.name(node) for node in nodes if node and is_identifier(node)]


def is_bare(column: Expr) -> bool:
    """Whether a column is a single name."""
    return is_identifier(column.this) and not column.args.get("table")


def _column(context: Context, column: Expr, scope: Scope) -> Trace:
    parts = column_parts(context, column)
    if any(is_templated(part.text) for part in parts):
        return gap("template: a column is named by a template")
    if column.this.key == "star":
        return _whole(parts, scope)
    if not is_identifier(column.this):
        return gap("position: a column is named by its position")
    if is_bare(column) and not column.this.args.get("quoted"):
        special = _special(context, parts[0], column, scope)
        if special is not None:
            return special
    return scope.column(parts)


def _special(context: Context, name: Name, column: Expr, scope: Scope) -> Trace | None:
    """What a name without quotes stands for if it may be no column at all."""
    if name.key in context.dialect.functions or name.key.startswith("METADATA$"):
        return _function(context, name, scope)
    if scope.is_hierarchy and name.key.upper() == "LEVEL":
        return NOTHING
    if scope.is_hierarchy and name.key.upper() in _HIERARCHY:
        return gap(f"unsupported: {name.text} of a hierarchical query")
    if name.key.lower() in _UNITS and (_is_timed(column.parent) or column.arg_key == "unit"):
        own = scope.find(name)
        return gap(f"ambiguous: {name.text} is a column or a unit of time") if own else NOTHING
    return None


def _function(context: Context, name: Name, scope: Scope) -> Trace:
    """A name that is a function without brackets, or a column the database adds."""
    own = scope.find(name) if context.dialect.columns_go_first else None
    if own is None or own.certain:
        return own.trace if own else NOTHING
    return gap(f"ambiguous: {name.text} is a column or a function")


def _is_timed(node: Expr | None) -> bool:
    """Whether a node is a function that may take a unit of time as a bare word.

    Those the parser knows have their units told apart already.
    """
    if node is None or node.key != "anonymous":
        return False
    return any(word in node.name.lower() for word in _TIMED)


def _whole(parts: list[Name], scope: Scope) -> Trace:
    """`t.*` as an argument: all of t, or all fields of column t."""
    row = scope.row(parts[-1]) if len(parts) == 1 else None
    return row if row is not None else scope.column(parts)


def _star(star: Expr, scope: Scope) -> Trace:
    """`*` as an argument: nothing in count(*), else all columns."""
    if star.parent is not None and star.parent.key == "count":
        return NOTHING
    items = scope.items
    return union(item.whole() if isinstance(item, Rest) else item.trace for item in items)


def _dot(context: Context, dot: Expr, scope: Scope) -> Trace:
    """`(t).a` and `(t.a).b`: a field of what stands on the left; also `schema.function(x)`."""
    left = dot
    names: list[Expr] = []
    while left.key == "dot":
        names.insert(0, left.args["expression"])
        left = left.this
    while left.key == "paren":
        left = left.this
    called = [trace(context, name, scope) for name in names if name.key not in _LEAVES | {"star"}]
    if left.key == "column" and is_bare(left) and is_identifier(names[0]):
        name = context.name(left.this)
        relation = scope.relation(name) if context.dialect.has_rows else None
        if relation is not None and not scope.find(name):
            return scope.column([name, *(context.name(n) for n in names if is_identifier(n))])
    if called:
        return union([*called, trace(context, left, scope)])
    return trace(context, left, scope).field()


def _parameter(parameter: Expr) -> Trace:
    """`$1` is a column of a stage, or of a table without names; `$x` and `@x` are variables."""
    if parameter.this.key == "literal":
        return gap("position: a column is named by its position")
    return NOTHING


def _window(context: Context, window: Expr, scope: Scope) -> list[Expr]:
    """What a window function is computed from, its named window included."""
    todo = list(window.iter_expressions())
    alias = window.args.get("alias")
    seen: set[str] = set()
    while alias is not None and is_identifier(alias):
        key = context.name(alias).key
        named = scope.windows.get(key)
        if named is None or key in seen:
            break
        seen.add(key)
        todo.extend(node for node in named.iter_expressions() if not is_identifier(node))
        alias = named.args.get("alias")
    return todo
