"""Exact column lineage of a view from the server's own parsed query, without a SQL parser.

Here: which base columns the value of each output column is computed from. Not here: names (the
caller looks the numbers up), hops (a view in FROM is an origin like a table), the range table
(`rule_range`) and the text (`rule_tree_reader`).
Source: the catalogue page of pg_rewrite (``ev_action``), the node definitions in
src/include/nodes/primnodes.h, PostgreSQL 11 to 18.
"""

from __future__ import annotations

import re
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
_ROW_TAGS = ("{ROW :", "{ROWEXPR :")  # renamed in PostgreSQL 16
_MARK = re.compile(
    r"\{(?:VAR :varno (\d+) :varattno (-?\d+) :vartype \d+ :vartypmod -?\d+ :varcollid \d+"
    r" (?::varnullingrels \(b[ \d]*\) )?:varlevelsup (\d+) "
    r"|(?P<tag>VAR|FIELDSELECT|WINDOWFUNC|SUBLINK|GROUPINGFUNC|QUERY) )"
)
"""A variable, or the tag of another node that is not just walked through."""

_SORT_REF = re.compile(r" :tleSortGroupRef (\d+) ")


def output_origins(ev_action: str) -> list[frozenset[Origin]]:
    """Say for each output column of a view which columns its value is computed from.

    `ev_action` is ``pg_rewrite.ev_action::text`` of the ``_RETURN`` rule of a view or materialised
    view; double quotes in it may be doubled, as in a CSV field. Item i of the result belongs to the
    column with attnum i + 1.

    What counts is the output expression with everything written in it: CASE conditions, arguments,
    FILTER and ORDER BY of aggregates, the keys of the window it runs over, the SELECT lists of
    subqueries in it. What only picks or arranges rows does not: WHERE, ON, GROUP BY, HAVING,
    EXISTS, the right side of EXCEPT. Nor do system columns, row numbers (ORDINALITY) and the
    arguments of GROUPING, which the server never evaluates.

    Raises RuleTreeError where the text is cut, or holds what no supported server (11 to 18) writes.
    """
    try:
        query = Query(RuleTree(ev_action), 1, None)
        try:
            return [_origins(column) for column in query.outputs]
        finally:
            query.release()
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
    reached, seen = _Reached(set(), list(column)), set[int]()
    while reached.todo:
        query, node = reached.todo.pop()
        if node not in seen:
            seen.add(node)
            _walk(query, node, reached)
    return frozenset(reached.found)


def _walk(query: Query, node: int, reached: _Reached) -> None:
    """Add the base columns of one expression and what stands behind its variables to `reached`."""
    unread = node
    for mark in _MARK.finditer(query.tree.text, node, query.tree.end(node)):
        place, tag = mark.start(), mark["tag"]
        if place < unread:
            continue  # inside of a node that was read as a whole
        if tag is None:
            _variable(query, mark, reached)
        elif tag in _SPECIAL:
            unread = _SPECIAL[tag](query, place, reached)
        else:
            raise RuleTreeError("the rule tree has a variable or a query in an unknown form")


def _reference(query: Query, variable: re.Match[str]) -> tuple[Query, int, int]:
    """The query, the range table entry and the column a variable stands for."""
    varno, attnum, levels = variable.group(1, 2, 3)
    home = query if levels == "0" else query.outer(int(levels))
    return home, int(varno), int(attnum)


def _variable(query: Query, variable: re.Match[str], reached: _Reached) -> None:
    query, varno, attnum = _reference(query, variable)
    relation = query.relation(varno)
    if relation is None:
        reached.todo.extend(query.column(varno, attnum))
    elif attnum >= 0:  # below zero: a system column such as ctid
        reached.found.add((relation, attnum))


def _field_select(query: Query, node: int, reached: _Reached) -> int:
    """(row).field: of a row handed on as it is only the field counts, else all of the row."""
    fields = query.tree.fields(node)
    (row,) = nodes(fields["arg"])
    field = _row_field(query, row, int(fields["fieldnum"]))
    if field is None:
        return row
    if isinstance(field, tuple):
        reached.found.add(field)
    else:
        reached.todo.extend(field)
    return query.tree.end(node)


def _row_field(query: Query, node: int, number: int) -> Origin | Column | None:
    """Field `number` (from 1) of a row built or read unchanged, None for any other row."""
    text, passed = query.tree.text, set[int]()
    while node not in passed:  # a damaged tree may lead round in a circle
        passed.add(node)
        if text.startswith(_ROW_TAGS, node):
            arguments = nodes(query.tree.fields(node)["args"])
            return [(query, argument) for argument in arguments[number - 1 : number]]
        variable = _MARK.match(text, node)
        if variable is None or variable["tag"]:
            return None
        query, varno, attnum = _reference(query, variable)
        relation = query.relation(varno)
        if relation is not None:
            return (relation, number) if attnum == 0 else None
        column = query.column(varno, attnum or number)
        if attnum == 0 or len(column) != 1:
            return column if attnum == 0 else None
        query, node = column[0]
    raise RuleTreeError("a row of the rule tree is made of itself")


def _window_function(query: Query, node: int, reached: _Reached) -> int:
    """f(...) OVER w: the keys of w count too, and f's own arguments, which the walk meets next."""
    tree, winref = query.tree, _winref(query.tree, node)
    for window in query.windows():
        if _winref(tree, window) == winref:
            refs = _SORT_REF.findall(tree.text, window, tree.value(window, "frameOptions"))
            reached.todo.extend([query.sort_keys[ref] for ref in refs])
            reached.todo.append((query, window))  # the offsets of its frame are expressions
            return node + 1
    raise RuleTreeError("the rule tree names a window that it does not hold")


def _winref(tree: RuleTree, node: int) -> str:
    """The number of a window, by which its functions name it: behind all nodes in either."""
    return tree.text[node : tree.end(node)].rpartition(" :winref ")[2].partition(" ")[0]


def _sublink(query: Query, node: int, reached: _Reached) -> int:
    """A subquery gives the value of its SELECT list; EXISTS says only whether there are rows."""
    fields = query.tree.fields(node)
    if fields["subLinkType"] not in _SUBLINKS:
        raise RuleTreeError(
            f"subquery type {fields['subLinkType'][:9]} of the rule tree is unknown"
        )
    if fields["subLinkType"] != _EXISTS:
        reached.todo.extend([(query, test) for test in nodes(fields["testexpr"])])
        for column in query.nested(child(fields["subselect"])).outputs:
            reached.todo.extend(column)
    return query.tree.end(node)


def _grouping(query: Query, node: int, _: _Reached) -> int:
    """GROUPING(...) says which columns a row is grouped by, nothing of what is in them."""
    return query.tree.end(node)


_SPECIAL: dict[str, Callable[[Query, int, _Reached], int]] = {
    "FIELDSELECT": _field_select,
    "WINDOWFUNC": _window_function,
    "SUBLINK": _sublink,
    "GROUPINGFUNC": _grouping,
}
"""Nodes read in their own way: each function returns the place to go on at."""
