"""The servers and tables of the benchmark: ten mixed columns, the same values wherever they are."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kada_dagster.sandbox.postgres_server import PostgresServer

COLUMNS = (
    "id bigint, customer integer, amount numeric(12,2), score double precision, active boolean, "
    "day date, updated_at timestamptz, name text, token uuid, detail jsonb"
)
NAMES = tuple(part.split()[0] for part in COLUMNS.replace("(12,2)", "").split(", "))
TINY, _FEW = "tiny", 10
"""A table of so many rows in every source."""

_ROWS = """
SELECT i, (i % 99991)::int, (i % 1000000)::numeric / 100, i / 8.0::float8, i % 3 = 0,
    date '2020-01-01' + (i % 2000)::int, timestamptz '2026-01-01 00:00Z' + i * interval '1 second',
    'customer number ' || i || ' of the benchmark',
    (lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000')::uuid,
    CASE WHEN i % 10 > 0 THEN jsonb_build_object('n', i, 'kind', 'k' || i % 7, 'ok', true) END
FROM generate_series(1, {rows}::bigint) i
"""
_SETTINGS = {
    "fsync": "off",
    "autovacuum": "off",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 22}MB",
}
"""A quarter of the memory is for the server, as its manual says."""

_SQLITE = (
    "id INTEGER PRIMARY KEY, customer INTEGER, amount NUMERIC, score REAL, active INTEGER, "
    "day TEXT, updated_at TEXT, name TEXT, token TEXT, detail TEXT"
)
_MARIADB = (
    "id BIGINT PRIMARY KEY, customer INT, amount DECIMAL(12,2), score DOUBLE, active TINYINT, "
    "day DATE, updated_at DATETIME, name TEXT, token CHAR(36), detail TEXT"
)


@dataclass
class Databases:
    """Running servers; everything is in databases `source` and `target`.

    Attributes:
        work: folder for files.
        postgres: the server of both ends.
        mariadb: a port, and the password of root; None where it is not installed.
        filled: kinds of other sources that have their table.
    """

    work: Path
    postgres: PostgresServer
    mariadb: tuple[int, str] | None = None
    filled: set[str] = field(default_factory=set[str])

    @property
    def psql(self) -> str:
        """The program and where to connect, for a shell."""
        place = f"-h 127.0.0.1 -p {self.postgres.port} -U postgres"
        return f"{self.postgres.bin_dir}/psql -X -q -v ON_ERROR_STOP=1 {place}"

    @property
    def sqlite(self) -> Path:
        """The file."""
        return self.work / "source.db"

    def has(self, kind: str) -> bool:
        """Whether the programs of another source are there; says so where they are not."""
        program = {"sqlite": "sqlite3", "mariadb": "mariadb"}[kind]
        is_there = shutil.which(program) is not None and (kind != "mariadb" or bool(self.mariadb))
        if not is_there:
            print(f"{program} is not installed: no figure of it in this run")
        return is_there

    def run(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL on PostgreSQL and commit it; gives the rows."""
        with closing(self.postgres.connect(database)) as raw:
            raw.autocommit = True
            with raw.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []

    def settle(self) -> None:
        """Write what earlier runs left to be written, so that the next one does not have to."""
        self.run("postgres", "CHECKPOINT")

    def fill_postgres(self, name: str, rows: int) -> None:
        """A table of the source."""
        self.run("source", f"CREATE TABLE {name} ({COLUMNS})")
        self.run("source", f"INSERT INTO {name} {_ROWS.format(rows=rows)}")
        self.run("source", f"ALTER TABLE {name} ADD PRIMARY KEY (id)")
        self.run("source", f"VACUUM ANALYZE {name}")

    def drop_postgres(self, name: str) -> None:
        """Take the table away."""
        self.run("source", f"DROP TABLE {name}")

    def fill_other(self, kind: str, rows: int) -> None:
        """The table `events` of SQLite or MariaDB."""
        if kind in self.filled:
            return
        self.filled.add(kind)
        file = self.work / "events.csv"
        values, names = ", ".join(map(_plain, NAMES)), ", ".join(NAMES)
        query = f"COPY (SELECT {values} FROM ({_ROWS.format(rows=rows)}) e({names}))"
        self.shell(
            f"{self.psql} -d source -c \"{query} TO STDOUT (FORMAT csv, NULL '\\N')\" > {file}"
        )
        if kind == "sqlite":
            self._fill_sqlite(file)
        else:
            self._fill_mariadb(file)
        file.unlink()

    def shell(self, command: str) -> None:
        """Run a command of the shell."""
        subprocess.run(["bash", "-c", f"set -euo pipefail; {command}"], check=True)

    def _fill_sqlite(self, file: Path) -> None:
        with closing(sqlite3.connect(self.sqlite)) as raw:
            for name in ("events", TINY):
                raw.execute(f"CREATE TABLE {name} ({_SQLITE})")
        script = (
            f".mode csv\n.import {file} events\n"
            "UPDATE events SET detail = NULL WHERE detail = '\\N';\n"
            f"INSERT INTO {TINY} SELECT * FROM events LIMIT {_FEW};"
        )
        subprocess.run(["sqlite3", str(self.sqlite)], input=script, text=True, check=True)

    def _fill_mariadb(self, file: Path) -> None:
        import pymysql

        port, password = self.mariadb or (0, "")
        with (
            closing(
                pymysql.connect(
                    host="127.0.0.1",
                    port=port,
                    user="root",
                    password=password.encode(),
                    autocommit=True,
                    local_infile=True,
                )
            ) as raw,
            raw.cursor() as cursor,
        ):
            cursor.execute("SET GLOBAL local_infile = 1")
            cursor.execute("CREATE DATABASE source")
            cursor.execute(f"CREATE TABLE source.events ({_MARIADB})")
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE source.events CHARACTER SET utf8mb4 "
                "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '\\\\'"
            )
            few = f"SELECT * FROM source.events LIMIT {_FEW}"
            cursor.execute(f"CREATE TABLE source.{TINY} AS {few}")


def _plain(name: str) -> str:
    """A value as those databases keep it."""
    if name == "active":
        return "active::int"
    if name == "updated_at":
        return "to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    return name


@contextmanager
def running(work: Path) -> Iterator[Databases]:
    """The servers, started; stopped at the end."""
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer.start(work / "server", settings=_SETTINGS))
        databases = Databases(work, server, _mariadb(stack))
        for name in ("source", "target"):
            databases.run("postgres", f"CREATE DATABASE {name}")
        databases.fill_postgres(TINY, _FEW)
        yield databases


def _mariadb(stack: ExitStack) -> tuple[int, str] | None:
    from kada_dagster_tests.loader.source.mariadb_server import PASSWORD, missing, running_server

    if missing():
        return None
    return stack.enter_context(running_server()).port, PASSWORD
