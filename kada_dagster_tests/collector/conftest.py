"""The code location the tests of the Dagster face share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.config import registry
from kada_dagster_tests.collector.engines import kept_engines
from kada_dagster_tests.collector.folder_source import FOLDER_TYPE
from kada_dagster_tests.collector.location import Location
from kada_dagster_tests.collector.migrations import make_home, read_once

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session", autouse=True)
def _new_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with read_once():
        yield make_home(tmp_path_factory.mktemp("dagster_home"))


@pytest.fixture
def dagster_home(_new_home: Path) -> Iterator[Path]:
    """A folder for Dagster's files; in memory where that is possible, for it syncs every event."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kada-dagster-", dir=parent) as folder, kept_engines():
        yield shutil.copytree(_new_home, Path(folder), dirs_exist_ok=True)


@pytest.fixture
def empty_location(
    tmp_path: Path, dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Location]:
    """A location without sources; its Dagster instance keeps everything in files."""
    monkeypatch.setitem(registry.SOURCE_TYPES, "folder", FOLDER_TYPE)  # type: ignore[arg-type]
    with dg.DagsterInstance.local_temp(str(dagster_home)) as instance:
        yield Location(tmp_path, instance)


@pytest.fixture
def location(empty_location: Location) -> Location:
    """A location with one source, `docs`, that holds three objects."""
    empty_location.add()
    empty_location.put(3)
    return empty_location
