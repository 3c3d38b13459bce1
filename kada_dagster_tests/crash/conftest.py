"""The landings and stores of marks of the matrix."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.table_store import TableMarkStore
from kada_dagster.hwm.window import format_hwm
from kada_dagster.landing.places import AzureDirectory, S3Directory
from kada_dagster.postgres.client import ServerAddress
from kada_dagster_tests.crash.runner import NAME
from kada_dagster_tests.crash.test_matrix import Place
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import S3Server


def _folder_files(folder: Path) -> dict[str, bytes]:
    visible = (path for path in folder.glob("*") if not path.name.startswith("."))
    return {path.name: path.read_bytes() for path in visible}


def _mark(store: MarkStore) -> str | None:
    mark = store.read(NAME).mark
    return format_hwm(mark) if mark else None


class Folders:
    """Landing in a folder, marks in files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def plan(self, number: int) -> dict[str, Any]:
        marks = {"type": "file", "path": str(self.root / f"marks{number}")}
        landing = {"type": "local", "path": str(self.root / f"landing{number}")}
        return {"landing": landing, "high_water_marks": marks}

    def files(self, number: int) -> dict[str, bytes]:
        return _folder_files(self.root / f"landing{number}")

    def mark(self, number: int) -> str | None:
        path = self.root / f"marks{number}" / f"{NAME}_hwm.txt"
        return path.read_text().strip() if path.exists() else None

    @property
    def environment(self) -> Mapping[str, str]:
        return os.environ

    def __str__(self) -> str:
        return "folder, mark files"


class Tables(Folders):
    """Landing in a folder, marks in tables."""

    def __init__(self, root: Path, port: int, database: str) -> None:
        super().__init__(root)
        self.port, self.database = port, database

    def plan(self, number: int) -> dict[str, Any]:
        marks = {
            "type": "postgres",
            "server": "127.0.0.1",
            "port": self.port,
            "database": self.database,
            "username": "postgres",
            "schema": f"marks{number}",
        }
        return {**super().plan(number), "high_water_marks": marks}

    def mark(self, number: int) -> str | None:
        address = ServerAddress("127.0.0.1", self.port, "postgres")
        return _mark(TableMarkStore(address, self.database, f"marks{number}"))

    def __str__(self) -> str:
        return "folder, mark tables"


class Bucket:
    """Landing and marks in a bucket."""

    def __init__(self, server: S3Server) -> None:
        self.server, self.bucket = server, server.new_bucket()

    def directory(self, number: int) -> S3Directory:
        return self.server.directory(self.bucket, path=f"lz{number}/landing")

    def plan(self, number: int) -> dict[str, Any]:
        directory = self.directory(number)
        landing = {
            "type": "s3",
            "bucket": self.bucket,
            "path": directory.path,
            "region": directory.region,
            "endpoint_url": directory.endpoint_url,
            "access_key_id": "${MATRIX_KEY}",
            "secret_access_key": "${MATRIX_SECRET}",
        }
        return {"landing": landing, "high_water_marks": {"type": "landing"}}

    def files(self, number: int) -> dict[str, bytes]:
        prefix = f"{self.directory(number).path}/"
        store = self.server.s3
        listed = store.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        keys = [str(item.get("Key")) for item in listed]
        return {
            key[len(prefix) :]: store.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
        }

    def mark(self, number: int) -> str | None:
        from kada_dagster.landing.s3 import S3Landing

        return _mark(S3Landing(self.directory(number)).marks())

    @property
    def environment(self) -> Mapping[str, str]:
        owner = self.server.owner
        keys = {"MATRIX_KEY": owner.access_key_id, "MATRIX_SECRET": owner.secret_access_key}
        return {**os.environ, **keys}

    def __str__(self) -> str:
        return "S3, mark objects"


class Container:
    """Landing and marks in a container."""

    def __init__(self, server: Azurite) -> None:
        self.server = server
        self.container = server.new_container()
        self.token = server.container_sas(str(self.container.container_name), "rcwl")

    def directory(self, number: int) -> AzureDirectory:
        name = str(self.container.container_name)
        return self.server.directory(name, path=f"lz{number}/landing")

    def plan(self, number: int) -> dict[str, Any]:
        directory = self.directory(number)
        landing = {
            "type": "azure",
            "storage_account": directory.storage_account,
            "account_url": directory.account_url,
            "container": directory.container,
            "path": directory.path,
            "sas_token": "${MATRIX_TOKEN}",
        }
        return {"landing": landing, "high_water_marks": {"type": "landing"}}

    def files(self, number: int) -> dict[str, bytes]:
        prefix = f"{self.directory(number).path}/"
        return {
            blob.name[len(prefix) :]: bytes(self.container.download_blob(blob.name).readall())
            for blob in self.container.list_blobs(name_starts_with=prefix)
        }

    def mark(self, number: int) -> str | None:
        from kada_dagster.landing.azure_blob import AzureBlobLanding

        return _mark(AzureBlobLanding(self.directory(number)).marks())

    @property
    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "MATRIX_TOKEN": self.token}

    def __str__(self) -> str:
        return "Azure Blob, mark objects"


@pytest.fixture(params=[("folders", 1), ("tables", 0), ("s3", 0), ("azure", 0)], ids=lambda p: p[0])
def _kind(request: pytest.FixtureRequest) -> tuple[str, int]:
    return request.param


@pytest.fixture
def within(_kind: tuple[str, int]) -> int:
    """How many kill points are tried between the ends of a step."""
    return _kind[1]


@pytest.fixture
def place(_kind: tuple[str, int], tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """The landing and store of marks under test."""
    if _kind[0] == "folders":
        return Folders(tmp_path / "place")
    if _kind[0] == "tables":
        server = request.getfixturevalue("postgres")
        return Tables(tmp_path / "place", server.port, server.create_database())
    if _kind[0] == "s3":
        return Bucket(request.getfixturevalue("s3_server"))
    return Container(request.getfixturevalue("azurite"))
