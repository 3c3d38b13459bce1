"""A whole source in one file: a folder of JSON documents, each an object of META.

It is real, only small: it reads, it can be away (the folder is not mounted), it can refuse its
token. That it needs this file and one line in the registry is what a new source needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import Field
from typing_extensions import Self

from kada_dagster.collector.extractor import Extractor
from kada_dagster.collector.resources import SourceResource
from kada_dagster.config.fields import LocalPath, SecretReference
from kada_dagster.config.models import SourceSettings
from kada_dagster.config.registry import SourceType
from kada_dagster.errors import ConnectionFailedError, PermissionDeniedError
from kada_dagster.extracts.contract import COLUMNS, LINKAGE, META
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hwm.window import Window
from kada_dagster.secrets import Secret

FOLDER_TYPE = SourceType(
    settings=f"{__name__}:FolderSettings", resource=f"{__name__}:FolderResource"
)


class FolderSettings(SourceSettings):
    type: Literal["folder"] = "folder"
    folder: LocalPath
    token: SecretReference | None = None


class FolderExtractor(Extractor):
    source_type = "folder"
    families = (META, LINKAGE)

    def __init__(self, settings: FolderSettings, folder: Path, token: Secret | None) -> None:
        super().__init__(
            name=settings.name,
            host=settings.host,
            output_path=settings.output_path,
            mask=settings.mask,
            compress=settings.compress,
        )
        self.folder, self.token = folder, token

    def test_connection(self) -> None:
        if not self.folder.is_dir():
            raise ConnectionFailedError(f"{self.folder} is not mounted")
        with (self.folder / "calls.txt").open("a") as calls:
            calls.write("test_connection\n")
        wanted = self.folder / "token.txt"
        given = self.token.reveal() if self.token else ""
        if wanted.exists() and wanted.read_text() != given:
            raise PermissionDeniedError(f"{self.folder}: the token was refused")

    def read(self, window: Window, writer: ExtractWriter) -> None:
        with (self.folder / "calls.txt").open("a") as calls:
            calls.write(f"read {window}\n")
        writer.add_rows(META, (_row(path) for path in sorted(self.folder.glob("*.json"))))


class FolderResource(SourceResource):
    folder: str
    token: str | None = Field(None, repr=False)

    @classmethod
    def from_settings(cls, settings: Any) -> Self:
        reference = settings.token
        token: Any = dg.EnvVar(reference.variable) if reference else None
        return cls(folder=str(settings.folder), token=token)

    def extractor(self, settings: Any) -> FolderExtractor:
        token = None if self.token is None else Secret(value=self.token)
        return FolderExtractor(settings, Path(self.folder), token)


def _row(path: Path) -> list[str]:
    document: dict[str, str] = json.loads(path.read_text())
    return [document.get(column, "") for column in COLUMNS[META]]
