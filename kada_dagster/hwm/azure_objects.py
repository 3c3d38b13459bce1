"""Objects in Azure Blob Storage, beside a landing directory, replaced by conditional writes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.objects import Versioned
from kada_dagster.landing.azure_client import AzureContainer
from kada_dagster.landing.places import AzureDirectory

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties

_ABSENT = ("BlobNotFound", "ResourceNotFound", "PathNotFound")
_CHANGED = ("ConditionNotMet", "BlobAlreadyExists")


@dataclass(frozen=True)
class AzureObjects:
    """The folder `hwm` beside a directory; see `VersionedObjects` for what the methods raise.

    The credential needs to read, create and write. A version is an ETag. A lease on an object, or
    an immutability policy, stops every write.

    Attributes:
        directory: the landing directory.
    """

    directory: AzureDirectory
    _container: AzureContainer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        container = AzureContainer(self.directory, WatermarkError, "high water marks beside")
        object.__setattr__(self, "_container", container)

    def read(self, name: str) -> Versioned:
        """The object as it is now."""
        blob = self._blob(name)
        found = self._container.attempt(lambda: _download(blob), *_ABSENT, needs="r")
        return found or Versioned(None, None)

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        """Write an object if it is in the state `version` names."""
        blob, write = self._blob(name), secrets.token_hex(16)
        answer = self._container.attempt(
            lambda: blob.upload_blob(
                data,
                overwrite=version is not None,
                validate_content=True,
                metadata={"write": write},
                **_condition(version),
            ),
            *_CHANGED,
        )
        return answer is not None or self._wrote(blob, write)

    def describe(self, name: str) -> str:
        """The object's address."""
        return f"{self.directory.url}/{self.directory.container}/{self.directory.beside(name)}"

    def _blob(self, name: str) -> BlobClient:
        return self._container.blob(self.directory.beside(name))

    def _wrote(self, blob: BlobClient, write: str) -> bool:
        """Whether the object is of this very write: its answer was lost, and asking again met its
        own result."""
        found = self._container.attempt(blob.get_blob_properties, *_ABSENT, needs="r")
        return found is not None and _metadata(found).get("write") == write


def _download(blob: BlobClient) -> Versioned:
    answer = blob.download_blob(validate_content=True)
    return Versioned(answer.readall(), str(answer.properties.etag))


def _condition(version: str | None) -> dict[str, Any]:
    from azure.core import MatchConditions

    if version is None:
        return {}  # without `overwrite` the SDK sends If-None-Match: *
    return {"etag": version, "match_condition": MatchConditions.IfNotModified}


def _metadata(found: BlobProperties) -> dict[str, str]:
    return {key.lower(): value for key, value in (found.metadata or {}).items()}
