"""The places marks may be kept in, each on a real server or disk.

A test that takes `mark_place` runs on every one. A place can be sent to another process.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.object_store import ObjectMarkStore
from kada_dagster.hwm.objects import VersionedObjects
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.table_store import TableMarkStore
from kada_dagster.landing.places import AzureDirectory, S3Directory
from kada_dagster.postgres.client import ServerAddress
from kada_dagster_tests.hwm.faults import memory_folder
from kada_dagster_tests.hwm.file_objects import FileObjects

HOST = "127.0.0.1"


class Place(Protocol):
    """Where marks are kept."""

    def open(self) -> MarkStore: ...


@dataclass(frozen=True)
class Folder:
    """Files."""

    path: Path

    def open(self) -> MarkStore:
        return FileMarkStore(self.path)

    def content(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def spoil(self, name: str, data: bytes) -> None:
        self.path.mkdir(exist_ok=True)
        (self.path / name).write_bytes(data)


@dataclass(frozen=True)
class Objects:
    """Objects replaced by version."""

    folder: Path | S3Directory | AzureDirectory

    def open(self) -> MarkStore:
        return ObjectMarkStore(self.objects)

    @property
    def objects(self) -> VersionedObjects:
        if isinstance(self.folder, Path):
            return FileObjects(self.folder)
        if isinstance(self.folder, S3Directory):
            from kada_dagster.hwm.s3_objects import S3Objects

            return S3Objects(self.folder)
        from kada_dagster.hwm.azure_objects import AzureObjects

        return AzureObjects(self.folder)

    def content(self, name: str) -> bytes:
        data = self.objects.read(name).data
        assert data is not None
        return data

    def spoil(self, name: str, data: bytes) -> None:
        assert self.objects.replace(name, data, self.objects.read(name).version)


@dataclass(frozen=True)
class Tables:
    """Tables of a database."""

    port: int
    database: str
    schema: str = "kada"
    user: str = "postgres"
    timeout: int = 30

    def open(self) -> MarkStore:
        address = ServerAddress(HOST, self.port, self.user, statement_timeout=self.timeout)
        return TableMarkStore(address, self.database, self.schema)


def _folder(_request: pytest.FixtureRequest, folder: Path) -> Place:
    return Folder(folder / "hwm")


def _objects(_request: pytest.FixtureRequest, folder: Path) -> Place:
    return Objects(folder)


def _s3(request: pytest.FixtureRequest, _folder: Path) -> Place:
    server: Any = request.getfixturevalue("s3_server")
    return Objects(server.directory(server.new_bucket()))


def _azure(request: pytest.FixtureRequest, _folder: Path) -> Place:
    server: Any = request.getfixturevalue("azurite")
    return Objects(server.directory(server.new_container().container_name))


def _tables(request: pytest.FixtureRequest, _folder: Path) -> Place:
    server: Any = request.getfixturevalue("postgres")
    return Tables(server.port, server.create_database())


_KINDS: dict[str, Callable[[pytest.FixtureRequest, Path], Place]] = {
    "files": _folder,
    "objects": _objects,
    "s3": _s3,
    "azure": _azure,
    "tables": _tables,
}


@pytest.fixture(params=_KINDS)
def mark_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each place in turn, empty."""
    with memory_folder() as folder:
        yield _KINDS[request.param](request, folder)


@pytest.fixture(params=[kind for kind in _KINDS if kind != "tables"])
def text_place(request: pytest.FixtureRequest) -> Iterator[Folder | Objects]:
    """Each place that keeps marks as text, in turn, empty."""
    with memory_folder() as folder:
        place = _KINDS[request.param](request, folder)
        assert isinstance(place, Folder | Objects)
        yield place


def new_name() -> str:
    """A mark nobody has."""
    return f"m{uuid.uuid4().hex[:10]}"
