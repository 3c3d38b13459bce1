"""Rows of the source, copied into a table of the target's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.pipe import Taken, pump
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import EmptySourceError, SchemaMismatchError, TargetError
from kada_dagster.loader.server import settings
from kada_dagster.loader.source.base import Selection, TargetColumn

if TYPE_CHECKING:
    from psycopg2.sql import Composable


@dataclass(frozen=True)
class Feed:
    """Which columns are read into which.

    Attributes:
        into: columns of the target.
        selection: what is read, its columns in the order of `into`.
    """

    into: tuple[TargetColumn, ...]
    selection: Selection

    @property
    def names(self) -> tuple[str, ...]:
        """Of the target's columns."""
        return tuple(column.name for column in self.into)


def feed(context: LoadContext, table: Table) -> Feed:
    """Match the columns of the source with those of the target, by name where nothing is said.

    Raises:
        SchemaMismatchError: a column of the source has none in the target.
        LoaderError: the source's columns cannot be read.
    """
    plan = context.plan
    pairs = plan.columns
    if not pairs:
        found = context.source.columns(plan.selection)
        pairs = tuple(_same_name(column.name, table) for column in found)
        if not pairs and plan.reads_files:  # without rows there are no names
            pairs = tuple((column.name, column.name) for column in table.columns)
    into = table.named([target for target, _ in pairs])
    if not into:
        raise SchemaMismatchError(f"{table}: the source has no columns")
    selection = plan.selection
    columns = tuple(source for _, source in pairs)
    return Feed(
        into,
        Selection(selection.table, selection.query, selection.bounds, columns, selection.options),
    )


def _same_name(name: str, table: Table) -> tuple[str, str]:
    """The target's column of a name; in lower case where only that is there."""
    known = {column.name for column in table.columns}
    return (name if name in known or name.lower() not in known else name.lower(), name)


@dataclass(frozen=True)
class Copied:
    """What went into a table.

    Attributes:
        rows: how many.
        size: bytes.
    """

    rows: int
    size: int


def copy_rows(
    context: LoadContext, given: Feed, into: Composable, *, is_new: bool = False
) -> Copied:
    """Copy all rows of a feed into a table.

    Args:
        context: of the load.
        given: what to read, and the names of the columns.
        into: the table, quoted.
        is_new: whether this transaction made or emptied it, so that its rows can be frozen.

    Raises:
        LoaderError: not all rows arrived.
    """
    from psycopg2.sql import SQL

    context.report(f"copy {context.plan}")
    stream = context.source.stream(given.selection, given.into)
    options = [f"FORMAT {stream.encoding.value}", *(["FREEZE"] if is_new else [])]
    statement = SQL("COPY {} ({}) FROM STDIN ({})").format(
        into, names(given.names), SQL(", ".join(options))
    )
    arrived = 0

    def take(taken: Taken) -> None:
        nonlocal arrived
        arrived = context.target.copy(f"copy into {context.plan}", statement, taken, stream.place)

    order = settings(datestyle=f"ISO, {context.plan.dates.upper()}")
    context.target.run("order of dates", order)  # 03.02.2026 is no date unless the task says so
    size = pump(stream, take)
    context.target.run("order of dates", settings())
    if stream.rows != arrived:
        raise TargetError(
            f"{context.plan}: {stream.rows} rows were read, {arrived} arrived: a trigger of the "
            "table keeps rows out. Let it take the rows of the loading role, or leave them out of "
            "what is read"
        )
    return Copied(arrived, size)


def may_replace(context: LoadContext, rows: int) -> bool:
    """Whether the rows that were read take the place of those in the target.

    Raises:
        EmptySourceError: there are none, and the task does not say that this is right.
    """
    policy = context.plan.on_empty
    if rows or policy == "replace":
        return True
    if policy == "keep":
        return False
    raise EmptySourceError(
        f"{context.plan}: the source has no rows; the target keeps what it has. If that is right, "
        "write empty: replace (then the target is emptied) or empty: keep"
    )


def ordered(columns: Sequence[str], table: str = "") -> Composable:
    """Columns, quoted, of a table that has that name in the statement."""
    from psycopg2.sql import SQL, Identifier

    made = [Identifier(table, name) if table else Identifier(name) for name in columns]
    return SQL(", ").join(made)
