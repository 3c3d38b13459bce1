"""Selections as SQL of PostgreSQL: names quoted, values bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kada_dagster.loader.source.base import Bound, Selection

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def rows_of(selection: Selection) -> Composable:
    """What stands behind FROM."""
    from psycopg2.sql import SQL, Identifier

    if selection.table is not None:
        return Identifier(*selection.table)
    query = (selection.query or "").strip().rstrip(";")
    return SQL("({}\n) AS source").format(SQL(query))  # the query may end with a comment


def select(selection: Selection, columns: Sequence[str]) -> Composable:
    """The statement that gives these columns of the selected rows."""
    from psycopg2.sql import SQL, Identifier

    names = SQL(", ").join(map(Identifier, columns))
    return SQL("SELECT {} FROM {}{}").format(names, rows_of(selection), where(selection.bounds))


def operator(sign: str, is_own: bool) -> str:
    """An operator as it is written in a statement.

    Of two `varchar` the server takes one that somebody made just for them in a schema that is
    looked into, as `public`, before its own, and runs its code as whoever reads.

    Args:
        sign: as `<`.
        is_own: whether it is the server's; those of an extension are found where they are.
    """
    return f"OPERATOR(pg_catalog.{sign})" if is_own else sign


def where(bounds: Sequence[Bound]) -> Composable:
    """The condition that all bounds hold; nothing without any."""
    from psycopg2.sql import SQL

    conditions = [_condition(bound) for bound in bounds]
    return SQL(" WHERE ") + SQL(" AND ").join(conditions) if conditions else SQL("")


def _condition(bound: Bound) -> Composable:
    from psycopg2.sql import SQL, Identifier, Literal

    column = Identifier(bound.column)
    parts: list[Composable] = []
    if bound.lower is not None:
        least = SQL(operator(">=", bound.is_own))
        parts.append(SQL("{} {} {}").format(column, least, Literal(bound.lower)))
    if bound.upper is not None:
        end = SQL(operator("<", bound.is_own))
        parts.append(SQL("{} {} {}").format(column, end, Literal(bound.upper)))
    inside = SQL(" AND ").join(parts) if parts else SQL("{} IS NOT NULL").format(column)
    if bound.includes_null:
        return SQL("({} OR {} IS NULL)").format(inside, column)
    return SQL("({})").format(inside)
