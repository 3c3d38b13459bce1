"""What one analysis carries along: the database's names, what was found, how much work is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, cast

from kada_dagster.sql_lineage.dialects import Dialect, Name
from kada_dagster.sql_lineage.model import TableName
from kada_dagster.sql_lineage.relations import Field, Item, Relation, Rest, Trace
from kada_dagster.sql_lineage.scope import Env, Scope

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

ColumnsOf = Mapping[TableName, Sequence[str]]
"""The columns of tables, in order, all names as the database stores them."""

STEPS = 2_000_000
"""Nodes one text may make an analysis visit: some ten seconds."""


class TooMuchWorkError(Exception):
    """The text would take too long to analyse."""


class Context:
    """The state of one analysis.

    Attributes:
        dialect: the rules for names.
        database: where a table without one is, None where not known.
        schema: likewise.
        tables: tables read.
        targets: tables written.
        problems: what was not resolved, beside the gaps of the columns.
        seen: ids of the table nodes that were understood.
        query: analyses a query; set by the module that can.
        statement: analyses a statement that writes; likewise.
    """

    query: Callable[[Expr, Env, Scope | None], Relation]
    statement: Callable[[Expr, Env], None]

    def __init__(
        self, dialect: Dialect, database: str | None, schema: str | None, columns_of: ColumnsOf
    ) -> None:
        self.dialect = dialect
        self.database = database
        self.schema = schema
        self.tables: set[TableName] = set()
        self.targets: set[TableName] = set()
        self.problems: set[str] = set()
        self.seen: set[int] = set()
        self._columns_of = columns_of
        self._steps = 0

    def step(self) -> None:
        """Count a node.

        Raises:
            TooMuchWorkError: it is one too many.
        """
        self._steps += 1
        if self._steps > STEPS:
            raise TooMuchWorkError

    def name(self, identifier: Expr) -> Name:
        """The name of a column or alias."""
        return self.dialect.column(identifier.name, bool(identifier.args.get("quoted")))

    def table(self, name: TableName) -> tuple[Item, ...]:
        """The columns of a table, as far as the caller knows them."""
        known = self._columns_of.get(name)
        if known is None:
            return (Rest(name),)
        return tuple(
            Field(self.dialect.stored(column), Trace(frozenset({(name, column)})))
            for column in known
        )

    def visit(self, part: object, scope: Scope) -> None:
        """Note what the queries inside a condition read; its value matters to no column.

        Args:
            part: a part of a node: a node, a list of them, or what else a node holds.
            scope: where it stands.
        """
        for node in nodes_of(part):
            for inner in queries_in(node):
                self.step()
                self.query(inner, scope.env, scope)


QUERIES = frozenset({"select", "union", "except", "intersect", "subquery"})
"""Keys of the nodes that are queries."""

SET_OPERATIONS = frozenset({"union", "except", "intersect"})


def nodes_of(part: object) -> list[Expr]:
    """The nodes in a part of a node, be it one, a list, or nothing of the kind."""
    parts = cast("list[object]", part) if isinstance(part, list) else [part]
    return [cast("Expr", node) for node in parts if hasattr(node, "iter_expressions")]


def queries_in(node: Expr) -> Iterator[Expr]:
    """The topmost queries at or below a node."""
    todo = [node]
    while todo:
        current = todo.pop()
        if current.key in QUERIES:
            yield current
        else:
            todo.extend(current.iter_expressions())


def reads(node: Expr, context: Context) -> set[str]:
    """Keys of the names without a schema that are read at or below a node."""
    return {
        context.name(table.this).key
        for table in node.walk()
        if table.key == "table" and not table.args.get("db") and is_identifier(table.this)
    }


def is_identifier(node: object) -> TypeGuard[Expr]:
    """Whether something is a name, and not a function, a stage or nothing."""
    return getattr(node, "key", None) == "identifier"
