"""`full`: all rows of the source take the place of all rows of the target.

Readers see the old rows or the new ones. How, says `LoadPlan.swap`:
`rename`: a new table takes the old one's place; readers wait for the moment of the change.
`delete`: the old rows are deleted and the new ones copied in; readers never wait, and even those
in the middle of a transaction keep what they see. It costs more, and leaves dead rows to vacuum.
`truncate`: readers wait while the rows are copied.
`auto`: `rename` where nothing depends on the table itself, else `delete`.
"""

from __future__ import annotations

from kada_dagster.loader.engine.clearing import clear, refuse_truncate
from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import Copied, Feed, copy_rows, feed, may_replace
from kada_dagster.loader.engine.deletes import own_bounds
from kada_dagster.loader.engine.references import refuse_references
from kada_dagster.loader.engine.replacement import Replacement, lock_from_readers, obstacles
from kada_dagster.loader.engine.rounding import require_exact
from kada_dagster.loader.engine.rows import copy_in_place
from kada_dagster.loader.engine.table import Table, describe
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.postgres_query import where


def load_full(context: LoadContext) -> LoadOutcome:
    """Replace all rows, or those of a part.

    Raises:
        LoaderError: the target is as it was.
    """
    plan = context.plan
    table = describe(context.target, plan.schema, plan.table)
    given = feed(context, table)
    if plan.is_part:
        require_exact(context, table, plan.selection.bounds)
        return _delete_and_copy(context, table, given)
    if plan.swap == "truncate":
        return _truncate_and_copy(context, table, given)
    reasons = obstacles(context.target, table) if plan.swap != "delete" else []
    if plan.swap == "rename" and reasons:
        raise SchemaMismatchError(
            f"{table}: it cannot be replaced by a new table: {'; '.join(reasons)}. Write "
            "target.swap: auto or delete"
        )
    if plan.swap == "delete" or reasons:
        return _delete_and_copy(context, table, given, reasons)
    return _copy_and_rename(context, table, given)


def _copy_and_rename(context: LoadContext, table: Table, given: Feed) -> LoadOutcome:
    from psycopg2.sql import SQL

    made = Replacement.make(context.target, table)
    copied = copy_rows(context, given, made.identifier, is_new=True)
    if not may_replace(context, copied.rows):
        context.target.run(f"drop {made.name}", SQL("DROP TABLE {}").format(made.identifier))
        return LoadOutcome(Counts(), copied.size)
    context.report(f"put the new {table} in place")
    made.take_over(context.plan.lock_seconds)
    return _outcome(copied, 0, "rename")


def _delete_and_copy(
    context: LoadContext, table: Table, given: Feed, reasons: list[str] | None = None
) -> LoadOutcome:
    """All in place. Rows that others refer to are left alone: deleting them may delete more."""
    target, plan = context.target, context.plan
    way = "write" if plan.reads_files else "mode"
    refuse_references(context, table, f"Use {way}: upsert with deletes: hard")
    inside = where(own_bounds(plan.selection.bounds, plan.columns, table))
    try:
        with target.attempt():
            deleted = clear(context, table, inside)
            copied = copy_in_place(context, table, given)
            replaced = may_replace(context, copied.rows)
            if not replaced:
                raise _KeptError
    except _KeptError:
        return LoadOutcome(Counts())
    return _outcome(copied, deleted, "delete", reasons)


class _KeptError(Exception):
    """The source is empty and the rows of the target stay."""


def _truncate_and_copy(context: LoadContext, table: Table, given: Feed) -> LoadOutcome:
    from psycopg2.sql import SQL

    target = context.target
    refuse_truncate(context, table)
    lock_from_readers(target, table, context.plan.lock_seconds)
    try:
        with target.attempt():
            target.run(f"empty {table}", SQL("TRUNCATE {}").format(table.identifier))
            copied = copy_rows(context, given, table.identifier, is_new=not table.is_partitioned)
            if not may_replace(context, copied.rows):
                raise _KeptError
    except _KeptError:
        return LoadOutcome(Counts())
    return _outcome(copied, 0, "truncate")


def _outcome(
    copied: Copied, deleted: int, swap: str, reasons: list[str] | None = None
) -> LoadOutcome:
    notes = {"swap": swap}
    if reasons:
        notes["no_rename"] = "; ".join(reasons)
    return LoadOutcome(Counts(copied.rows, copied.rows, 0, deleted), copied.size, None, notes)
