"""Talking to a PostgreSQL server: connections, snapshots and COPY streams.

Nothing here knows what is read. The driver is psycopg2: dagster-postgres brings it anyway, and its
COPY reaches the speed of psql's (`make bench BENCH=postgres_extract`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Protocol

from kada_dagster.postgres.encodings import copied_as
from kada_dagster.postgres.failures import connecting, reading
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

MAINTENANCE_DATABASES = ("postgres", "template1")
"""Where to ask for the list of databases when none is named."""

GRACE_SECONDS = 30.0
"""How long after the statement timeout a server may still be silent."""

CANCEL_SECONDS = 5.0
"""How long to wait until a server has taken notice of a cancellation."""

_END_STATEMENT = "ROLLBACK TO SAVEPOINT statement; RELEASE SAVEPOINT statement"
_TRANSACTION_LIMIT_SINCE = 17


class Sink(Protocol):
    """Where the records of a COPY go: one whole record a call."""

    def write(self, record: bytes, /) -> int: ...


@dataclass(frozen=True)
class ServerAddress:
    """Where and how to connect.

    Attributes:
        server: host name, address or socket folder; not the label the source has in K.
        port: TCP port.
        username: role to log in as.
        password: its password or a reference to it; None leaves it to libpq (`.pgpass`).
        ssl_mode: libpq's sslmode.
        ssl_root_cert: path of the certificate authority's file, or None.
        connect_timeout: seconds to wait for a connection.
        statement_timeout: seconds one statement may take.
    """

    server: str
    port: int = 5432
    username: str | None = None
    password: Secret | None = None
    ssl_mode: str = "prefer"
    ssl_root_cert: str | None = None
    connect_timeout: int = 10
    statement_timeout: int = 600

    def arguments(self, database: str, password: str | None) -> dict[str, Any]:
        """The driver's keyword arguments for one database."""
        wanted = {
            "host": self.server,
            "port": self.port,
            "user": self.username,
            "password": password,
            "dbname": database,
            "sslmode": self.ssl_mode,
            "sslrootcert": self.ssl_root_cert,
            "connect_timeout": self.connect_timeout,
            "application_name": "kada_dagster",
            "client_encoding": "UTF8",
            # a peer that vanished without a word is noticed within about a minute
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
        }
        return {key: value for key, value in wanted.items() if value is not None}


def open_session(address: ServerAddress, database: str, snapshot: str | None = None) -> Session:
    """Connect and begin a read-only transaction that sees one snapshot.

    Args:
        address: the server.
        database: its name.
        snapshot: as `Session.export_snapshot` gave it, to see the same state; else a new one.

    Raises:
        ConfigError: the database does not exist, a secret reference cannot be resolved.
        ConnectionFailedError: the server does not answer.
        PermissionDeniedError: it refuses the credentials.
    """
    import psycopg2

    password = address.password.reveal() if address.password else None
    secrets = (password,) if password else ()
    where = f"{address.server}:{address.port}/{database}"

    def connect() -> Connection:
        raw = psycopg2.connect(**address.arguments(database, password))
        raw.autocommit = True  # transactions are begun in so many words below
        return raw

    with connecting(where, secrets):
        session = Session(connect, database, where, secrets)
    try:
        session.begin(address.statement_timeout, snapshot)
    except BaseException:
        session.close()
        raise
    return session


@contextmanager
def hung_up_after(raw: Connection, seconds: float) -> Generator[None, None, None]:
    """Hang up on a peer that takes the connection for alive but says nothing any more, for longer
    than that; what waits for it then fails."""
    timer = Timer(seconds, hang_up, (raw,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def hang_up(raw: Connection) -> None:
    """Cut a connection, from any thread."""
    import psycopg2

    with (
        suppress(OSError, psycopg2.Error),  # closed already
        socket.socket(fileno=os.dup(raw.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


class Session:
    """One connection inside one snapshot. A context manager that closes it.

    Attributes:
        database: its name.
        version: the server's major version.
        encoding: of the database, as the server names it.
        codec: Python's name of the encoding `copy` gives records in.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        database: str,
        where: str,
        secrets: tuple[str, ...],
    ) -> None:
        self._connect = connect
        self._raw = raw = connect()
        self._where, self._secrets = where, secrets
        self._statement_timeout = self._process = 0
        self.database = database
        self.version = raw.server_version // 10_000
        self.encoding = raw.get_parameter_status("server_encoding") or "UTF8"
        self._copied, self.codec = copied_as(self.encoding)

    def begin(self, statement_timeout: int, snapshot: str | None) -> None:
        """Begin the transaction; settings are local to it, so a pooler does not keep them."""
        self._statement_timeout = statement_timeout
        lines = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        if snapshot:
            lines.append(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        settings = {
            "search_path": "pg_catalog",  # names outside it are printed qualified
            "statement_timeout": statement_timeout * 1000,
            "standard_conforming_strings": "on",
            "quote_all_identifiers": "off",
            "timezone": "UTC",
            # as pg_dump does: how the constants in expressions are printed
            "datestyle": "ISO",
            "intervalstyle": "postgres",
            "bytea_output": "hex",
            "extra_float_digits": 1,
            # the order of rows, and so the bytes of a file, must not change from run to run
            "synchronize_seqscans": "off",
            "max_parallel_workers_per_gather": 0,
            "jit": "off",  # compiling takes longer than running these statements
            # one database waits for the others, and all of them for what is computed here
            "idle_in_transaction_session_timeout": 0,
        }
        if self.version >= _TRANSACTION_LIMIT_SINCE:
            settings["transaction_timeout"] = 0
        lines += [f"SET LOCAL {name} = '{value}'" for name, value in settings.items()]
        with reading(f"{self._where}: begin", self._secrets), self._raw.cursor() as cursor:
            cursor.execute("; ".join((*lines, "SELECT pg_backend_pid()")))
            self._process = cursor.fetchall()[0][0]  # the real one, behind a pooler too

    def export_snapshot(self) -> str:
        """An identifier other sessions can use to see the same state."""
        what = f"{self._where}: pg_export_snapshot"
        with reading(what, self._secrets), self._raw.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")  # not possible within a savepoint
            return str(cursor.fetchall()[0][0])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a short query."""
        with self._statement(sql.strip()[:60]) as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def copy(self, what: str, select: str, sink: Sink) -> int:
        """Stream a query's rows in the dialect of the extract contract.

        Args:
            what: name of the statement, for messages.
            select: query whose columns are all text and never NULL.
            sink: gets each record as the server formats it, in the encoding `codec`.

        Returns:
            Number of rows.

        Raises:
            ConnectionFailedError: the connection was cut.
            PermissionDeniedError: something the query reads may not be read; the session goes on.
            SourceChangedError: it was cancelled, or the catalogue changed under it.
            ExtractError: anything else the server says.
        """
        options = f"FORMAT csv, DELIMITER '|', FORCE_QUOTE *, ENCODING '{self._copied}'"
        copy = f"COPY ({select}) TO STDOUT ({options})"
        with self._statement(what) as cursor:
            cursor.copy_expert(copy.encode(), sink)
            return cursor.rowcount

    @contextmanager
    def _statement(self, what: str) -> Generator[Cursor, None, None]:
        """A failure in here leaves the transaction usable, and locks are not kept behind it."""
        what = f"{self._where}: {what}"
        with reading(what, self._secrets), self._watched(), self._raw.cursor() as cursor:
            cursor.execute("SAVEPOINT statement")
            try:
                yield cursor
            except BaseException as error:
                self._give_up(cursor, error)
                raise
            cursor.execute(_END_STATEMENT)

    def _watched(self) -> AbstractContextManager[None]:
        """Hang up on a peer that says nothing any more: the server itself would have ended the
        statement by then."""
        return hung_up_after(self._raw, self._statement_timeout + GRACE_SECONDS)

    def _give_up(self, cursor: Cursor, error: BaseException) -> None:
        import psycopg2

        if not isinstance(error, psycopg2.Error):  # the sink failed: the server would go on sending
            self.cancel()
        with suppress(psycopg2.Error):  # the error on its way says more
            cursor.execute(_END_STATEMENT)

    def cancel(self) -> None:
        """Ask the server to stop what this session is doing; for another thread to call."""
        asking = Thread(target=self._ask_to_stop, daemon=True)  # a silent peer may never answer
        asking.start()
        asking.join(CANCEL_SECONDS)

    def _ask_to_stop(self) -> None:
        """Over a connection of its own: psycopg2's cancel() would stop all threads of this process
        for as long as an unreachable server does not answer."""
        import psycopg2

        try:
            with closing(self._connect()) as raw, raw.cursor() as cursor:
                cursor.execute("SELECT pg_cancel_backend(%s)", (self._process,))
        except psycopg2.Error as error:
            with suppress(psycopg2.Error):
                if "FATAL" in str(error):  # it answers, but its connections are used up
                    self._raw.cancel()
            hang_up(self._raw)

    def close(self) -> None:
        """Close the connection; the server rolls the transaction back."""
        self._raw.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()
