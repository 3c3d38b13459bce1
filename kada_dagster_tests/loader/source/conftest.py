"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing


@pytest.fixture(scope="session")
def landing(postgres: PostgresServer) -> Iterator[Landing]:
    """A database for what is read."""
    with new_landing(postgres) as made:
        yield made
