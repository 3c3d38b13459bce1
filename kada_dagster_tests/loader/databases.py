"""A source and a target database on a real server, and a project between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.loader.engine.split import Part
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.folders import write

_END_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
_EMPTY = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT evtname AS name FROM pg_event_trigger LOOP
        EXECUTE format('DROP EVENT TRIGGER %I', found.name);
    END LOOP;
    FOR found IN SELECT nspname AS name FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', found.name);
    END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC
"""


@dataclass(frozen=True)
class Ends:
    """Two databases and a folder for projects.

    Attributes:
        server: they are on.
        source, target: their names.
        folder: of the project.
    """

    server: PostgresServer
    source: str
    target: str
    folder: Path

    def at_source(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run SQL in the source and commit it; gives the rows of a query."""
        return self._run(self.source, sql, values)

    def at_target(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The same in the target."""
        return self._run(self.target, sql, values)

    def project(self, **files: str) -> Project:
        """A project of one route, `erp`; a task's folder is `schema__table`, its file task.yaml."""
        named = {f"routes/erp/{path}": text for path, text in files.items()}
        return self.read({**named, "routes/erp/route.yaml": "source: erp\n"})

    def read(self, files: dict[str, str]) -> Project:
        """A project of these files, with the profiles of the two databases."""
        profile = (
            "{{type: postgres, host: 127.0.0.1, port: {0}, database: {1}, username: postgres}}"
        )
        connections = "".join(
            f"{name}: {profile.format(self.server.port, database)}\n"
            for name, database in (("target", self.target), ("erp", self.source))
        )
        return read_project(write(self.folder, {"connections.yaml": connections, **files}))

    def load(self, task: str, *, part: Part | None = None, **files: str) -> LoadResult:
        """Write a task of `public.t` and run it.

        Args:
            task: text of its task.yaml.
            part: the range to load.
            files: further files of its folder, by name; `.` in it is written `__`.
        """
        extra = {f"public/t/{name.replace('__', '.')}": text for name, text in files.items()}
        project = self.project(**{"public/t/task.yaml": task, **extra})
        return run_task(project.tasks["public.t"], project, part=part)

    def empty(self) -> None:
        """Take everything out of both; emptying them costs less than making two others."""
        for database in (self.source, self.target):
            self._run("postgres", _END_OTHERS, (database,))
            self._run("postgres", f"ALTER DATABASE {database} RESET ALL", ())
            self._run(database, _EMPTY, ())

    def _run(self, database: str, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with closing(self.server.connect(database)) as raw, raw.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def two_databases(server: PostgresServer, folder: Path) -> Iterator[Ends]:
    """Make both, and drop them at the end."""
    names = [f"load_{end}_{uuid4().hex[:10]}" for end in ("source", "target")]
    with closing(server.connect("postgres")) as raw, raw.cursor() as cursor:
        for name in names:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield Ends(server, *names, folder)
        finally:
            force = " WITH (FORCE)" if server.version >= 13 else ""
            for name in names:
                cursor.execute(f"DROP DATABASE {name}{force}")
