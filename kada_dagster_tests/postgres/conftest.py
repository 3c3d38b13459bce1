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


@pytest.fixture(scope="session")
def _extracted() -> dict[tuple[int, int], Extracted]:
    return {}


@pytest.fixture
def sample(
    every_postgres: PostgresServer,
    _sample_database: None,
    _extracted: dict[tuple[int, int], Extracted],
    tmp_path_factory: pytest.TempPathFactory,
) -> Extracted:
    """The sample database of each version as it is now: roles come and go.

    It is extracted anew if anything was written on the server since it was.
    """
    moment = (every_postgres.port, transactions(every_postgres))
    if moment not in _extracted:
        _extracted[moment] = extract(every_postgres, tmp_path_factory.mktemp("sample"), SAMPLE)
    return _extracted[moment]


def transactions(server: PostgresServer) -> int:
    """How many transactions have written anything on a server, in whichever database."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())")
            (count,) = cursor.fetchone()
            return int(count)
    finally:
        connection.close()
