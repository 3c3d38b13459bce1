"""Rows that wait in a temporary table of the transaction, before they meet those of the target.

An empty target has none to meet: there, rows with a key are copied right into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.copying import Copied, Feed, copy_rows
from kada_dagster.loader.engine.table import Table, shows_some_rows
from kada_dagster.loader.engine.target import Target, names
from kada_dagster.loader.errors import DuplicateKeyError, SchemaMismatchError, TargetError

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_NAME = "load_rows"
_DOUBLE = "SQLSTATE 23505"


@dataclass(frozen=True)
class WaitingRows:
    """The rows of one read.

    Attributes:
        target: the transaction.
        table: they are meant for.
        given: the columns they have.
        place: the table they are in, quoted.
        rows: how many.
        size: bytes.
        have_arrived: whether that is the one they are meant for.
    """

    target: Target
    table: Table
    given: Feed
    place: Composable
    rows: int
    size: int
    have_arrived: bool = False

    @classmethod
    def read(
        cls, context: LoadContext, table: Table, given: Feed, *, is_joined: bool = False
    ) -> WaitingRows:
        """Copy the rows of a feed into a table that is gone with the transaction.

        Args:
            context: of the load.
            table: the rows are meant for.
            given: what to read.
            is_joined: whether they will be joined with those of the table, which the server plans
                by statistics; where they only go into it, these cost more than they bring.

        Raises:
            LoaderError: not all arrived.
        """
        from psycopg2.sql import SQL, Identifier

        place = Identifier("pg_temp", _NAME)
        create = SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
        statement = create.format(place, names(given.names), table.identifier)
        context.target.run(f"make a temporary table for {table}", statement)
        copied = copy_rows(context, given, place, is_new=True)
        if is_joined:
            context.target.run("analyze", SQL("ANALYZE {}").format(place))
        return cls(context.target, table, given, place, copied.rows, copied.size)

    @classmethod
    def read_by_key(
        cls, context: LoadContext, table: Table, given: Feed, *, is_joined: bool = False
    ) -> WaitingRows:
        """As `read`; but into the table itself where that is empty.

        Raises:
            DuplicateKeyError: there, two rows share a key or another value that is unique.
        """
        from psycopg2.sql import SQL

        check = SQL("SELECT EXISTS (SELECT FROM {})").format(table.identifier)
        is_filled = context.target.rows(f"whether {table} is empty", check)[0][0]
        if is_filled or shows_some_rows(context.target, table):
            return cls.read(context, table, given, is_joined=is_joined)
        try:
            copied = copy_rows(context, given, table.identifier)
        except TargetError as error:
            if _DOUBLE not in str(error):
                raise
            listed = ", ".join(context.plan.key)
            raise DuplicateKeyError(
                f"{error}; make the query give each key ({listed}) once, or name the columns that "
                "tell rows apart"
            ) from None
        return cls(context.target, table, given, table.identifier, copied.rows, copied.size, True)

    def require_key(self, key: tuple[str, ...]) -> None:
        """Refuse rows that cannot be told apart by their key.

        Raises:
            DuplicateKeyError: some share a key, or have none.
            SchemaMismatchError: a column of the key is not read.
        """
        from psycopg2.sql import SQL

        if missing := [name for name in key if name not in self.given.names]:
            raise SchemaMismatchError(f"{self.table}: key: {', '.join(missing)} is not read")
        listed = names(key)
        same = SQL("SELECT {0} FROM {1} GROUP BY {0} HAVING count(*) > 1").format(
            listed, self.place
        )
        counted = SQL("SELECT count(*) FROM ({}) AS same").format(same)
        if not self.have_arrived and (found := self._number(counted)):
            raise DuplicateKeyError(
                f"{self.table}: {found} keys ({', '.join(key)}) come more than once in what was "
                "read; make the query give each once, or name the columns that tell rows apart"
            )
        nullable = [column.name for column in self.table.named(key) if not column.not_null]
        for column in nullable:
            none = SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(
                self.place, names([column])
            )
            if found := self._number(none):
                raise DuplicateKeyError(
                    f"{self.table}: {found} rows have no {column}, which is part of the key"
                )

    def value(self, what: str, expression: Composable) -> Any:
        """One value computed of all rows."""
        from psycopg2.sql import SQL

        statement = SQL("SELECT {} FROM {}").format(expression, self.place)
        return self.target.rows(what, statement)[0][0]

    def _number(self, statement: Composable) -> int:
        return int(self.target.rows(f"keys of {self.table}", statement)[0][0])


def copy_in_place(context: LoadContext, table: Table, given: Feed) -> Copied:
    """Copy the rows of a feed into the table itself.

    The server lets a role that sees only some rows insert, but not copy.

    Raises:
        LoaderError: not all arrived.
    """
    from psycopg2.sql import SQL

    if not shows_some_rows(context.target, table):
        return copy_rows(context, given, table.identifier)
    waiting, listed = WaitingRows.read(context, table, given), names(given.names)
    insert = SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    statement = insert.format(table.identifier, listed, listed, waiting.place)
    arrived = context.target.run(f"insert into {table}", statement)
    if arrived != waiting.rows:
        raise TargetError(f"{table}: {waiting.rows} rows were read, {arrived} arrived")
    return Copied(waiting.rows, waiting.size)
