"""Rows behind the mark of an incremental load that the target lacks.

A key that was gone comes back as it was, or a row comes later than the look-back allows for. It is
not among what is new since the mark, but among the keys of the source, which `deletes` has read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.deletes import SourceKeys, matches
from kada_dagster.loader.engine.modes.upsert import merge
from kada_dagster.loader.engine.rows import WaitingRows
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.postgres_query import where

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def restore_rows(
    context: LoadContext, waiting: WaitingRows, keys: SourceKeys, bound: Bound, done: LoadOutcome
) -> LoadOutcome:
    """Read what is behind the mark once more, where rows of it are missing, and merge those.

    Args:
        context: of the load; its selection is the whole of the source.
        waiting: what was read from the mark on; not needed any more.
        keys: of the source.
        bound: from the mark on.
        done: what the load came to so far.

    Raises:
        DuplicateKeyError: missing rows share a key.
        LoaderError: the source cannot be read, or the server refuses.
    """
    from psycopg2.sql import SQL

    table, target = waiting.table, context.target
    behind = replace(bound, lower=None, upper=bound.lower, includes_null=True)
    (cursor,) = table.named((context.plan.cursor or "",))
    own = where((replace(behind, column=cursor.name, is_own=cursor.is_own),))
    count = SQL("SELECT count(*) FROM {} AS new{} AND {}")
    statement = count.format(keys.place, own, _is_lacking(context, table))
    lacking = int(target.rows(f"keys {table} lacks", statement)[0][0])
    if not lacking:
        return done
    context.report(f"{table} lacks {lacking:,} rows: read what is behind the mark")
    target.run("rows", "DROP TABLE IF EXISTS pg_temp.load_rows")
    bounds = (*context.plan.selection.bounds, behind)
    given = replace(waiting.given, selection=replace(waiting.given.selection, bounds=bounds))
    read = WaitingRows.read(context, table, given, is_joined=True)
    delete = SQL("DELETE FROM {} AS new WHERE NOT ({})")
    left = read.rows - target.run("rows", delete.format(read.place, _is_lacking(context, table)))
    counts = _sum(done.counts, merge(context, replace(read, rows=left)))
    notes = {**done.notes, "restored": f"{left:,} rows from behind the mark"}
    return LoadOutcome(counts, done.size + read.size, notes=notes)


def _is_lacking(context: LoadContext, table: Table) -> Composable:
    """The condition that `new` has a key, and the target no row of it but one marked as gone."""
    from psycopg2.sql import SQL, Identifier

    plan = context.plan
    same = matches("new", "kept", table.named(plan.key))
    if plan.soft_column:
        same += SQL(" AND {} IS NULL").format(Identifier("kept", plan.soft_column))
    known = SQL("NOT EXISTS (SELECT FROM {} AS kept WHERE {})").format(table.identifier, same)
    is_key = [SQL("{} IS NOT NULL").format(Identifier("new", name)) for name in plan.key]
    return SQL(" AND ").join([*is_key, known])


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.read + other.read,
        one.inserted + other.inserted,
        one.updated + other.updated,
        one.deleted + other.deleted,
        one.unchanged + other.unchanged,
    )
