"""A whole set-up that is sound, with real servers behind everything, for tests to break."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml

from kada_dagster.cli import main
from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld, RunningClock
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer
from kada_dagster.sandbox.hightouch import HightouchEstate, HightouchServer
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_access import allow
from kada_dagster_tests.landing.s3_server import Keys, S3Server

TASK = "mode: full\nsource: {table: public.t}\ntarget: {ddl: auto}\n"
if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


@dataclass(frozen=True)
class Servers:
    """What the sound set-up talks to; shared by the tests of a process."""

    postgres: PostgresServer
    s3: S3Server
    azurite: Azurite
    hevo: HevoServer
    hightouch: HightouchServer
    fivetran: FivetranSandbox
    database: str
    bucket: str
    container: ContainerClient
    keys: Keys


@contextmanager
def served(postgres: PostgresServer, s3: S3Server, azurite: Azurite) -> Generator[Servers]:
    """Serve the stand-ins, and make a database, a bucket, a container."""
    bucket = s3.new_bucket()
    with ExitStack() as stack:
        yield Servers(
            postgres,
            s3,
            azurite,
            stack.enter_context(HevoServer(HevoEstate(), budget=None)),
            stack.enter_context(HightouchServer(HightouchEstate(), calls=None)),
            stack.enter_context(FivetranSandbox(FivetranWorld(RunningClock()))),
            postgres.create_database(),
            bucket,
            azurite.new_container(),
            s3.user(allow(bucket, "s3:*")),
        )


@dataclass(frozen=True)
class Said:
    """What `kada doctor` said.

    Attributes:
        code: how it ended.
        lines: of its report, with two blanks between the columns.
        err: on standard error.
    """

    code: int
    lines: list[str]
    err: str

    @property
    def json(self) -> Any:
        """The report as JSON."""
        return json.loads("\n".join(self.lines))

    def of(self, status: str) -> list[str]:
        """The lines of a status, without it."""
        head = f"{status}  "
        return [line[len(head) :] for line in self.lines if line.startswith(head)]


@dataclass
class Site:
    """The set-up of one test.

    Attributes:
        folder: it is in; the current one.
        servers: it talks to.
        role: that reads and loads.
        stack: what ends with the test.
        config: what kada.yaml holds.
        connections: what connections.yaml of the loader holds.
    """

    folder: Path
    servers: Servers
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    role: str = field(default_factory=lambda: f"kada_{uuid4().hex[:10]}")
    password: str = "hunter2-planted-Pa55word"
    stack: ExitStack = field(default_factory=ExitStack)
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    connections: dict[str, Any] = field(default_factory=dict[str, Any])

    def source(self, name: str) -> dict[str, Any]:
        """A source of kada.yaml."""
        return next(one for one in self.config["sources"] if one["name"] == name)

    def sql(self, statement: str, database: str | None = None) -> None:
        """Run SQL as the superuser."""
        with closing(self.servers.postgres.connect(database or self.servers.database)) as raw:
            raw.cursor().execute(statement)

    def new_database(self, *statements: str) -> str:
        """A database that is gone with the test, and SQL that is run in it."""
        name = self.servers.postgres.create_database()
        self.stack.callback(self.sql, f"DROP DATABASE {name} WITH (FORCE)")
        for statement in statements:
            self.sql(statement, name)
        return name

    def query(self, statement: str, database: str | None = None) -> list[str]:
        """The only column of what SQL gives."""
        with closing(self.servers.postgres.connect(database or self.servers.database)) as raw:
            cursor = raw.cursor()
            cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    def marks_in_tables(self, database: str) -> dict[str, Any]:
        """Marks in PostgreSQL, as the role."""
        login = {"username": self.role, "password": "${SHOP_PASSWORD}"}
        place = {"server": "127.0.0.1", "port": self.servers.postgres.port, "database": database}
        return {"type": "postgres", **place, **login}

    def everything(self) -> list[str]:
        """All files, tables, objects and unfinished uploads there are."""
        servers = self.servers
        files = [f"{path} {path.stat().st_mtime_ns}" for path in self.folder.rglob("*")]
        blobs = servers.container.list_blob_names()
        return [
            *sorted(files),
            *self.query("SELECT oid::regclass::text FROM pg_class ORDER BY 1"),
            *self.query("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1"),
            *servers.s3.objects(servers.bucket),
            *servers.s3.unfinished(servers.bucket),
            *sorted(blobs),
        ]

    def write(self) -> None:
        """Write the files as they are meant now."""
        (self.folder / "kada.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False))
        project = self.folder / "load"
        task = project / "routes" / "erp" / "staging" / "t"
        task.mkdir(parents=True, exist_ok=True)
        (project / "connections.yaml").write_text(yaml.safe_dump(self.connections))
        (project / "routes" / "erp" / "route.yaml").write_text("source: erp\n")
        if not (task / "task.yaml").exists():
            (task / "task.yaml").write_text(TASK)

    def __call__(self, *arguments: str) -> Said:
        """Run `kada doctor` here."""
        self.capsys.readouterr()
        code = main(["doctor", *arguments])
        out, err = self.capsys.readouterr()
        for name, value in os.environ.items():
            hidden = name.endswith(("_PASSWORD", "_SECRET", "_TOKEN", "_API_KEY"))
            assert not (hidden and value and value in out + err), name
        return Said(code, [re.sub(" {2,}", "  ", line) for line in out.splitlines()], err)
