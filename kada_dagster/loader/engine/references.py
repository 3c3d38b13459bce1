"""Foreign keys that make a DELETE reach further than the rows it names."""

from __future__ import annotations

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.table import Table, sql
from kada_dagster.loader.errors import SchemaMismatchError


def refuse_references(context: LoadContext, table: Table, cure: str) -> None:
    """Refuse to delete all rows, or those of a part, where others refer to them.

    Args:
        context: of the load.
        table: of the target.
        cure: what to do instead, a sentence.

    Raises:
        SchemaMismatchError: there may be some.
    """
    _refuse(context, table, cure, is_part=context.plan.is_part, is_guarded=False)


def refuse_cascades(context: LoadContext, table: Table, cure: str) -> None:
    """Refuse to delete some rows where others would go or change with them.

    Where the server itself refuses to delete a row that others refer to, it may do so.

    Raises:
        SchemaMismatchError: some might.
    """
    _refuse(context, table, cure, is_part=True, is_guarded=True)


def _refuse(
    context: LoadContext, table: Table, cure: str, *, is_part: bool, is_guarded: bool
) -> None:
    values = {"oid": table.oid, "is_part": is_part, "is_guarded": is_guarded}
    rows = context.target.rows(f"references to {table}", sql("references"), values)
    if rows:
        raise SchemaMismatchError(
            f"{table}: the load deletes rows, but {'; '.join(row[0] for row in rows)}. {cure}"
        )
