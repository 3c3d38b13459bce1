"""`incremental`: rows from the mark on, less a look-back; the mark is saved with the rows.

The range begins with the very value of the mark, since rows of that value may have come later. With
a key rows are merged; without one those of the range are replaced. Either way a row that is read
again is not there twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.clearing import clear
from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import feed, may_replace
from kada_dagster.loader.engine.deletes import delete_missing, read_keys
from kada_dagster.loader.engine.keeping import require_arrived
from kada_dagster.loader.engine.modes.upsert import merge, merge_and_delete, require_unique
from kada_dagster.loader.engine.references import refuse_cascades
from kada_dagster.loader.engine.restoring import restore_rows
from kada_dagster.loader.engine.rounding import require_exact
from kada_dagster.loader.engine.rows import WaitingRows
from kada_dagster.loader.engine.table import Table, describe
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import CursorError, LoaderError
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.postgres_query import operator, where
from kada_dagster.loader.source.target_types import TEXTS, base_of

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def load_incremental(context: LoadContext) -> LoadOutcome:
    """Bring what is new since the mark.

    Raises:
        LoaderError: the target and the mark are as they were.
    """
    plan = context.plan
    table = describe(context.target, plan.schema, plan.table)
    if plan.key:
        require_unique(table, plan.key)
    bound = _bound(context, table)
    bounds = (*plan.selection.bounds, bound)
    require_exact(context, table, bounds)
    whole = context
    context = replace(context, plan=replace(plan, selection=replace(plan.selection, bounds=bounds)))
    read = WaitingRows.read_by_key if plan.key else WaitingRows.read
    waiting = read(context, table, feed(context, table))
    mark = _new_mark(waiting, table, context)
    is_replaced = _may_replace(context, waiting.rows)
    if plan.key:
        return replace(_merge(whole, waiting, bound), mark=mark)
    counts = _replace_range(context, waiting, bound) if is_replaced else Counts()
    return LoadOutcome(counts, waiting.size, mark)


def _merge(whole: LoadContext, waiting: WaitingRows, bound: Bound) -> LoadOutcome:
    """By key. All keys of the source say what is gone, and what is back behind the mark."""
    table = waiting.table
    if whole.plan.deletes == "none":
        return LoadOutcome(merge(whole, waiting), waiting.size)
    keys = read_keys(whole, table, waiting.given)
    is_whole = may_replace(whole, keys.rows)

    def delete() -> int:
        return delete_missing(whole, table, keys.place) if is_whole else 0

    counts = merge_and_delete(whole, waiting, delete)
    done = LoadOutcome(counts, waiting.size + keys.size)
    return done if bound.lower is None else restore_rows(whole, waiting, keys, bound, done)


def _bound(context: LoadContext, table: Table) -> Bound:
    """From the mark, less the look-back, on; everything where there is no mark yet."""
    plan = context.plan
    cursor = plan.cursor or ""
    read = dict(plan.columns).get(cursor, cursor)
    if plan.mark is None:
        return Bound(read, includes_null=True)
    return Bound(read, lower=_start(context, table, cursor, plan.mark))


def _start(context: LoadContext, table: Table, cursor: str, mark: str) -> str:
    """The mark less the look-back, computed by the server in the column's own type."""
    from psycopg2.sql import SQL

    if not context.plan.lag:
        return mark
    kind = table.named((cursor,))[0].plain
    lag = "interval" if kind.startswith(("timestamp", "date", "time", "interval")) else "numeric"
    less = SQL(operator("-", is_own=True))
    text = SQL("SELECT ((%s::{0} {2} %s::{1})::{0})::text")
    statement = text.format(SQL(kind), SQL(lag), less)
    try:
        rows = context.target.rows("look-back", statement, (mark, context.plan.lag))
    except LoaderError as error:
        raise CursorError(
            f"{table}: lag: {context.plan.lag!r} cannot be taken from {cursor} ({kind}): {error}"
        ) from None
    return str(rows[0][0])


def _may_replace(context: LoadContext, rows: int) -> bool:
    """As `may_replace`; but that nothing came behind a mark is the usual day, and no error."""
    plan = context.plan
    if plan.mark is not None and plan.on_empty == "fail":
        return rows > 0
    return may_replace(context, rows)


def _replace_range(context: LoadContext, waiting: WaitingRows, bound: Bound) -> Counts:
    """Without a key: what the target has of the range goes, what was read comes."""
    from psycopg2.sql import SQL

    table = waiting.table
    refuse_cascades(context, table, "Give the task a key, so that rows are merged in place")
    inside = _condition(context, waiting, bound)
    deleted = clear(context, table, inside)
    listed = names(waiting.given.names)
    insert = SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    statement = insert.format(table.identifier, listed, listed, waiting.place)
    inserted = context.target.run(f"insert into {table}", statement)
    if inserted != waiting.rows:
        require_arrived(context.target, table, waiting.rows, inside)
    return Counts(waiting.rows, waiting.rows, 0, deleted)


def _condition(context: LoadContext, waiting: WaitingRows, bound: Bound) -> Composable:
    """Rows of the target in the range, with WHERE.

    Texts that the source orders otherwise may come from behind the mark, as far as this server
    knows: rows of their values go, too.
    """
    from psycopg2.sql import SQL, Identifier

    cursor = context.plan.cursor or ""
    (column,) = waiting.table.named((cursor,))
    inside = where((replace(bound, column=cursor, is_own=column.is_own),))
    if base_of(column) not in TEXTS:
        return inside
    came = SQL("{} OR {} {} ANY (SELECT {} FROM {} AS new)")
    names = Identifier(cursor), SQL(column.equals), Identifier("new", cursor)
    return came.format(inside, *names, waiting.place)


def _new_mark(waiting: WaitingRows, table: Table, context: LoadContext) -> str | None:
    """The greatest value that was read and is neither infinite nor days ahead; it never goes back.

    Behind infinity nothing would ever be new, and behind 9999-12-31 as little. Rows ahead are read
    by each load, as all from the mark on.
    """
    from psycopg2.sql import SQL, Literal

    cursor = context.plan.cursor or ""
    (column,) = table.named((cursor,))
    kind, old = column.plain, Literal(context.plan.mark)
    limit, name = _limit(kind, context.target.version), names([cursor])
    most = SQL("pg_catalog.max" if column.is_own else "max")
    less = SQL(operator("<", column.is_own))
    usable = SQL("") if limit is None else SQL(" FILTER (WHERE {} {} {})").format(name, less, limit)
    text = SQL("greatest({}({}){}, {}::{})::text")
    greatest = text.format(most, name, usable, old, SQL(kind))
    return waiting.value(f"mark of {table}", greatest)


def _limit(kind: str, version: int) -> Composable | None:
    """What a mark is less than; None where any value of the type may be one."""
    from psycopg2.sql import SQL, Literal

    if kind.startswith(("timestamp", "date")):
        # In any zone; and once, not for each row.
        soon = "(SELECT (statement_timestamp() {} interval '2 days')::{})"
        return SQL(soon).format(SQL(operator("+", is_own=True)), SQL(kind))
    if kind.startswith("numeric"):
        return Literal("Infinity" if version >= 14 else "NaN")
    endless = ("real", "double", *(["interval"] if version >= 17 else []))
    return Literal("Infinity") if kind.startswith(endless) else None
