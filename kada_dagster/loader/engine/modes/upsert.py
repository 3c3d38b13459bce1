"""`upsert`: rows of the source are put into the target, or change the row with their key.

Rows that are the same already are left alone, so that nothing is written for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome, LoadPlan
from kada_dagster.loader.engine.copying import feed, may_replace
from kada_dagster.loader.engine.deletes import delete_missing, matches
from kada_dagster.loader.engine.keeping import keepers, refuse_missing
from kada_dagster.loader.engine.rounding import require_exact
from kada_dagster.loader.engine.rows import WaitingRows
from kada_dagster.loader.engine.table import Table, describe, sql
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError, TargetError
from kada_dagster.loader.source.base import TargetColumn
from kada_dagster.loader.source.postgres_query import operator

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_TWICE = "SQLSTATE 21000"
_TAKEN = "SQLSTATE 23505"


def load_upsert(context: LoadContext) -> LoadOutcome:
    """Insert and update by key.

    Raises:
        LoaderError: the target is as it was.
    """
    plan = context.plan
    table = describe(context.target, plan.schema, plan.table)
    require_unique(table, plan.key)
    is_joined = plan.deletes != "none"
    if is_joined:
        require_exact(context, table, plan.selection.bounds)
    waiting = WaitingRows.read_by_key(context, table, feed(context, table), is_joined=is_joined)
    is_whole = may_replace(context, waiting.rows)
    if not (is_whole and is_joined) or waiting.have_arrived:
        return LoadOutcome(merge(context, waiting), waiting.size)

    def delete() -> int:
        return delete_missing(context, table, waiting.place, plan.selection.bounds)

    return LoadOutcome(merge_and_delete(context, waiting, delete), waiting.size)


def merge_and_delete(
    context: LoadContext, waiting: WaitingRows, delete: Callable[[], int]
) -> Counts:
    """Bring waiting rows into the target, and take out what is gone.

    A row that is gone may refer to one that came, so that it goes last; but where it has a value
    that is unique and now another row's, it goes first.

    Args:
        context: of the load.
        waiting: the rows.
        delete: deletes or marks what is gone, and says how many rows.

    Raises:
        DuplicateKeyError: some share a key, or have none.
        LoaderError: the server refuses.
    """
    try:
        counts = merge(context, waiting)
    except TargetError as error:
        if _TAKEN not in str(error) or context.plan.deletes != "hard":
            raise
        gone = delete()
        return replace(merge(context, waiting), deleted=gone)
    return replace(counts, deleted=delete())


def merge(context: LoadContext, waiting: WaitingRows) -> Counts:
    """Bring waiting rows into the target by key.

    Raises:
        DuplicateKeyError: some share a key, or have none.
        LoaderError: the server refuses.
    """
    key, table, target = context.plan.key, waiting.table, context.target
    context.report(f"merge {waiting.rows:,} rows into {table}")
    if any(not column.not_null for column in table.named(key)):
        waiting.require_key(key)
    if waiting.have_arrived:
        return Counts(waiting.rows, waiting.rows)
    new = _new_keys(waiting, key) if table.is_partitioned else None
    try:
        with target.attempt():
            told, touched = _merged(waiting, context.plan)
    except TargetError as error:
        if _TWICE in str(error):
            waiting.require_key(key)
        raise
    _require_arrived(waiting, key)
    inserted = told if new is None else min(new, touched)
    return Counts(waiting.rows, inserted, touched - inserted, unchanged=waiting.rows - touched)


def _require_arrived(waiting: WaitingRows, key: tuple[str, ...]) -> None:
    """Refuse rows of which no trace is there; a trigger may have given them another key.

    Those with another key would be touched if they came again, which is tried and undone.
    """
    from psycopg2.sql import SQL, Identifier

    target, table, listed = waiting.target, waiting.table, names(waiting.given.names)
    if not keepers(target, table, "insert") or not (missing := _new_keys(waiting, key)):
        return
    again = SQL(
        "INSERT INTO {0} AS kept ({1}) SELECT {1} FROM {2} AS new WHERE {3} "
        "ON CONFLICT ({4}) DO UPDATE SET {5} = EXCLUDED.{5}"
    ).format(
        table.identifier,
        listed,
        waiting.place,
        _is_new(waiting, key),
        names(key),
        Identifier(key[0]),
    )
    try:
        with target.attempt():
            missing -= target.run(f"rows {table} lacks", again)
            raise _TriedError
    except _TriedError:
        refuse_missing(target, table, missing)


class _TriedError(Exception):
    """What was tried shall not stay."""


def _new_keys(waiting: WaitingRows, key: tuple[str, ...]) -> int:
    """How many waiting rows have no row in the target yet."""
    from psycopg2.sql import SQL

    count = SQL("SELECT count(*) FROM {} AS new WHERE {}")
    statement = count.format(waiting.place, _is_new(waiting, key))
    return int(waiting.target.rows(f"new keys of {waiting.table}", statement)[0][0])


def _is_new(waiting: WaitingRows, key: tuple[str, ...]) -> Composable:
    from psycopg2.sql import SQL

    same = matches("new", "kept", waiting.table.named(key))
    missing = SQL("NOT EXISTS (SELECT FROM {} AS kept WHERE {})")
    return missing.format(waiting.table.identifier, same)


def require_unique(table: Table, key: tuple[str, ...]) -> None:
    """Refuse a key that no unique index keeps.

    Raises:
        SchemaMismatchError: there is none; says how to make it.
    """
    table.named(key)
    if frozenset(key) in table.unique_keys:
        return
    listed = ", ".join(key)
    raise SchemaMismatchError(
        f"{table}: no unique index on ({listed}), so rows cannot be told apart by key. Make it, as "
        f"with CREATE UNIQUE INDEX ON {table} ({listed}) in ver/NNN_key.sql"
    )


def _merged(waiting: WaitingRows, plan: LoadPlan) -> tuple[int, int]:
    """How many rows were new, and how many were touched.

    The server counts what is put into a table. Where it does not, or where triggers may put in
    more, every row says for itself whether it is new, which takes a tenth longer: such a row has no
    xmax. Rows of partitions do not say; none of them counts as new.
    """
    from psycopg2.sql import SQL

    target, table = waiting.target, waiting.table
    what, insert = f"merge into {table}", _insert(waiting, plan)
    before = None if table.is_partitioned else _put_in(waiting)
    if before is not None:
        touched = target.run(what, insert)
        return (_put_in(waiting) or before) - before, touched
    counted = SQL(
        "WITH touched AS ({} RETURNING {} AS is_new) "
        "SELECT count(*) FILTER (WHERE is_new), count(*) FROM touched"
    )
    is_new = SQL("NULL::bool" if table.is_partitioned else "kept.xmax = 0")
    told, touched = target.rows(what, counted.format(insert, is_new))[0]
    return told, touched


def _put_in(waiting: WaitingRows) -> int | None:
    """How many rows this transaction has put into the table; None where that is not known."""
    what, oid = f"rows put into {waiting.table}", {"oid": waiting.table.oid}
    found = waiting.target.catalogue(what, sql("put_in"), oid)
    return int(found[0][0]) if found else None


def _insert(waiting: WaitingRows, plan: LoadPlan) -> Composable:
    from psycopg2.sql import SQL

    data = [column.name for column in waiting.given.into if _may_differ(column, plan)]
    insert = SQL("INSERT INTO {} AS kept ({}) SELECT {} FROM {} ON CONFLICT ({}) ").format(
        waiting.table.identifier,
        names(waiting.given.names),
        names(waiting.given.names),
        waiting.place,
        names(plan.key),
    )
    is_update = data or plan.soft_column
    return insert + (_update(data, plan, waiting.table) if is_update else SQL("DO NOTHING"))


def _may_differ(column: TargetColumn, plan: LoadPlan) -> bool:
    """Whether it may have another value where the key is equal, as 1.0 and 1.00 are."""
    return column.name not in plan.key or not column.is_exact


def _update(data: list[str], plan: LoadPlan, table: Table) -> Composable:
    """Change the columns where they differ, to the bit: every type can be compared so.

    Rows behind a mark nearly all differ in its column, which is quickly seen. A row that was marked
    as gone and is there again has no mark any more.
    """
    from psycopg2.sql import SQL, Identifier

    changes = [SQL("{0} = EXCLUDED.{0}").format(Identifier(name)) for name in data]
    old = [SQL("kept.{}").format(Identifier(name)) for name in data]
    new = [SQL("EXCLUDED.{}").format(Identifier(name)) for name in data]
    differences = [
        SQL("ROW({})::record *<> ROW({})::record").format(SQL(", ").join(old), SQL(", ").join(new))
    ]
    if cursor := next((one for one in table.columns if one.name == plan.cursor in data), None):
        sign = SQL(operator("<>", cursor.is_own))  # of none, the rows are compared
        column = Identifier(cursor.name)
        differences.insert(0, SQL("kept.{0} {1} EXCLUDED.{0}").format(column, sign))
    if plan.soft_column:
        column = Identifier(plan.soft_column)
        changes.append(SQL("{} = NULL").format(column))
        differences.append(SQL("kept.{} IS NOT NULL").format(column))
    differs = SQL(" OR ").join(differences)
    return SQL("DO UPDATE SET {} WHERE {}").format(SQL(", ").join(changes), differs)
