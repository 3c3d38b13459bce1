"""Triggers and rules of the target that keep rows as they are, or out, without an error.

The server does not say what they did: rows are counted where there are some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kada_dagster.loader.engine.table import Table, sql
from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import TargetError

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_EVENTS = {"insert": (4, "3"), "delete": (8, "4"), "update": (16, "2")}


def keepers(target: Target, table: Table, event: Literal["insert", "delete", "update"]) -> str:
    """What may keep rows from being inserted, deleted or updated; '' if nothing does."""
    trigger, rule = _EVENTS[event]
    values = {"oid": table.oid, "trigger": trigger, "rule": rule, "deletes": event == "delete"}
    rows = target.catalogue(f"what keeps rows of {table}", sql("keeping"), values)
    return ", ".join(row[0] for row in rows)


def require_arrived(target: Target, table: Table, rows: int, inside: Composable) -> None:
    """Refuse that fewer rows are there than were read; a trigger may have put them into heirs.

    Args:
        target: the transaction.
        table: of the target.
        rows: how many were read.
        inside: condition on them, with WHERE; or nothing.

    Raises:
        TargetError: some are missing.
    """
    from psycopg2.sql import SQL

    count = SQL("SELECT count(*) FROM {}{}").format(table.identifier, inside)
    refuse_missing(target, table, rows - int(target.rows(f"rows of {table}", count)[0][0]))


def refuse_missing(target: Target, table: Table, missing: int) -> None:
    """Refuse that rows were read and are not there.

    Raises:
        TargetError: there are such rows.
    """
    if missing <= 0:
        return
    why = keepers(target, table, "insert") or "the server"
    raise TargetError(
        f"{table}: {missing} rows that were read did not come in, because of {why}. Let it take "
        "the rows of the loading role, or leave them out of what is read"
    )
