"""What the demo's sources connect to: one entry each, in `SERVICES`.

A further one is a `Service` here, and a line in kada.yaml that ends in `# demo: <its name>`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster.config.find import DEMO_FOLDER
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.demo.hevo_account import hevo_account
from kada_dagster.sandbox.demo.hightouch_workspace import hightouch_workspace
from kada_dagster.sandbox.hevo import HevoServer
from kada_dagster.sandbox.hightouch.server import TOKEN, HightouchServer
from kada_dagster.sandbox.postgres_server import PostgresServer

DATABASE, WAREHOUSE, LOADER = "shop", "warehouse", "loader"


@dataclass(frozen=True)
class Service:
    """A server of the demo.

    Attributes:
        name: as in the comment of its port in kada.yaml.
        serve: given a port of this machine, serves there while the context is open.
        secrets: what it lets in, by the environment variable that kada.yaml refers to.
    """

    name: str
    serve: Callable[[int], AbstractContextManager[object]]
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@contextmanager
def _postgres(port: int) -> Generator[None, None, None]:
    """An embedded PostgreSQL below ./.demo: the sample database, and a warehouse to load into."""
    folder = Path.cwd() / DEMO_FOLDER / "postgres"
    with PostgresServer.start(folder, port=port, settings={"max_connections": "50"}) as server:
        if not _has_sample(server):
            sample_database.create(server.connect, DATABASE)
        _make_warehouse(server)
        yield


def _has_sample(server: PostgresServer) -> bool:
    """Whether the sample database is there, whole: it ends with its statistics."""
    with closing(server.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
        if not cursor.rowcount:
            return False
    with closing(server.connect(DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stats WHERE schemaname !~ '^pg_' LIMIT 1")
        return bool(cursor.rowcount)


def _make_warehouse(server: PostgresServer) -> None:
    """The target of the loader, whose role may read the sample database; what is missing of it."""
    with closing(server.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOADER,))
        if not cursor.rowcount:
            cursor.execute(f"CREATE ROLE {LOADER} LOGIN BYPASSRLS IN ROLE pg_read_all_data")
        cursor.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {LOADER}")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (WAREHOUSE,))
        if not cursor.rowcount:
            cursor.execute(f"CREATE DATABASE {WAREHOUSE} OWNER {LOADER} TEMPLATE template0")


def _hevo(port: int) -> HevoServer:
    return HevoServer(hevo_account(), budget=None, port=port)


def _hightouch(port: int) -> HightouchServer:
    return HightouchServer(hightouch_workspace(), port=port)


SERVICES = (
    Service("postgres", _postgres),
    Service(
        "hevo",
        _hevo,
        {"KADA_DEMO_HEVO_KEY": "sandbox-key", "KADA_DEMO_HEVO_SECRET": "sandbox-secret"},
    ),
    Service("hightouch", _hightouch, {"KADA_DEMO_HIGHTOUCH_TOKEN": TOKEN}),
)
"""All of them; they are started in this order."""
