"""The range table of a parsed query: which expressions stand behind each column of a FROM item.

Here: queries, their common table expressions, and one function per kind of range table entry.
Not here: the text (`rule_tree_reader`) and the walk through expressions (`rule_tree`).
Source: RangeTblEntry and SetOperationStmt in src/include/nodes/parsenodes.h, PostgreSQL 11 to 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice

from kada_dagster.postgres.rule_tree_reader import RuleTree, RuleTreeError, child, items, nodes

_EXCEPT = "3"
_RELATION = re.compile(r"\} :rtekind 0 :relid (\d+) ")
_TARGET = "{TARGETENTRY :expr "
# By position, not by search: a column may be named like a field. The order is that of 11 to 18.
_TARGET_REST = re.compile(
    r" :resno \d+ :resname [^ ]+ :ressortgroupref (\d+)"
    r" :resorigtbl \d+ :resorigcol -?\d+ :resjunk (true|false)\}"
)
_SHARED = ("ns_uris", "docexpr", "rowexpr", "passingvalexprs")
_OWN = ("colexprs", "coldefexprs", "colvalexprs")


Expression = tuple["Query", int]
"""One expression node and the query whose range table its variables count in."""

Column = list[Expression]
"""The expressions a column's value comes from; several when rows of several branches meet."""


class Query:
    """One query of the tree; `parent` is the query around it, None for the view itself."""

    __slots__ = (
        "_behind",
        "_columns",
        "_entries",
        "_nested",
        "_outputs",
        "_relations",
        "_selected",
        "_unread",
        "node",
        "parent",
        "sort_keys",
        "tree",
    )

    def __init__(self, tree: RuleTree, node: int, parent: Query | None) -> None:
        """Read the query at `node`; raise RuleTreeError unless it is a SELECT."""
        if not tree.text.startswith("{QUERY :commandType 1 ", node):
            raise RuleTreeError(
                "a query of the rule tree is not a SELECT: lineage is read from views only"
            )
        self.tree, self.node, self.parent = tree, node, parent
        rtable = tree.value(node + 1, "rtable")
        self._unread, self._entries = tree.listed(rtable), list[int]()
        self._selected: list[Column] = []
        self.sort_keys: dict[str, Expression] = {}
        self._behind = self._read_select_list(tree.value(rtable, "targetList"))
        self._nested: dict[int, Query] = {}
        self._relations: dict[int, int | None] = {}
        self._columns: dict[int, list[Column]] = {}
        self._outputs: list[Column] | None = None

    def _read_select_list(self, place: int) -> int:
        """Junk, which only sorting and grouping use, is no output. Returns the place behind."""
        text, end = self.tree.text, self.tree.end
        while text[place] in "( ":  # before the first entry, before each other
            expression = place + 1 + len(_TARGET)
            known = text.startswith(_TARGET, place + 1)
            rest = _TARGET_REST.match(text, end(expression)) if known else None
            if rest is None:
                raise RuleTreeError("a SELECT list entry of the rule tree has unknown fields")
            sort_ref, junk = rest.groups()
            if junk == "false":
                self._selected.append([(self, expression)])
            if sort_ref != "0":
                self.sort_keys[sort_ref] = (self, expression)
            place = rest.end()
        return place

    def release(self) -> None:
        """Let go of all that leads back here: thousands of rules would wait to be collected."""
        queries: list[Query] = [self]
        while queries:
            query = queries.pop()
            queries.extend(query._nested.values())
            query._nested, query._columns, query.sort_keys = {}, {}, {}
            query._selected, query._outputs = [], None

    def windows(self) -> Iterator[int]:
        """The items of the WINDOW clause; ``OVER (...)`` makes one too."""
        return self.tree.listed(self.tree.value(self._behind, "windowClause"))

    def common_tables(self) -> list[dict[str, str]]:
        """The fields of each item of the WITH clause."""
        place = self.tree.value(self.node + 1, "cteList")
        return [self.tree.fields(node) for node in self.tree.listed(place)]

    def nested(self, node: int | None) -> Query:
        """The query at `node`, which lies directly inside this one."""
        if node is None:
            raise RuleTreeError("the rule tree has no query where one is expected")
        if node not in self._nested:
            self._nested[node] = Query(self.tree, node, self)
        return self._nested[node]

    def outer(self, levels: int) -> Query:
        """The query `levels` steps further out (0: this one)."""
        query = self
        for _ in range(levels):
            if query.parent is None:
                raise RuleTreeError("the rule tree refers to a query outside of itself")
            query = query.parent
        return query

    @property
    def outputs(self) -> list[Column]:
        """The output columns in order: the SELECT list without junk, or a set operation's."""
        if self._outputs is None:
            self._outputs = self._selected
            for root in self.tree.listed(self.tree.value(self._behind, "setOperations")):
                self._outputs = _set_operation(self, root, len(self._selected))
        return self._outputs

    def relation(self, varno: int) -> int | None:
        """The pg_class oid of range table entry `varno` (from 1), None if it is no relation."""
        if varno not in self._relations:
            self._relations[varno] = _relation(self.tree.text, self._entry(varno))
        return self._relations[varno]

    def column(self, varno: int, attnum: int) -> Column:
        """Column `attnum` (from 1; 0: all) of entry `varno` (from 1), which is no relation."""
        columns = self._columns.get(varno)
        if columns is None:
            entry = self.tree.fields(self._entry(varno))
            columns = self._columns[varno] = _columns(self, entry)
        if attnum == 0:
            return list(chain.from_iterable(columns))
        if not 0 < attnum <= len(columns):
            raise RuleTreeError(
                f"the rule tree refers to column {attnum} of a FROM item with {len(columns)}"
            )
        return columns[attnum - 1]

    def _entry(self, varno: int) -> int:
        self._entries += islice(self._unread, max(0, varno - len(self._entries)))
        if not 0 < varno <= len(self._entries):
            raise RuleTreeError(
                f"the rule tree refers to FROM item {varno} of {len(self._entries)}"
            )
        return self._entries[varno - 1]


def _relation(text: str, entry: int) -> int | None:
    """An entry begins with its aliases, its kind and, of a relation, the oid."""
    found = _RELATION.match(text, text.index("} :rtekind ", entry))
    return int(found[1]) if found else None


def _set_operation(query: Query, root: int, width: int) -> list[Column]:
    """The columns of all branches. EXCEPT gives rows of its left side; the right one filters."""
    outputs: list[Column] = [[] for _ in range(width)]
    todo = [root]
    while todo:
        fields = query.tree.fields(todo.pop())
        if "rtindex" in fields:
            for number, output in enumerate(outputs, 1):
                output.extend(query.column(int(fields["rtindex"]), number))
        else:
            todo += nodes(fields["larg"])
            if fields["op"] != _EXCEPT:
                todo += nodes(fields["rarg"])
    return outputs


def _columns(query: Query, entry: dict[str, str]) -> list[Column]:
    read = _KINDS.get(entry["rtekind"])
    if read is None:
        raise RuleTreeError(
            f"range table kind {entry['rtekind'][:9]} is unknown: is the server newer than 18?"
        )
    return read(query, entry)


def _subquery(query: Query, entry: dict[str, str]) -> list[Column]:
    return query.nested(child(entry["subquery"])).outputs


def _join(query: Query, entry: dict[str, str]) -> list[Column]:
    return _each(query, items(entry["joinaliasvars"]))


def _group(query: Query, entry: dict[str, str]) -> list[Column]:
    return _each(query, items(entry["groupexprs"]))


def _each(query: Query, expressions: list[int | None]) -> list[Column]:
    return [[(query, node)] if node else [] for node in expressions]


def _function(query: Query, entry: dict[str, str]) -> list[Column]:
    """ROWS FROM (f, g): f's columns come from f's arguments, the ordinality from nothing."""
    columns: list[Column] = []
    for node in nodes(entry["functions"]):
        function = query.tree.fields(node)
        columns += _each(query, [child(function["funcexpr"])]) * int(function["funccolcount"])
    return [*columns, []] if entry["funcordinality"] == "true" else columns


def _table_function(query: Query, entry: dict[str, str]) -> list[Column]:
    """XMLTABLE, JSON_TABLE: a column has the document, the row path and its own expressions."""
    table = query.tree.fields(child(entry["tablefunc"]) or 0)
    shared = _each(query, [node for name in _SHARED for node in nodes(table.get(name, "<>"))])
    common = list(chain.from_iterable(shared))
    columns: list[Column] = [list(common) for _ in _names(table["colnames"])]
    for name in _OWN:
        for column, own in zip(columns, _each(query, items(table.get(name, "<>"))), strict=False):
            column.extend(own)
    for number in _ordinality(table):
        columns[number] = []
    return columns


def _ordinality(table: dict[str, str]) -> list[int]:
    """The FOR ORDINALITY columns: they count rows and so come from nothing.

    XMLTABLE says which one it is, JSON_TABLE leaves its expression out.
    """
    values = items(table.get("colvalexprs", "<>"))
    numbered = [number for number, node in enumerate(values) if node is None]
    return numbered if table["ordinalitycol"] == "-1" else [int(table["ordinalitycol"])]


def _names(value: str) -> list[str]:
    """The names of a list of strings, still escaped."""
    return [name[1:-1] for name in value.strip("()").split(" ")] if value != "<>" else []


def _values(query: Query, entry: dict[str, str]) -> list[Column]:
    """VALUES: a list of rows, each a list of expressions."""
    rows = [nodes(row) for row in entry["values_lists"].split(") (")]
    if len({len(row) for row in rows}) != 1:
        raise RuleTreeError("the rows of a VALUES list in the rule tree differ in length")
    return [[(query, node) for node in column] for column in zip(*rows, strict=True)]


def _common_table(query: Query, entry: dict[str, str]) -> list[Column]:
    """WITH: the columns of its query, then those that SEARCH and CYCLE add to them."""
    home = query.outer(int(entry["ctelevelsup"]))
    for table in home.common_tables():
        if table["ctename"] == entry["ctename"]:
            columns = home.nested(child(table["ctequery"])).outputs
            return columns + _search_and_cycle(query.tree, table, columns)
    raise RuleTreeError("the rule tree names a WITH query that it does not hold")


def _search_and_cycle(tree: RuleTree, table: dict[str, str], columns: list[Column]) -> list[Column]:
    """The column SEARCH adds and the two of CYCLE, made from the columns those clauses list."""
    names, added = _names(table["ctecolnames"]), list[Column]()
    for clause, listed, count in (("search", "search_col_list", 1), ("cycle", "cycle_col_list", 2)):
        node = child(table.get(f"{clause}_clause", "<>"))
        if node:
            used = [names.index(name) for name in _names(tree.fields(node)[listed])]
            added += [[expression for number in used for expression in columns[number]]] * count
    return added


# Not 7 (transition tables of triggers) and 8 (an empty FROM of the planner): never in a view.
_KINDS: dict[str, Callable[[Query, dict[str, str]], list[Column]]] = {
    "1": _subquery,
    "2": _join,
    "3": _function,
    "4": _table_function,
    "5": _values,
    "6": _common_table,
    "9": _group,
}
