"""A MariaDB server as a process of its own, in a temporary folder, on a free port.

It is the machine's (Debian: `apt-get install mariadb-server`); it runs without privileges. Shared
by the tests of a process: `database` makes one for a test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql

from kada_dagster.sandbox.free_port import free_port
from kada_dagster.sandbox.guarded_process import GuardedProcess
from kada_dagster.sandbox.unprivileged import unprivileged_account
from kada_dagster_tests.landing.azurite import make_certificate

PASSWORD = "p@ss/w%rd:'\"\\ ä"
_START_SECONDS = 60
_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--character-set-server=utf8mb4",
)


@dataclass(frozen=True)
class MariadbServer:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        version: as it prints it.
        certificate: for localhost, signed by itself.
    """

    port: int
    version: str
    certificate: Path

    @contextmanager
    def database(self) -> Iterator[MariadbDatabase]:
        """An empty database."""
        name = f"load_{uuid4().hex[:10]}"
        with closing(connected(self.port)) as raw:
            made = MariadbDatabase(self.port, name, raw)
            made.run(f"CREATE DATABASE {name}")
            made.run(f"USE {name}")
            try:
                yield made
            finally:
                made.run(f"DROP DATABASE {name}")


@dataclass(frozen=True)
class MariadbDatabase:
    """A database.

    Attributes:
        port: of its server.
        name: of it.
        raw: a connection of the tests.
    """

    port: int
    name: str
    raw: Any

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and commit it; gives the rows of a query."""
        with self.raw.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())


def connected(port: int) -> Any:
    """A connection as root."""
    return pymysql.connect(
        host="127.0.0.1",
        port=port,
        user="root",
        password=PASSWORD.encode(),
        autocommit=True,
        charset="utf8mb4",
    )


def missing() -> str:
    """What the machine lacks; '' if nothing."""
    programs = ("mariadbd", "mariadb-install-db")
    lacking = [name for name in programs if _program(name) is None]
    return f"{' and '.join(lacking)} not found: apt-get install mariadb-server" if lacking else ""


@contextmanager
def running_server() -> Iterator[MariadbServer]:
    """Start a server, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kada-mariadb-"))
    try:
        _install(folder)
        port = free_port()
        certificate, key = make_certificate(folder)
        for file in (certificate, key):
            file.chmod(0o644)
        process = _start(folder, port, [f"--ssl-cert={certificate}", f"--ssl-key={key}"])
        try:
            yield MariadbServer(port, _first_login(port, folder, process), certificate)
        finally:
            process.stop("KILL")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install(folder: Path) -> None:
    account = unprivileged_account()
    user = [f"--user={account.name}"] if account else []
    if account:
        shutil.chown(folder, account.name)
    command = [_program("mariadb-install-db"), "--no-defaults", *user, f"--datadir={folder}/data"]
    options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([*command, *options], check=True, capture_output=True)


def _start(folder: Path, port: int, encryption: list[str]) -> GuardedProcess:
    account = unprivileged_account()
    scratch = Path(tempfile.mkdtemp(dir=folder))  # in a folder of theirs they may take it away
    places = [f"--datadir={folder}/data", f"--socket={folder}/s", f"--pid-file={folder}/pid"]
    settings = [f"--port={port}", *places, *_SETTINGS, *encryption]
    command = [str(_program("mariadbd")), "--no-defaults", *settings]
    return GuardedProcess.start(
        command, log=folder / "log", scratch=scratch, account=account, paths=[folder]
    )


def _first_login(port: int, folder: Path, process: GuardedProcess) -> str:
    """Wait for the server, and give its root a password."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            raw = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
        except pymysql.err.OperationalError:
            if not process.running or time.monotonic() > end:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:]) from None
            time.sleep(0.05)
        else:
            break
    with closing(raw), raw.cursor() as cursor:
        cursor.execute("SET PASSWORD = PASSWORD(%s)", (PASSWORD,))
        cursor.execute("SELECT VERSION()")
        return str(cursor.fetchall()[0][0])


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
