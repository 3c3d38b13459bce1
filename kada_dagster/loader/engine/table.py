"""A table of the target as the catalogue describes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.pg_types import read_types
from kada_dagster.loader.source.base import TargetColumn

if TYPE_CHECKING:
    from psycopg2.sql import Identifier

_LONGEST_NAME = 63  # bytes; the server cuts what is longer
_ODD = re.compile("[\0\ud800-\udfff]")
_PLAIN = ("r", "p")  # an ordinary or a partitioned table


@dataclass(frozen=True)
class Table:
    """A table rows are loaded into.

    Attributes:
        schema: of the table.
        name: of the table.
        oid: its number.
        is_partitioned: whether its rows are in partitions.
        columns: those that take a value, in their order.
        unique_keys: the columns of each unique index that ON CONFLICT can name.
    """

    schema: str
    name: str
    oid: int
    is_partitioned: bool
    columns: tuple[TargetColumn, ...]
    unique_keys: tuple[frozenset[str], ...]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> Identifier:
        """Its name, quoted."""
        from psycopg2.sql import Identifier

        return Identifier(self.schema, self.name)

    def named(self, columns: Sequence[str]) -> tuple[TargetColumn, ...]:
        """The columns of these names, in this order.

        Raises:
            SchemaMismatchError: there is none of a name.
        """
        known = {column.name: column for column in self.columns}
        require_names(str(self), columns)
        if missing := [name for name in columns if name not in known]:
            raise SchemaMismatchError(
                f"{self} has no column {', '.join(missing)} that takes values; it has "
                f"{', '.join(known)}. Add it (ver/NNN_*.sql, or target.alter: additive), or leave "
                "it out of what is read"
            )
        return tuple(known[name] for name in columns)


def require_names(what: str, columns: Sequence[str]) -> None:
    """Refuse names that no column can have; the server cuts one that is too long.

    Raises:
        SchemaMismatchError: there is one; says how to give it another.
    """
    for name in columns:
        if reason := _reason_against(name):
            raise SchemaMismatchError(
                f"{what}: PostgreSQL has no column {name!r}: {reason}. Name the columns below "
                "`columns`, as target: source, and give it another name there"
            )


def _reason_against(name: str) -> str:
    if not name:
        return "the name is empty"
    if _ODD.search(name):
        return "the name holds what is no Unicode text, or a NUL"
    is_long = len(name.encode()) > _LONGEST_NAME
    return f"the name is longer than {_LONGEST_NAME} bytes" if is_long else ""


def describe(target: Target, schema: str, name: str) -> Table:
    """The table of that name.

    Raises:
        SchemaMismatchError: there is none, or it is no table.
        LoaderError: the catalogue cannot be read.
    """
    what, values = f"{schema}.{name}", {"schema": schema, "name": name}
    found = target.catalogue(what, sql("table"), values)
    if not found:
        raise SchemaMismatchError(
            f"{what} does not exist in the target; make it with ver/001_create.sql, or let it be "
            "made from the source by target.ddl: auto"
        )
    oid, kind = found[0]
    if kind not in _PLAIN:
        raise SchemaMismatchError(f"{what} is no table in the target, so nothing can be loaded")
    columns = _columns(target, what, oid)
    keys = target.catalogue(what, sql("unique_keys"), {"oid": oid})
    unique = tuple(frozenset(row[0]) for row in keys)
    table = Table(schema, name, oid, kind == "p", columns, unique)
    target.described[schema, name] = table
    return table


def described(target: Target, schema: str, name: str) -> Table:
    """As `describe`, but as it was when it was described last in this transaction.

    Who reads or writes a table holds it until the end of the transaction, so that only the task's
    own SQL can have changed it since; behind that it is described anew.
    """
    return target.described.get((schema, name)) or describe(target, schema, name)


def shows_some_rows(target: Target, table: Table) -> bool:
    """Whether policies show the loading role some of the rows only, and its profile says so."""
    statement = "SELECT current_setting('row_security')::bool AND row_security_active(%s::oid)"
    return bool(target.rows(f"policies of {table}", statement, (table.oid,))[0][0])


def _columns(target: Target, what: str, oid: int) -> tuple[TargetColumn, ...]:
    rows = target.rows(what, sql("columns"), {"oid": oid})
    with target.cursor(what) as cursor:
        facts = read_types(cursor, [row[2] for row in rows])
    columns = [TargetColumn(row[0], row[1], facts.get(row[2]), *row[3:]) for row in rows]
    return tuple(column for column in columns if not column.is_generated)


@cache
def sql(statement: str) -> str:
    """The text of one of the statements in `sql/`, by its name without the ending."""
    file = files("kada_dagster.loader.engine").joinpath("sql").joinpath(f"{statement}.sql")
    return file.read_text(encoding="utf-8")
