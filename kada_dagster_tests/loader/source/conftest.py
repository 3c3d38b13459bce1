"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing
from kada_dagster_tests.loader.source.mariadb_server import (
    PASSWORD,
    MariadbDatabase,
    MariadbServer,
    missing,
    running_server,
)
from kada_dagster_tests.loader.source.mariadb_source import PASSWORD_VARIABLE


@pytest.fixture(scope="session")
def landing(postgres: PostgresServer) -> Iterator[Landing]:
    """A database for what is read."""
    with new_landing(postgres) as made:
        yield made


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """A running MariaDB."""
    if lacking := missing():
        pytest.skip(lacking)
    with running_server() as server:
        yield server


@pytest.fixture
def maria(mariadb: MariadbServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[MariadbDatabase]:
    """An empty database of MariaDB, and its password in the environment."""
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with mariadb.database() as made:
        yield made
