"""`diff`: both sides hash their rows in blocks, and only the blocks that differ travel.

PostgreSQL as a source computes hashes. From other sources all rows travel, and those that are the
same change nothing: the target comes to the same.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import Feed, feed, may_replace
from kada_dagster.loader.engine.deletes import delete_missing
from kada_dagster.loader.engine.modes.upsert import load_upsert, merge_and_delete, require_unique
from kada_dagster.loader.engine.rows import WaitingRows
from kada_dagster.loader.engine.table import Table, describe
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.base import Column
from kada_dagster.loader.source.postgres import PostgresSource
from kada_dagster.loader.source.postgres_blocks import Block, Blocks, by_number, differing
from kada_dagster.loader.source.postgres_query import rows_of, where

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def load_diff(context: LoadContext) -> LoadOutcome:
    """Bring the target to what the source has, deletes included.

    Raises:
        LoaderError: the target is as it was.
    """
    plan, source = context.plan, context.source
    if not isinstance(source, PostgresSource):
        outcome = load_upsert(context)
        return replace(outcome, notes={**outcome.notes, "blocks": "all: no hashes at the source"})
    table = describe(context.target, plan.schema, plan.table)
    require_unique(table, plan.key)
    given = feed(context, table)
    if missing := [name for name in plan.key if name not in given.names]:
        raise SchemaMismatchError(f"{table}: key: {', '.join(missing)} is not read")
    sides = _Sides.of(context, source, table, given)
    starts = [row[0] for row in source.rows("blocks", sides.here.starts(plan.block))]
    if not starts:
        return load_upsert(context) if may_replace(context, 0) else LoadOutcome(Counts())
    context.report(f"hash {len(starts):,} blocks of {table}")
    ours, theirs = _hashed(context, source, sides, starts)
    found = differing(ours, theirs)
    same = sum(block[0] for number, block in ours.items() if number not in set(found))
    notes = {"blocks": f"{len(found)} of {len(ours.keys() | theirs.keys())}"}
    if not found:
        return LoadOutcome(Counts(unchanged=same), notes=notes)
    return _bring(context, sides, _Range(starts, found, same, notes), given)


@dataclass(frozen=True)
class _Sides:
    """The statements over the source's rows and over the target's."""

    here: Blocks
    there: Blocks

    @classmethod
    def of(cls, context: LoadContext, source: PostgresSource, table: Table, given: Feed) -> _Sides:
        from psycopg2.sql import SQL, Identifier

        plan = context.plan
        known = {column.name: column for column in source.columns(plan.selection)}
        read = tuple(known[name] for name in given.selection.columns or ())
        own = tuple(Column(c.name, c.type, c.type) for c in given.into)
        rows, bounds = rows_of(plan.selection), where(source.bounds(plan.selection))
        there: Composable = SQL("")
        if plan.soft_column:
            table.named((plan.soft_column,))
            there = SQL(" WHERE {} IS NULL").format(Identifier(plan.soft_column))
        return cls(
            Blocks(rows, bounds, read, given.into, plan.key),
            Blocks(table.identifier, there, own, given.into, plan.key),
        )


@dataclass(frozen=True)
class _Range:
    """The blocks that differ."""

    starts: list[list[str]]
    numbers: list[int]
    same: int
    notes: dict[str, str]

    def condition(self, blocks: Blocks) -> Composable:
        """Rows of one side in these blocks; those without a key, too, to be refused."""
        from psycopg2.sql import SQL, Literal

        number = SQL("coalesce({}, -1)").format(blocks.number(self.starts))
        return SQL("{} = ANY ({}::int4[])").format(number, Literal(self.numbers))


def _hashed(
    context: LoadContext, source: PostgresSource, sides: _Sides, starts: list[list[str]]
) -> tuple[dict[int, Block], dict[int, Block]]:
    """Of both sides, at the same time."""
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(source.rows, "hashes of blocks", sides.here.hashes(starts))
        theirs = context.target.rows("hashes of blocks", sides.there.hashes(starts))
        return by_number(ours.result()), by_number(theirs)


def _bring(context: LoadContext, sides: _Sides, found: _Range, given: Feed) -> LoadOutcome:
    from psycopg2.sql import SQL

    here = sides.here
    joint = SQL(" AND ") if context.plan.selection.bounds else SQL(" WHERE ")
    query = SQL("SELECT * FROM {}{}").format(here.rows, here.condition + joint)
    with context.target.cursor("blocks") as cursor:
        text = (query + found.condition(here)).as_string(cursor)
    selection = replace(given.selection, table=None, query=text, bounds=())
    changed = Feed(given.into, selection)
    waiting = WaitingRows.read(context, _table(context), changed, is_joined=True)
    also = found.condition(sides.there)

    def delete() -> int:
        return delete_missing(context, waiting.table, waiting.place, (), also)

    counts = merge_and_delete(context, waiting, delete)
    counts = replace(counts, unchanged=counts.unchanged + found.same)
    return LoadOutcome(counts, waiting.size, notes=found.notes)


def _table(context: LoadContext) -> Table:
    return describe(context.target, context.plan.schema, context.plan.table)
