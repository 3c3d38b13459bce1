"""Rows of the target that make room for those that were read: all of them, or those of a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.keeping import keepers
from kada_dagster.loader.engine.table import Table, shows_some_rows
from kada_dagster.loader.errors import SchemaMismatchError, TargetError

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def clear(context: LoadContext, table: Table, condition: Composable) -> int:
    """Delete rows that others take the place of.

    A trigger or a rule may keep them without a word, and each load would then add its rows to those
    of the one before.

    Args:
        context: of the load.
        table: of the target.
        condition: on the rows, with WHERE; or nothing.

    Returns:
        How many.

    Raises:
        LoaderError: some are still there, or the server refuses.
    """
    from psycopg2.sql import SQL

    target = context.target
    delete = SQL("DELETE FROM {}{}").format(table.identifier, condition)
    deleted = target.run(f"delete the old rows of {table}", delete)
    keeping = keepers(target, table, "delete")
    if not keeping:
        return deleted
    left = SQL("SELECT count(*) FROM {}{}").format(table.identifier, condition)
    if found := int(target.rows(f"rows left in {table}", left)[0][0]):
        raise TargetError(
            f"{table}: {found} old rows are still there when they were deleted, because of "
            f"{keeping}: the load would add its rows to them. Let it delete for the loading role, "
            "or load with a key (mode: upsert)"
        )
    return deleted


def refuse_truncate(context: LoadContext, table: Table) -> None:
    """Refuse TRUNCATE, which asks no policy, where others have rows in the table.

    Raises:
        SchemaMismatchError: the loading role sees only some of them.
    """
    if shows_some_rows(context.target, table):
        raise SchemaMismatchError(
            f"{table}: target.swap: truncate would take the rows that policies hide from the "
            "loading role, too. Write target.swap: delete"
        )
