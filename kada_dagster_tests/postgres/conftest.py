"""The sample database, made once a server and test process."""

from __future__ import annotations

import pytest

from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import Extracted, extract

SAMPLE = "sample_extracted"


@pytest.fixture(scope="session")
def _sample_database(every_postgres: PostgresServer) -> None:
    sample_database.create(every_postgres.connect, SAMPLE)


@pytest.fixture
def sample(
    every_postgres: PostgresServer,
    _sample_database: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Extracted:
    """The sample database as extracted from each version just now: roles come and go."""
    return extract(every_postgres, tmp_path_factory.mktemp("sample"), SAMPLE)
