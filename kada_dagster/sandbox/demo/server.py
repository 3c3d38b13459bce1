"""The demo's server: an embedded PostgreSQL below ./.demo with the sample database in it."""

from __future__ import annotations

import re
import socket
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.config.find import DEMO_FOLDER, demo_config
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

DATABASE = "shop"
_PORT = re.compile(r"^(\s*port: )(\d+)$", re.MULTILINE)


@contextmanager
def demo_server() -> Generator[Path, None, None]:
    """Keep the demo's server running, with the sample database in it.

    Uses the server of a demo that is running already. Where another program holds the port, a
    copy of the configuration with a free one is used.

    Yields:
        The configuration file that leads to the server.
    """
    config = _config()
    port = _port(config)
    folder = (Path.cwd() / DEMO_FOLDER / "postgres").absolute()
    if _is_ours(port, folder):
        yield config
        return
    if not _is_free(port):
        config, port = _with_free_port(config)
    folder.parent.mkdir(exist_ok=True)
    with PostgresServer.start(folder, port=port, settings={"max_connections": "50"}) as server:
        if not _has_sample(server):
            sample_database.create(server.connect, DATABASE)
        yield config


def _config() -> Path:
    own = Path.cwd() / DEMO_FOLDER / "kada.yaml"
    return own if own.is_file() else demo_config()


def _port(config: Path) -> int:
    match = _PORT.search(config.read_text(encoding="utf-8"))
    if match is None:
        raise LookupError(f"{config}: no port")
    return int(match.group(2))


def _with_free_port(config: Path) -> tuple[Path, int]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    own = Path.cwd() / DEMO_FOLDER / "kada.yaml"
    own.parent.mkdir(exist_ok=True)
    text = _PORT.sub(rf"\g<1>{port}", config.read_text(encoding="utf-8"))
    own.write_text(text, encoding="utf-8")
    return own, port


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_ours(port: int, folder: Path) -> bool:
    """Whether a demo of this folder already runs its server there."""
    import psycopg2

    try:
        connection: Connection = psycopg2.connect(
            host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=3
        )
    except psycopg2.Error:
        return False
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        row = cursor.fetchone()
    return row is not None and Path(row[0]).absolute() == folder


def _has_sample(server: PostgresServer) -> bool:
    """Whether the sample database is there, whole: it ends with its statistics."""
    with closing(server.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
        if not cursor.rowcount:
            return False
    with closing(server.connect(DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stats WHERE schemaname !~ '^pg_' LIMIT 1")
        return bool(cursor.rowcount)
