"""Whether the columns of a SELECT go into those of a table without being bent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.table import Table, sql
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def fitting_columns(context: LoadContext, table: Table) -> Composable:
    """The columns of the SELECT, quoted, which are columns of the table.

    A type that the server turns into the other one by itself in every expression fits; one that it
    would only take on assignment, as 1.5 into an integer, does not.

    Raises:
        SchemaMismatchError: a column is missing or of another type; names all of them.
    """
    given = context.source.columns(context.plan.selection)
    into = table.named([column.name for column in given])
    wrong = [
        f"{have.name} is {have.target_type}, in the table {want.type}"
        for have, want in zip(given, into)
        if not _fits(context, have.target_type, want.type)
    ]
    if wrong:
        raise SchemaMismatchError(
            f"{table}: the SELECT gives other types than the table has: {'; '.join(wrong)}. Cast "
            "them in the SELECT, or change the table (ver/NNN_*.sql, or target.ddl: auto)"
        )
    return names([column.name for column in given])


def _fits(context: LoadContext, have: str, want: str) -> bool:
    rows = context.target.rows("types", sql("fits"), {"have": have, "want": want})
    return bool(rows[0][0])
