"""Shared places for the tests: a bucket, a container, a folder and memory, each through fsspec."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from kada_dagster.extracts.manifest import Manifest
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.extracts.staging_place import StagingPlace
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window
from kada_dagster_tests.extracts.samples import DAY, Rows, shop
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import REGION, S3Server

NAME = "shop"
ACCOUNT_KEY = "AZURE_STORAGE_CONNECTION_STRING"


def s3_environment(server: S3Server, port: int | None = None) -> dict[str, str]:
    """What makes a process use the server: the variables every AWS tool knows."""
    return {
        "AWS_ENDPOINT_URL": server.url if port is None else f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": server.owner.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.owner.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
    }


def azure_environment(server: Azurite, key: str | None = None) -> dict[str, str]:
    """What makes a process use Azurite: an account's connection string."""
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": "kada",
        "AccountKey": key or server.key,
        "BlobEndpoint": server.account_url,
    }
    return {ACCOUNT_KEY: "".join(f"{name}={value};" for name, value in parts.items())}


def s3_place(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    server: S3Server = request.getfixturevalue("s3_server")
    set_environment(patch, s3_environment(server))
    return f"s3://{server.new_bucket()}/lz/staging"


def azure_place(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    server: Azurite = request.getfixturevalue("azurite")
    set_environment(patch, azure_environment(server))
    return f"abfs://{server.new_container().container_name}@kada.dfs.core.windows.net/staging"


def memory_place(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    return f"memory://{uuid4().hex}/staging"


def file_place(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    """A folder as fsspec sees it: a place whose files do not appear at one stroke."""
    folder: Path = request.getfixturevalue("tmp_path")
    return f"file://{folder}/shared"


PLACES: dict[str, Callable[[pytest.FixtureRequest, pytest.MonkeyPatch], str]] = {
    "memory": memory_place,
    "file": file_place,
    "s3": s3_place,
    "azure": azure_place,
}


def set_environment(patch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        patch.setenv(name, value)


def on_host(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """From now on, work as a machine whose temporary files are in `folder`."""
    folder.mkdir(exist_ok=True)
    patch.setattr("tempfile.tempdir", str(folder))


def extract(
    staging: StagingPlace, rows: Rows | None = None, window: Window = DAY, **options: bool
) -> Manifest:
    """A real run."""
    rows = shop() if rows is None else rows
    compress = options.get("compress", False)
    head = ExtractHead("postgres", staging.name, "h", tuple(rows), compress)
    with ExtractWriter(staging, window, head) as writer:
        for family, records in rows.items():
            writer.add_rows(family, records)
        return writer.commit()


def contents(staging: StagingPlace, window: Window = DAY) -> dict[str, bytes]:
    """The files of a run."""
    with staging.reading(window) as folder:
        assert folder.name == window.folder
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def shared(url: str) -> SharedStaging:
    """A staging that has seen nothing yet."""
    return SharedStaging(url, NAME)


def stored(url: str) -> dict[str, bytes]:
    """Everything below a staging, by path."""
    store = shared(url)._store
    return {path: store.read(path) or b"" for path in store.files()}


def environment(*variables: dict[str, str]) -> dict[str, str]:
    """This process's variables and others."""
    return {key: value for part in (dict(os.environ), *variables) for key, value in part.items()}
