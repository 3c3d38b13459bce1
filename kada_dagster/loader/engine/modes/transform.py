"""`sql`: a SELECT of the target makes all rows of the table.

Its rows are computed beside the table and take the place of the old ones as in mode full: readers
see the old rows or the new ones, and an error leaves the old ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.loader.engine.clearing import clear, refuse_truncate
from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import may_replace
from kada_dagster.loader.engine.keeping import require_arrived
from kada_dagster.loader.engine.references import refuse_references
from kada_dagster.loader.engine.replacement import Replacement, lock_from_readers, obstacles
from kada_dagster.loader.engine.select_types import fitting_columns
from kada_dagster.loader.engine.table import Table, describe
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.postgres_query import rows_of

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_CURE = (
    "Let the SELECT fill a table nothing refers to, and bring its rows here by a task that reads "
    "it, with mode: upsert and deletes: hard"
)


def load_select(context: LoadContext) -> LoadOutcome:
    """Compute the rows, and put them in place of the old ones.

    A task without a SELECT has run its files already, and nothing is left to do.

    Raises:
        LoaderError: the target is as it was.
    """
    plan = context.plan
    if plan.selection.query is None:
        return LoadOutcome(Counts())
    table = describe(context.target, plan.schema, plan.table)
    listed = fitting_columns(context, table)
    reasons = obstacles(context.target, table) if plan.swap in ("auto", "rename") else []
    if plan.swap == "rename" and reasons:
        raise SchemaMismatchError(
            f"{table}: it cannot be replaced by a new table: {'; '.join(reasons)}. Write "
            "target.swap: auto or delete"
        )
    if plan.swap in ("delete", "truncate") or reasons:
        return _in_place(context, table, listed, reasons)
    return _beside(context, table, listed)


def _beside(context: LoadContext, table: Table, listed: Composable) -> LoadOutcome:
    from psycopg2.sql import SQL

    target = context.target
    made = Replacement.make(target, table)
    statement = SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        made.identifier, listed, listed, rows_of(context.plan.selection)
    )
    context.report(f"compute the rows of {table}")
    rows = target.run(f"the SELECT of {table}", statement)
    kept = _kept(context, table, made.identifier, rows)
    if kept is not None:
        target.run(f"drop {made.name}", SQL("DROP TABLE {}").format(made.identifier))
        return kept
    made.take_over(context.plan.lock_seconds)
    return LoadOutcome(Counts(rows, rows), notes={"swap": "rename"})


def _in_place(
    context: LoadContext, table: Table, listed: Composable, reasons: list[str]
) -> LoadOutcome:
    """The SELECT may read the table itself: its rows are computed before the old ones go."""
    from psycopg2.sql import SQL, Identifier

    target, waiting = context.target, Identifier("pg_temp", "load_rows")
    like = SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT * FROM {} WITH NO DATA")
    target.run(f"rows of {table}", like.format(waiting, table.identifier))
    insert = SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    select = insert.format(waiting, listed, listed, rows_of(context.plan.selection))
    rows = target.run(f"the SELECT of {table}", select)
    if (kept := _kept(context, table, waiting, rows, listed)) is not None:
        return kept
    deleted = _empty(context, table)
    put = insert.format(table.identifier, listed, listed, waiting)
    if target.run(f"insert into {table}", put) != rows:
        require_arrived(target, table, rows, SQL(""))
    swap = "truncate" if context.plan.swap == "truncate" else "delete"
    notes = {"swap": swap, **({"no_rename": "; ".join(reasons)} if reasons else {})}
    return LoadOutcome(Counts(rows, rows, 0, deleted), notes=notes)


def _empty(context: LoadContext, table: Table) -> int:
    from psycopg2.sql import SQL

    if context.plan.swap == "truncate":
        refuse_truncate(context, table)
        lock_from_readers(context.target, table, context.plan.lock_seconds)
        context.target.run(f"empty {table}", SQL("TRUNCATE {}").format(table.identifier))
        return 0
    refuse_references(context, table, _CURE)
    return clear(context, table, SQL(""))


def _kept(
    context: LoadContext,
    table: Table,
    made: Composable,
    rows: int,
    listed: Composable | None = None,
) -> LoadOutcome | None:
    """What the load comes to where the old rows stay: nothing came, or just the same."""
    if not may_replace(context, rows):
        return LoadOutcome(Counts(), notes={"swap": "none"})
    if context.plan.compare and _is_same(context, table, made, listed):
        return LoadOutcome(Counts(rows, unchanged=rows), notes={"swap": "none"})
    return None


def _is_same(
    context: LoadContext, table: Table, made: Composable, listed: Composable | None
) -> bool:
    """Whether both have the same rows, each as often; as text, which every type has."""
    from psycopg2.sql import SQL

    shown = listed or names([column.name for column in table.columns])
    rows = SQL("SELECT ROW({})::text AS r FROM {}")
    new, old = rows.format(shown, made), rows.format(shown, table.identifier)
    statement = SQL(
        "SELECT (SELECT count(*) FROM {0}) = (SELECT count(*) FROM {1}) "
        "AND NOT EXISTS ({2} EXCEPT ALL {3})"
    ).format(made, table.identifier, new, old)
    context.report(f"compare with {table}")
    return bool(context.target.rows(f"compare with {table}", statement)[0][0])
