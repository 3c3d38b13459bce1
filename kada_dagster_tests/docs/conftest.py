"""The demo, run once for all pages, and the world of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.demo_world import DemoRun, demo_run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRun]:
    """A demo that has run, with its servers."""
    with demo_run(tmp_path_factory.mktemp("demo")) as run:
        yield run


@pytest.fixture(scope="session")
def statements(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server with the database that statements of pages are about."""
    with closing(postgres.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE dwh")
        yield postgres
        cursor.execute("DROP DATABASE dwh WITH (FORCE)")
