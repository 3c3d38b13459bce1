"""A Redis server for the tests: Debian's, started on a free port, with a password.

Where the program is not installed but apt can fetch its package, that is unpacked into the user's
cache folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.sandbox.free_port import free_port
from kada_dagster.sandbox.guarded_process import GuardedProcess

PASSWORD = "pl4nted-Passw0rd-of-the-Broker"
_PACKAGES = ("redis-server", "redis-tools")
_START_SECONDS = 20.0
_FETCH_SECONDS = 120


class RedisUnavailableError(RuntimeError):
    """There is no redis-server here, and none could be fetched; says why."""


@dataclass(frozen=True)
class RedisServer:
    """A running server.

    Attributes:
        port: it listens on 127.0.0.1.
    """

    port: int

    def url(self, database: int) -> str:
        """The address of one of its databases, with the password."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextmanager
def redis_server() -> Generator[RedisServer, None, None]:
    """Run a server, which keeps everything in memory, until the block ends.

    Raises:
        RedisUnavailableError: there is no program.
    """
    program = _program()
    folder = Path(tempfile.mkdtemp(prefix="kada-redis-"))
    port = free_port()
    settings = {"port": port, "bind": "127.0.0.1", "requirepass": PASSWORD, "dir": folder}
    settings |= {"save": "", "appendonly": "no", "daemonize": "no"}
    command = [
        str(program),
        *(word for name in settings for word in (f"--{name}", f"{settings[name]}")),
    ]
    scratch = Path(tempfile.mkdtemp(prefix="kada-redis-"))
    process = GuardedProcess.start(command, log=folder / "redis.log", scratch=scratch)
    try:
        _wait(process, port, folder / "redis.log")
        yield RedisServer(port)
    finally:
        process.stop("TERM", timeout=10)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _program() -> Path:
    installed = shutil.which("redis-server")
    if installed:
        return Path(installed)
    home = _cache_folder()
    program = home / "usr" / "bin" / "redis-check-rdb"  # redis-server is a link to it
    if not program.is_file():
        _unpack(home)
    unpacked = home / "usr" / "bin" / "redis-server"
    _run([str(unpacked), "--version"], home)  # libraries it needs may not be here
    return unpacked


def _unpack(home: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise RedisUnavailableError("no redis-server here, and no apt-get to fetch its package")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=home.parent) as name:
        work = Path(name)
        _run(["apt-get", "download", *_PACKAGES], work)
        for package in sorted(work.glob("*.deb")):
            _run(["dpkg", "-x", str(package), "whole"], work)
        with suppress(OSError):  # another process was quicker
            (work / "whole").rename(home)


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_FETCH_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise RedisUnavailableError(f"no redis-server here: {' '.join(command)}: {error}") from None


def _cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kada_dagster" / "redis"


def _wait(process: GuardedProcess, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if not process.running or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"redis-server does not answer on port {port}:\n{said}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"-NOAUTH")
    return False
