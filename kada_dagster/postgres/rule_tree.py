"""Exact column lineage of a view from the server's own parsed query, without a SQL parser.

Here: which base columns the value of each output column is computed from. Not here: names (the
caller looks the numbers up), hops (a view in FROM is an origin like a table), the range table
(`rule_range`) and the text (`rule_tree_reader`).
Source: the catalogue page of pg_rewrite (``ev_action``), the node definitions in
src/include/nodes/primnodes.h, PostgreSQL 11 to 18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kada_dagster.postgres.rule_range import Column, Expression, Query
from kada_dagster.postgres.rule_tree_reader import RuleTree, RuleTreeError, child, nodes

__all__ = ["Origin", "RuleTreeError", "output_origins"]

Origin = tuple[int, int]
"""pg_class oid and attnum of a base column; attnum 0 stands for the whole row."""

_EXISTS = "0"
_SUBLINKS = frozenset(
    "012346"
)  # ALL, ANY, ROWCOMPARE, EXPR and ARRAY besides; others never reach a stored rule
_ROW_TAGS = ("ROW :", "ROWEXPR :")  # renamed in PostgreSQL 16


def output_origins(ev_action: str) -> list[frozenset[Origin]]:
    """Say for each output column of a view which columns its value is computed from.

    `ev_action` is ``pg_rewrite.ev_action::text`` of the ``_RETURN`` rule of a view or materialised
    view. Item i of the result belongs to the column with attnum i + 1.

    What counts is the output expression with everything written in it: CASE conditions, arguments,
    FILTER and ORDER BY of aggregates, the keys of the window it runs over, the SELECT lists of
    subqueries in it. What only picks or arranges rows does not: WHERE, ON, GROUP BY, HAVING,
    EXISTS, the right side of EXCEPT. Nor do system columns, row numbers (ORDINALITY) and the
    arguments of GROUPING, which the server never evaluates.

    Raises RuleTreeError where the text is cut, or holds what no supported server (11 to 18) writes.
    """
    try:
        return [_origins(column) for column in Query(RuleTree(ev_action), 1, None).outputs]
    except RuleTreeError:
        raise
    except (IndexError, KeyError, RecursionError, ValueError) as error:
        # From None, and without the message of the cause: both could quote the tree.
        raise RuleTreeError(
            f"the rule tree is not in a known form ({type(error).__name__})"
        ) from None


class _Reached(NamedTuple):
    """What the walk has come to: base columns, and expressions still to be walked through."""

    found: set[Origin]
    todo: list[Expression]


def _origins(column: list[Expression]) -> frozenset[Origin]:
    """All base columns that can be reached; a recursive query ends at what was seen before."""
    reached = _Reached(set(), list(column))
    seen: set[int] = set()
    while reached.todo:
        expression = reached.todo.pop()
        if expression.node not in seen:
            seen.add(expression.node)
            _walk(expression, reached)
    return frozenset(reached.found)


def _walk(expression: Expression, reached: _Reached) -> None:
    """Add the base columns of one expression and what stands behind its variables to `reached`."""
    query, node = expression
    pieces, ends = query.tree.pieces, query.tree.ends
    end = ends[node]
    while node < end:
        piece = pieces[node]
        tag = piece[: piece.find(" ")]
        if tag == "VAR":
            _variable(query, piece, reached)
        elif tag in _SPECIAL:
            node = _SPECIAL[tag](query, node, reached)
            continue
        elif tag == "GROUPINGFUNC":
            node = ends[node]
            continue
        elif tag == "QUERY":
            raise RuleTreeError("the rule tree has a query in an expression of an unknown kind")
        node += 1


def _reference(query: Query, piece: str) -> tuple[Query, int, int]:
    """The query, the range table entry and the column a variable stands for."""
    _, _, varno, _, attnum, rest = piece.split(" ", 5)
    if ":varlevelsup 0 " not in rest:
        query = query.outer(int(rest.partition(":varlevelsup ")[2].partition(" ")[0]))
    return query, int(varno), int(attnum)


def _variable(query: Query, piece: str, reached: _Reached) -> None:
    query, varno, attnum = _reference(query, piece)
    relation = query.relation(varno)
    if relation is None:
        reached.todo.extend(query.column(varno, attnum))
    elif attnum >= 0:  # below zero: a system column such as ctid
        reached.found.add((relation, attnum))


def _field_select(query: Query, node: int, reached: _Reached) -> int:
    """(row).field: of a row handed on as it is only the field counts, else all of the row."""
    field = _row_field(Expression(query, node + 1), int(query.tree.fields(node)["fieldnum"]))
    if field is None:
        return node + 1
    if isinstance(field, tuple):
        reached.found.add(field)
    else:
        reached.todo.extend(field)
    return query.tree.ends[node]


def _row_field(row: Expression, number: int) -> Origin | Column | None:
    """Field `number` (from 1) of a row built or read unchanged, None for any other row."""
    for _ in row.query.tree.pieces:  # a bound: a damaged tree may lead round in a circle
        query, node = row
        piece = query.tree.pieces[node]
        if piece.startswith(_ROW_TAGS):
            arguments = nodes(query.tree.fields(node)["args"])
            return [Expression(query, argument) for argument in arguments[number - 1 : number]]
        if not piece.startswith("VAR "):
            return None
        query, varno, attnum = _reference(query, piece)
        relation = query.relation(varno)
        if relation is not None:
            return (relation, number) if attnum == 0 else None
        column = query.column(varno, attnum or number)
        if attnum == 0 or len(column) != 1:
            return column if attnum == 0 else None
        row = column[0]
    raise RuleTreeError("a row of the rule tree is made of itself")


def _window_function(query: Query, node: int, reached: _Reached) -> int:
    """f(...) OVER w: the keys of w count too, and f's own arguments, which the walk meets next."""
    tree, winref = query.tree, query.tree.fields(node)["winref"]
    for window in map(tree.fields, nodes(query.field("windowClause"))):
        if window["winref"] == winref:
            keys = nodes(window["partitionClause"]) + nodes(window["orderClause"])
            refs = {tree.fields(key)["tleSortGroupRef"] for key in keys}
            reached.todo.extend(
                [Expression(query, t.expression) for t in query.targets if t.sort_ref in refs]
            )
            offsets = nodes(window["startOffset"]) + nodes(window["endOffset"])
            reached.todo.extend([Expression(query, offset) for offset in offsets])
            return node + 1
    raise RuleTreeError("the rule tree names a window that it does not hold")


def _sublink(query: Query, node: int, reached: _Reached) -> int:
    """A subquery gives the value of its SELECT list; EXISTS says only whether there are rows."""
    fields = query.tree.fields(node)
    if fields["subLinkType"] not in _SUBLINKS:
        raise RuleTreeError(
            f"subquery type {fields['subLinkType'][:9]} of the rule tree is unknown"
        )
    if fields["subLinkType"] != _EXISTS:
        reached.todo.extend([Expression(query, test) for test in nodes(fields["testexpr"])])
        for column in query.nested(child(fields["subselect"])).outputs:
            reached.todo.extend(column)
    return query.tree.ends[node]


_SPECIAL: dict[str, Callable[[Query, int, _Reached], int]] = {
    "FIELDSELECT": _field_select,
    "WINDOWFUNC": _window_function,
    "SUBLINK": _sublink,
}
"""Nodes read in their own way: each function returns the node to go on with."""
