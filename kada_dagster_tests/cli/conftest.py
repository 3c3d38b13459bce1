"""The real command in a process of its own, and a real server that asks for passwords."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import kada_dagster
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.cli.load_project import Load, emptied
from kada_dagster_tests.copies import original
from kada_dagster_tests.loader.databases import Ends, two_databases

ROOT = Path(kada_dagster.__file__).parents[1]
PASSWORD = "hunter2-planted-Pa55word"
ROLE = "kada_collector"
TABLES = 12
GIVEN = {"kada.yaml", "vendor.json", "vendor.conf", "kada_postgres_extractor_config.json"}
"""Files of the tests themselves, which may hold the secret."""


@dataclass(frozen=True)
class Result:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Kada:
    """Runs `kada` in a folder."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict[str, str])

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "kada_dagster", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("KADA")}
        return {**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **self.env}

    def __call__(self, *arguments: str, given: str | None = None) -> Result:
        """Run it in a process whose modules are loaded already."""
        copies = original("kada_dagster.cli:main")
        done = copies.run(arguments, cwd=self.folder, env=self.environment, given=given)
        return Result(done.returncode, done.stdout, done.stderr)

    def anew(self, *arguments: str) -> Result:
        """Run it in a new interpreter, as a user does."""
        return self.run(self.command(*arguments))

    def run(self, command: list[str], given: str | None = None) -> Result:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Database:
    """A database of its own on a server that asks for passwords, and a role that reads it."""

    server: PostgresServer
    name: str

    def execute(self, sql: str) -> None:
        connection = self.server.connect(self.name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()

    @property
    def vendor(self) -> dict[str, Any]:
        """The vendor's configuration for it."""
        return {
            "host": "prod.example",
            "server": "127.0.0.1",
            "username": ROLE,
            "password": PASSWORD,
            "databases": [self.name],
            "port": self.server.port,
            "output_path": "output",
            "mask": True,
            "compress": False,
            "meta_only": True,
        }

    def source(self, name: str = "shop", more: str = "") -> str:
        """It as a source of kada.yaml."""
        return f"""
  - type: postgres
    name: {name}
    host: prod.example
    server: 127.0.0.1
    port: {self.server.port}
    username: {ROLE}
    password: ${{SHOP_PASSWORD}}
    databases: [{self.name}]
    meta_only: true
    landing: {{type: local, path: landing_{name}}}
    window: {{start: 2024-01-01 00:00:00}}
{more}"""


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server where every connection needs its password."""
    folder = tmp_path_factory.mktemp("secured") / "data"
    settings = {"fsync": "off", "shared_buffers": "32MB", "autovacuum": "off"}
    with PostgresServer.start(folder, password=uuid.uuid4().hex, settings=settings) as server:
        connection = server.connect()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        connection.close()
        yield server


@pytest.fixture
def database(secured: PostgresServer) -> Database:
    """A small database."""
    made = Database(secured, secured.create_database())
    tables = (f"CREATE TABLE t{n} (id int PRIMARY KEY, note text);" for n in range(TABLES))
    made.execute("".join(tables) + "CREATE VIEW v AS SELECT id FROM t0")
    return made


@pytest.fixture
def kada(tmp_path: Path) -> Iterator[Kada]:
    """The command in an empty folder; afterwards no planted secret may be in what it wrote."""
    yield Kada(tmp_path, {"SHOP_PASSWORD": PASSWORD})
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name not in GIVEN:
            assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.fixture
def shop(kada: Kada, database: Database) -> Kada:
    """The command in a folder whose kada.yaml has the database as source `shop`."""
    (kada.folder / "kada.yaml").write_text("sources:" + database.source())
    return kada


@pytest.fixture(scope="session")
def _load_ends(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ends]:
    with two_databases(postgres, tmp_path_factory.mktemp("unused")) as ends:
        yield ends


@pytest.fixture
def load(_load_ends: Ends, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Load:
    """`kada load` between two empty databases."""
    return Load(emptied(_load_ends), tmp_path / "project", capsys)
