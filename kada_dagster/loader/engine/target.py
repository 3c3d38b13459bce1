"""The target database: one connection, one transaction a load, one load a table at a time.

The lock is the server's own (`pg_try_advisory_xact_lock`): it is gone with the transaction, however
that ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.loader.cutting import cut
from kada_dagster.loader.engine.failures import loading
from kada_dagster.loader.engine.pipe import CHUNK, Taken
from kada_dagster.loader.engine.stopping import breakable
from kada_dagster.loader.errors import LoadBusyError
from kada_dagster.loader.server import Server, allowances, settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor
    from psycopg2.sql import Composable

    from kada_dagster.loader.engine.table import Table

Values = Sequence[Any] | Mapping[str, Any] | None
"""Values bound to a statement."""

_PAUSE = 0.5  # seconds between two tries for a lock
_NOTICE = """; DO $$BEGIN SET LOCAL client_connection_check_interval = '2s';
EXCEPTION WHEN invalid_parameter_value THEN NULL; END$$"""
_OWN_NAMES = """SELECT pg_catalog.set_config('kada.search_path',
pg_catalog.current_setting('search_path'), true); SET LOCAL search_path = pg_catalog; """
_ALL_NAMES = """SELECT pg_catalog.set_config('search_path',
pg_catalog.current_setting('kada.search_path'), true); """
_NOTICES_SINCE = 14
"""From this version on the server notices within seconds that a client is gone, where its system
lets it. Else it goes on with what it computes, and another attempt waits for its locks."""


class Target:
    """An open transaction in the target; `transaction` makes one.

    Attributes:
        version: major version of the server.
        described: what is known of tables, by schema and name; see `table.described`.
    """

    def __init__(self, raw: Connection, where: str, secrets: tuple[str, ...]) -> None:
        self.described: dict[tuple[str, str], Table] = {}
        self._raw, self._where, self._secrets = raw, where, secrets
        self._sees_own_names = False
        self.version = raw.server_version // 10_000

    def run(self, what: str, statement: str | Composable, values: Values = None) -> int:
        """Run a statement.

        Args:
            what: it does, for messages.
            statement: SQL; with `values`, their places are written as psycopg2 wants them.
            values: bound values.

        Returns:
            Number of rows it touched.

        Raises:
            LoaderError: the server refuses it.
        """
        with self._cursor(what) as cursor:
            cursor.execute(self._with_all_names(statement), values)
            return cursor.rowcount

    def rows(
        self, what: str, statement: str | Composable, values: Values = None
    ) -> list[tuple[Any, ...]]:
        """Run a statement and fetch what it gives; see `run`."""
        with self._cursor(what) as cursor:
            cursor.execute(self._with_all_names(statement), values)
            return cursor.fetchall()

    def catalogue(
        self, what: str, statement: str | Composable, values: Values = None
    ) -> list[tuple[Any, ...]]:
        """Run a statement over the server's catalogue and fetch what it gives; see `run`.

        Functions and operators in it are the server's own. Else who may make some in a schema that
        is looked into, as `public`, could have the loading role run them.
        """
        first = "" if self._sees_own_names else _OWN_NAMES
        with self._cursor(what) as cursor:
            cursor.execute(_behind(first, statement), values)
            self._sees_own_names = True
            return cursor.fetchall()

    def _with_all_names(self, statement: str | Composable) -> str | Composable:
        """Statements over the catalogue are over: see what was seen before. No trip of its own."""
        first, self._sees_own_names = _ALL_NAMES if self._sees_own_names else "", False
        return _behind(first, statement)

    def script(self, what: str, text: str) -> None:
        """Run the statements of a file; none of them can end the transaction.

        The server runs them from within a block, where it refuses COMMIT and ROLLBACK.

        Args:
            what: the file, for messages.
            text: SQL, as many statements as there are.

        Raises:
            LoaderError: the server refuses one of them.
        """
        from psycopg2.sql import SQL, Literal

        self.described.clear()
        with self._cursor(what) as cursor:
            inner = SQL("BEGIN EXECUTE {}; END").format(Literal(text)).as_string(cursor)
            cursor.execute(self._with_all_names(SQL("DO {}").format(Literal(inner))))

    def copy(
        self, what: str, statement: Composable, taken: Taken, place: Callable[[int], str]
    ) -> int:
        """Run a COPY FROM STDIN that reads a pipe to its end.

        Args:
            what: it does, for messages.
            statement: SQL.
            taken: the pipe.
            place: says where a row is from.

        Returns:
            The number of rows.

        Raises:
            LoaderError: the server refuses it, or a row.
        """
        with self._cursor(what, place) as cursor:
            self._see_all_names(cursor)
            file: Any = taken  # the driver calls nothing but `read`
            cursor.copy_expert(statement, file, CHUNK)
            return cursor.rowcount

    @contextmanager
    def cursor(self, what: str) -> Generator[Cursor]:
        """A cursor, for code of other rooms; its errors become this room's."""
        with self._cursor(what) as cursor:
            self._see_all_names(cursor)
            yield cursor

    def _see_all_names(self, cursor: Cursor) -> None:
        if self._sees_own_names:
            cursor.execute(self._with_all_names(""))

    @contextmanager
    def attempt(self) -> Generator[None]:
        """A savepoint: after an error in here the transaction goes on as if nothing was done."""
        self.run("savepoint", "SAVEPOINT attempt")
        try:
            yield
        except Exception:
            self._sees_own_names = False  # they were not, before the savepoint
            self.described.clear()
            self.run("savepoint", "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
            raise
        self.run("savepoint", "RELEASE SAVEPOINT attempt")

    def lock(
        self, name: str, timeout: float, clock: Clock | None = None, *, shared: bool = False
    ) -> None:
        """Wait until nobody else holds the lock of that name, and hold it until the end.

        Args:
            name: of the lock, in all processes that load into this database.
            timeout: seconds to wait.
            clock: what waits.
            shared: with others that share it, too.

        Raises:
            LoadBusyError: somebody else held it all the time.
        """
        clock = clock or SystemClock()
        end = clock.now() + timeout
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        way = "_shared" if shared else ""
        statement = f"SELECT pg_try_advisory_xact_lock{way}(%s)"
        while not self.rows("lock", statement, (number,))[0][0]:
            if clock.now() >= end:
                raise LoadBusyError(
                    f"{name}: another process has been loading it for {timeout:g} s; "
                    "it goes on, and this load did nothing"
                )
            clock.sleep(_PAUSE)

    @contextmanager
    def _cursor(self, what: str, place: Callable[[int], str] | None = None) -> Generator[Cursor]:
        where = f"{self._where}: {what}"
        with loading(where, self._secrets, place), self._raw.cursor() as cursor:
            yield cursor


def _behind(first: str, statement: str | Composable) -> str | Composable:
    from psycopg2.sql import SQL

    return first + statement if isinstance(statement, str) else SQL(first) + statement


@contextmanager
def transaction(server: Server, *, time_limit: float = 0) -> Generator[Target]:
    """Connect, and commit at the end, or leave everything as it was after an error.

    Args:
        server: the target.
        time_limit: seconds any statement may take; 0 for no limit.

    Raises:
        LoaderError: the server refuses the commit or is gone. Others: see `Server.connect`.
    """
    secrets = server.secrets
    with closing(server.connect()) as raw:
        raw.set_session(isolation_level="READ COMMITTED")  # what was waited for has to be seen
        target = Target(raw, server.where, secrets)
        with breakable(partial(cut, server, raw, raw.get_backend_pid())):
            notice = _NOTICE if target.version >= _NOTICES_SINCE else ""
            allowed = allowances(server, target.version, time_limit)
            target.run("begin", settings(**allowed) + notice)
            yield target
        with loading(f"{server.where}: commit", secrets):
            raw.commit()


def names(columns: Sequence[str]) -> Composable:
    """Column names, quoted, with commas between."""
    from psycopg2.sql import SQL, Identifier

    return SQL(", ").join(map(Identifier, columns))
