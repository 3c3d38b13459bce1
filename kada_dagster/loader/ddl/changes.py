"""What a table would need to be like the source's columns; nothing is run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.loader.ddl.widening import is_wider
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.source.base import Column, TargetColumn

if TYPE_CHECKING:
    from psycopg2.sql import Composable


@dataclass(frozen=True)
class Change:
    """One change of a table.

    Attributes:
        what: for people.
        statement: behind ALTER TABLE; None where the change is not allowed.
    """

    what: str
    statement: Composable | None


def changes(
    table: Table, columns: list[Column], key: tuple[str, ...], *, may_all: bool
) -> list[Change]:
    """The changes that make a table take the columns.

    Args:
        table: as it is.
        columns: of the source, under the target's names.
        key: of the task.
        may_all: whether types may change to others and columns may go, not only be added.
    """
    from psycopg2.sql import SQL

    known = {column.name: column for column in table.columns}
    strict = frozenset(column.name for column in table.columns if column.is_strict)
    keys = strict.union(*table.unique_keys)  # stay as strict as they are
    found: list[Change] = []
    for column in columns:
        have = known.get(column.name)
        if have is None:
            found += _new(column)
            continue
        if have.not_null and column.nullable and have.name not in keys:
            found.append(_may_be_missing(have))
        found += _changed(have, column, may_all)
    wanted = {column.name for column in columns}
    for column in table.columns:
        if column.name not in wanted:
            found += _gone(column, may_all, is_key=column.name in keys)
    if key and not any(frozenset(key) == unique for unique in table.unique_keys):
        is_new = not table.unique_keys and set(key) <= wanted
        statement = SQL("ADD PRIMARY KEY ({})").format(_listed(key)) if is_new else None
        found.append(Change(f"key {', '.join(key)}", statement))
    return found


def _new(column: Column) -> list[Change]:
    """Without NOT NULL: rows that are there have no value yet."""
    from psycopg2.sql import SQL, Identifier

    statement = SQL("ADD COLUMN {} {}").format(Identifier(column.name), SQL(column.target_type))
    return [Change(f"add {column.name} {column.target_type}", statement)]


def _may_be_missing(column: TargetColumn) -> Change:
    from psycopg2.sql import SQL, Identifier

    statement = SQL("ALTER COLUMN {} DROP NOT NULL").format(Identifier(column.name))
    return Change(f"{column.name} may be missing", statement)


def _changed(have: TargetColumn, want: Column, may_all: bool) -> list[Change]:
    from psycopg2.sql import SQL, Identifier

    if have.type == want.target_type or is_wider(have.type, want.target_type):
        return []
    may = may_all or is_wider(want.target_type, have.type)
    name, kind = Identifier(have.name), SQL(want.target_type)
    alter = SQL("ALTER COLUMN {} TYPE {} USING {}::{}").format(name, kind, name, kind)
    what = f"{have.name} from {have.type} to {want.target_type}"
    return [Change(what, alter if may else None)]


def _gone(column: TargetColumn, may_all: bool, *, is_key: bool) -> list[Change]:
    from psycopg2.sql import SQL, Identifier

    name = Identifier(column.name)
    if may_all:
        return [Change(f"drop {column.name}", SQL("DROP COLUMN {}").format(name))]
    is_needed = column.not_null and not column.has_default and not is_key
    return [_may_be_missing(column)] if is_needed else []


def _listed(columns: tuple[str, ...]) -> Composable:
    from psycopg2.sql import SQL, Identifier

    return SQL(", ").join(map(Identifier, columns))
