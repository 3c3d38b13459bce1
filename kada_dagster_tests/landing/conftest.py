"""Where the tests of landings write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster_tests.hwm.faults import memory_folder
from kada_dagster_tests.landing.s3_access import SMALL
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.landing.sending import Source, bytes_of


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: files are sent with fsync, which a busy disk makes slow."""
    with memory_folder() as folder:
        yield folder


@pytest.fixture
def nothing_ambient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials but the test's own."""
    for variable in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def server(guarded_s3_server: S3Server) -> S3Server:
    """A store that checks signatures and policies."""
    return guarded_s3_server


@pytest.fixture
def bucket(server: S3Server) -> str:
    """A bucket of it."""
    return server.new_bucket()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A small file."""
    return Source.write(tmp_path / "source", bytes_of(1, SMALL))
