"""Two databases and a loader project between them, as the world of a page."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.world import World
from kada_dagster_tests.loader.databases import Ends, two_databases
from kada_dagster_tests.loader.folders import write

_EMPTY = """
DO $$ DECLARE found name; BEGIN
    FOR found IN SELECT nspname FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', found);
    END LOOP;
END $$; CREATE SCHEMA public"""


@dataclass(frozen=True)
class Pair:
    """The two databases of a page.

    Attributes:
        ends: which, and the folder of the project.
        folder: of the page.
        source: what pages call the database that is read.
    """

    ends: Ends
    folder: Path
    source: str

    def profiles(self, **more: Mapping[str, object]) -> str:
        """connections.yaml with the target, the other database, and further profiles."""
        server = {"type": "postgres", "host": "127.0.0.1", "port": self.ends.server.port}
        named = {"target": self.ends.target, self.source: self.ends.source}
        databases = {
            name: {**server, "database": database, "username": "postgres"}
            for name, database in named.items()
        }
        return yaml.safe_dump({**databases, **more}, sort_keys=False)

    def project(self, files: Mapping[str, str], folder: str = ".") -> None:
        """Write files of a project below the page's folder."""
        write(self.folder / folder, files)

    def empty_target(self) -> None:
        """Take everything out of the target."""
        self.ends.at_target(_EMPTY)

    def world(self, later: Mapping[str, Sequence[str]] | None = None) -> World:
        """The page's world; its steps are statements in the source."""

        def at_source(statements: Sequence[str]) -> None:
            for one in statements:
                self.ends.at_source(one)

        made = {name: lambda all=all: at_source(all) for name, all in (later or {}).items()}
        names = {self.ends.source: self.source, self.ends.target: "dwh"}
        steps = {"empty the target": self.empty_target, **made}
        return World(self.folder, names=names, steps=steps)


@contextmanager
def pair(server: PostgresServer, folder: Path, source: str, sql: str) -> Generator[Pair]:
    """Make both databases; the source with these statements."""
    with two_databases(server, folder) as ends:
        if sql:
            ends.at_source(sql)
        yield Pair(ends, folder, source)
