"""Rows of the target whose key is gone at the source: deleted, or marked with the moment.

The keys are in a table of the transaction. None at all are an accident unless the task says
otherwise: see `may_replace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.copying import Feed, copy_rows
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.base import Bound, TargetColumn
from kada_dagster.loader.source.postgres_query import where

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_KEYS = "load_keys"


def delete_missing(
    context: LoadContext,
    table: Table,
    keys: Composable,
    bounds: Sequence[Bound] = (),
    also: Composable | None = None,
) -> int:
    """Delete or mark the rows whose key is not among those that are there.

    Args:
        context: of the load; its plan says whether they are deleted or marked.
        table: of the target.
        keys: a table with the keys that are there, quoted.
        bounds: of what was read, in columns of the source: other rows are left alone.
        also: a further condition on the rows, as `a = 1`.

    Returns:
        How many.

    Raises:
        LoaderError: the server refuses, as where other rows refer to one of them.
    """
    from psycopg2.sql import SQL, Identifier

    plan = context.plan
    inside = own_bounds(bounds, plan.columns, table)
    missing = SQL("NOT EXISTS (SELECT FROM {} AS here WHERE {})").format(
        keys, matches("here", "kept", table.named(plan.key))
    )
    conditions = where(inside) + (SQL(" AND ") if inside else SQL(" WHERE ")) + missing
    if also is not None:
        conditions += SQL(" AND ") + also
    context.report(f"rows of {table} that are gone at the source")
    if plan.soft_column is None:
        statement = SQL("DELETE FROM {} AS kept{}").format(table.identifier, conditions)
        return context.target.run(f"delete from {table}", statement)
    table.named((plan.soft_column,))
    statement = SQL("UPDATE {} AS kept SET {} = statement_timestamp(){} AND kept.{} IS NULL")
    soft = Identifier(plan.soft_column)
    marked = statement.format(table.identifier, soft, conditions, soft)
    return context.target.run(f"mark rows of {table}", marked)


@dataclass(frozen=True)
class SourceKeys:
    """The keys that are at the source.

    Attributes:
        place: the table of the transaction they are in, quoted; with the cursor, if there is one.
        rows: how many.
        size: bytes.
    """

    place: Composable
    rows: int
    size: int


def read_keys(context: LoadContext, table: Table, given: Feed) -> SourceKeys:
    """Read all keys of the source.

    Args:
        context: of the load; its selection is the whole of the source.
        table: of the target.
        given: which columns are read into which.

    Raises:
        LoaderError: the keys cannot be read.
    """
    from psycopg2.sql import SQL, Identifier

    plan = context.plan
    if missing := [name for name in plan.key if name not in given.names]:
        raise SchemaMismatchError(f"{table}: key: {', '.join(missing)} is not read")
    source = dict(zip(given.names, given.selection.columns or ()))
    is_more = plan.cursor in given.names and plan.cursor not in plan.key
    wanted = (*plan.key, plan.cursor or "") if is_more else plan.key
    selection = replace(plan.selection, columns=tuple(source[name] for name in wanted))
    place = Identifier("pg_temp", _KEYS)
    create = SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
    context.target.run("keys", create.format(place, names(wanted), table.identifier))
    copied = copy_rows(context, Feed(table.named(wanted), selection), place, is_new=True)
    context.target.run("keys", SQL("ANALYZE {}").format(place))
    return SourceKeys(place, copied.rows, copied.size)


def matches(one: str, other: str, key: Sequence[TargetColumn]) -> Composable:
    """The condition that two rows have the same key."""
    from psycopg2.sql import SQL, Identifier

    pairs = [
        SQL("{} {} {}").format(
            Identifier(one, column.name), SQL(column.equals), Identifier(other, column.name)
        )
        for column in key
    ]
    return SQL(" AND ").join(pairs)


def own_bounds(
    bounds: Sequence[Bound], columns: Sequence[tuple[str, str]], table: Table
) -> list[Bound]:
    """Bounds of the source's columns as bounds of the target's."""
    called = {source: target for target, source in columns}
    own = {column.name for column in table.columns if column.is_own}
    found = [replace(bound, column=called.get(bound.column, bound.column)) for bound in bounds]
    return [replace(bound, is_own=bound.column in own) for bound in found]
