"""A source and a target on the embedded server, one pair for a module, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.databases import Ends, two_databases


@pytest.fixture(scope="module")
def pair(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    """Two databases of this module."""
    with two_databases(postgres, tmp_path_factory.mktemp("unused")) as made:
        yield made


@pytest.fixture
def ends(pair: Ends, tmp_path: Path) -> Iterator[Ends]:
    """Two empty databases and an empty folder."""
    made = replace(pair, folder=tmp_path / "project")
    try:
        yield made
    finally:
        made.empty()
