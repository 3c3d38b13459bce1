"""A source and a target on the embedded server, one pair a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.databases import Ends, two_databases


@pytest.fixture
def ends(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ends]:
    """Two empty databases and an empty folder."""
    with two_databases(postgres, tmp_path / "project") as made:
        yield made
