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
    found: list[Change] = []
    for column in columns:
        have = known.get(column.name)
        found += _new(column) if have is None else _changed(have, column, may_all)
    wanted = {column.name for column in columns}
    for column in table.columns:
        if column.name not in wanted:
            found += _gone(column, may_all)
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


def _changed(have: TargetColumn, want: Column, may_all: bool) -> list[Change]:
    from psycopg2.sql import SQL, Identifier

    found: list[Change] = []
    name = Identifier(have.name)
    if have.not_null and want.nullable:
        what = f"{have.name} may be missing"
        found.append(Change(what, SQL("ALTER COLUMN {} DROP NOT NULL").format(name)))
    if have.type == want.target_type or is_wider(have.type, want.target_type):
        return found
    may = may_all or is_wider(want.target_type, have.type)
    kind = SQL(want.target_type)
    alter = SQL("ALTER COLUMN {} TYPE {} USING {}::{}").format(name, kind, name, kind)
    what = f"{have.name} from {have.type} to {want.target_type}"
    return [*found, Change(what, alter if may else None)]


def _gone(column: TargetColumn, may_all: bool) -> list[Change]:
    from psycopg2.sql import SQL, Identifier

    name = Identifier(column.name)
    if may_all:
        return [Change(f"drop {column.name}", SQL("DROP COLUMN {}").format(name))]
    if column.not_null:
        what = f"{column.name} may be missing"
        return [Change(what, SQL("ALTER COLUMN {} DROP NOT NULL").format(name))]
    return []


def _listed(columns: tuple[str, ...]) -> Composable:
    from psycopg2.sql import SQL, Identifier

    return SQL(", ").join(map(Identifier, columns))
