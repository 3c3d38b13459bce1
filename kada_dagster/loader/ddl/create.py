"""`ddl: auto`: the table is made from the source's columns, and follows them.

Everything happens in the load's transaction, so that a load that fails has changed no column
either. A change of an existing table keeps readers away until the load is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.loader.ddl.changes import Change, changes
from kada_dagster.loader.definition.parts import TargetSettings
from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.replacement import lock_from_readers
from kada_dagster.loader.engine.table import Table, describe, require_names, sql
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.base import Column

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_PATIENCE = 60.0  # seconds for the load that makes the table


def prepare_table(
    context: LoadContext, mode: str, settings: TargetSettings, description: str
) -> dict[str, str]:
    """Make the table, or the columns it lacks; its schema is there.

    Args:
        context: of the load.
        mode: of the task.
        settings: of the task.
        description: of the task, for a new table's comment.

    Returns:
        Notes on what was changed.

    Raises:
        SchemaMismatchError: the source has no columns.
        LoaderError: the server refuses, as a type it does not know.
    """

    plan, target = context.plan, context.target
    place = {"schema": plan.schema, "name": plan.table}
    is_there = bool(target.catalogue(str(plan), sql("table"), place))
    if not is_there and plan.is_part:  # the load of another range may be making it
        target.lock(f"kada_dagster loader: make {plan}", _PATIENCE)
        is_there = bool(target.catalogue(str(plan), sql("table"), place))
    if is_there and plan.reads_files and not context.source.columns(plan.selection):
        return {}  # without rows nothing is known of columns
    columns = wanted_columns(context, mode)
    if is_there:
        table = describe(target, plan.schema, plan.table)
        return _follow(context, table, columns, _key(context, mode), settings.alter)
    _create(context, mode, columns, description)
    return {"ddl": f"created with {', '.join(column.name for column in columns)}"}


def wanted_columns(context: LoadContext, mode: str) -> list[Column]:
    """The columns of the source under the target's names, and those the mode adds.

    Raises:
        SchemaMismatchError: the source lacks one that the task names, or has none.
    """
    plan = context.plan
    found = {column.name: column for column in context.source.columns(plan.selection)}
    pairs = plan.columns or tuple((name, name) for name in found)
    if missing := [source for _, source in pairs if source not in found]:
        raise SchemaMismatchError(f"{plan}: the source has no column {', '.join(missing)}")
    if not pairs:
        raise SchemaMismatchError(f"{plan}: the source has no columns")
    require_names(str(plan), [target for target, _ in pairs])
    wanted = [_renamed(found[source], target, target in plan.key) for target, source in pairs]
    return [*wanted, *_added(context, mode)]


def _renamed(column: Column, name: str, is_key: bool) -> Column:
    nullable = False if is_key else column.nullable
    return Column(name, column.source_type, column.target_type, nullable, column.comment)


def _added(context: LoadContext, mode: str) -> list[Column]:
    moment, plan = "timestamp with time zone", context.plan
    if mode == "history":
        began, ended, current = plan.history.names
        return [
            Column(began, "", moment, False),
            Column(ended, "", moment, True),
            Column(current, "", "boolean", False),
        ]
    if plan.soft_column:
        return [Column(plan.soft_column, "", moment, True)]
    return []


def _create(context: LoadContext, mode: str, columns: list[Column], description: str) -> None:
    from psycopg2.sql import SQL, Identifier, Literal

    plan, target = context.plan, context.target
    place = Identifier(plan.schema, plan.table)
    parts = [_definition(column) for column in columns]
    if plan.key:
        parts.append(SQL("PRIMARY KEY ({})").format(names(_key(context, mode))))
    create = SQL("CREATE TABLE {} ({})").format(place, SQL(", ").join(parts))
    target.run(f"make {plan}", create)
    if mode == "history":
        index, current = SQL("CREATE UNIQUE INDEX ON {} ({}) WHERE {}"), plan.history.names[2]
        made = index.format(place, names(plan.key), Identifier(current))
        target.run(f"index of {plan}", made)
    if description:
        comment = SQL("COMMENT ON TABLE {} IS {}").format(place, Literal(description))
        target.run(f"comment on {plan}", comment)
    for column in columns:
        if column.comment:
            comment = SQL("COMMENT ON COLUMN {}.{} IS {}")
            said = comment.format(place, Identifier(column.name), Literal(column.comment))
            target.run(f"comment on {plan}", said)


def _key(context: LoadContext, mode: str) -> tuple[str, ...]:
    """What tells the rows of the table apart: with their history, also when one began."""
    plan = context.plan
    return (*plan.key, plan.history.names[0]) if mode == "history" else plan.key


def _definition(column: Column) -> Composable:
    from psycopg2.sql import SQL, Identifier

    end = " NOT NULL" if column.nullable is False else ""
    return SQL("{} {}").format(Identifier(column.name), SQL(column.target_type + end))


def _follow(
    context: LoadContext, table: Table, columns: list[Column], key: tuple[str, ...], alter: str
) -> dict[str, str]:
    from psycopg2.sql import SQL

    found, made = _changes(table, columns, key, alter)
    if made:
        lock_from_readers(context.target, table, context.plan.lock_seconds)
        table = describe(context.target, table.schema, table.name)
        found, made = _changes(table, columns, key, alter)  # others may have made some
    for change in made:
        behind = change.statement or SQL("")
        statement = SQL("ALTER TABLE {} {}").format(table.identifier, behind)
        context.target.run(f"{table}: {change.what}", statement)
    context.target.described.clear()
    return _notes(found, made)


def _changes(
    table: Table, columns: list[Column], key: tuple[str, ...], alter: str
) -> tuple[list[Change], list[Change]]:
    """What the table would need, and what of it may be done."""
    found = changes(table, columns, key, may_all=alter == "any")
    made = [change for change in found if change.statement is not None and alter != "none"]
    return found, made


def _notes(found: list[Change], made: list[Change]) -> dict[str, str]:
    left = [change.what for change in found if change not in made]
    notes = {"ddl": "; ".join(change.what for change in made)} if made else {}
    return {**notes, **({"ddl_left": "; ".join(left)} if left else {})}
