"""A code location with alerts, and the servers alerts go to."""

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
from kada_dagster_tests.collector.migrations import make_home, read_once
from kada_dagster_tests.landing.azurite import make_certificate
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import HOOK, PASSWORD, USER, Site

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of a Dagster instance nothing has happened on."""
    with read_once():
        yield make_home(tmp_path_factory.mktemp("dagster_home"))


@pytest.fixture
def dagster_home(new_home: Path) -> Iterator[Path]:
    """A folder for Dagster's files; in memory where that is possible, for it syncs every event."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kada-dagster-", dir=parent) as folder, kept_engines():
        yield shutil.copytree(new_home, Path(folder), dirs_exist_ok=True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MAIL_USER", USER)
    monkeypatch.setenv("TEST_MAIL_PASSWORD", PASSWORD)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A webhook that takes what is posted, at an address in the environment."""
    with Inbox() as taken:
        monkeypatch.setenv("TEST_HOOK_URL", f"{taken.url}{HOOK}")
        yield taken


@pytest.fixture
def site(tmp_path: Path, dagster_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A location with one source, `docs`, that holds three objects; no alerts yet."""
    monkeypatch.setitem(registry.SOURCE_TYPES, "folder", FOLDER_TYPE)  # type: ignore[arg-type]
    with dg.DagsterInstance.local_temp(str(dagster_home)) as instance:
        made = Site(tmp_path, instance)
        made.add()
        made.put(3)
        yield made
