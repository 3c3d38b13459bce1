"""A landing directory in a container of Azure Blob Storage.

How a file gets there is `azure_upload`, how the service is reached `azure_client`. A file carries
its MD5 as the blob's Content-MD5 and its SHA-256 as the metadata field `sha256`.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.errors import ConnectionFailedError, LandingError, PermissionDeniedError
from kada_dagster.landing.azure_client import AzureContainer
from kada_dagster.landing.azure_source import SourceFile
from kada_dagster.landing.azure_upload import BLOCKS_IN_FLIGHT, BlockList, Sent, Upload
from kada_dagster.landing.base import Progress, Receipt, check_name, no_progress
from kada_dagster.landing.places import AzureDirectory

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties

    from kada_dagster.hwm.store import MarkStore

_ABSENT = ("BlobNotFound", "ResourceNotFound", "PathNotFound")


@dataclass(frozen=True)
class AzureBlobLanding:
    """A path in an Azure Blob container as landing; see `Landing` for what the methods raise.

    Write permission is enough. A credential that may also read saves sending what is there
    already, and lets every file be looked at once more after it was sent.

    Attributes:
        directory: the path. No other source may land in it.
    """

    directory: AzureDirectory
    _container: AzureContainer = field(init=False, repr=False, compare=False)
    _slots: threading.Semaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_container", AzureContainer(self.directory))
        object.__setattr__(self, "_slots", threading.Semaphore(BLOCKS_IN_FLIGHT))

    def put(
        self,
        source: Path,
        name: str,
        *,
        size: int,
        sha256: str,
        progress: Progress = no_progress,
    ) -> Receipt:
        """Place one file; nothing is sent when the identical file is there."""
        blob, file = self._blob(name), SourceFile(source, size, sha256)
        may_read, found = self._look(blob)
        present = _is_like(found, file) and _has_md5_of(found, file)
        if not present:
            sent = Upload(self._container, blob, file, self._slots, progress).run()
            if may_read:
                self._verify(blob, file, sent)
        return Receipt(name, size, sha256, self._location(name), sent=not present)

    def holds(self, name: str, *, size: int, sha256: str) -> bool:
        """Whether exactly this file is there; False where the credential may not look."""
        _, found = self._look(self._blob(name))
        return _is_like(found, SourceFile(Path(name), size, sha256))

    def marks(self) -> MarkStore:
        """Marks in the folder `hwm` beside the landing directory."""
        from kada_dagster.hwm.azure_objects import AzureObjects
        from kada_dagster.hwm.object_store import ObjectMarkStore

        self.directory.beside("")  # raises where nothing can be
        return ObjectMarkStore(AzureObjects(self.directory))

    def describe(self) -> str:
        """The directory's address."""
        return str(self.directory)

    def test_connection(self) -> None:
        """Ask for a write that its own condition forbids: nothing is made, not even for a moment.

        The service looks at the credential and the container first, so an unmet condition proves
        that both are good. Committing blocks needs the permission to write, which is enough for
        everything else `put` does.
        """
        from azure.core import MatchConditions

        blob = self._container.blob(self.directory.blob(".kada-connection-test"))
        self._container.attempt(
            lambda: blob.commit_block_list(
                [], etag='"0x0"', match_condition=MatchConditions.IfNotModified
            ),
            "ConditionNotMet",
            "BlobNotFound",
        )

    def _blob(self, name: str) -> BlobClient:
        return self._container.blob(self.directory.blob(check_name(name)))

    def _location(self, name: str) -> str:
        return f"{self.directory.url}/{self.directory.container}/{self.directory.blob(name)}"

    def _look(self, blob: BlobClient) -> tuple[bool, BlobProperties | None]:
        """Whether the credential may read, and what is there; None also where it may not."""
        with suppress(PermissionDeniedError):
            get = blob.get_blob_properties
            return True, self._container.attempt(get, *_ABSENT, needs="r")
        self.test_connection()  # says why, unless the credential may write at least
        return False, None

    def _verify(self, blob: BlobClient, file: SourceFile, sent: Sent) -> None:
        """Compare what the store reports with what was sent."""
        _, found = self._look(blob)
        ours = found is not None and found.etag == sent.etag
        whole = not (ours and sent.blocks) or self._block_list(blob) == sent.blocks
        if whole and _is_like(found, file) and _md5(found) == file.md5:
            return
        if ours or found is None:
            state = "reports another size or checksum for" if ours else "does not know"
            raise ConnectionFailedError(
                f"landing {self.directory}: the service took {blob.blob_name}, and then "
                f"{state} it: upload again"
            )
        raise LandingError(
            f"landing {self.directory}: another program replaced {blob.blob_name} right after it "
            "was sent: let a single collector write to this landing"
        )

    def _block_list(self, blob: BlobClient) -> BlockList:
        committed, _ = self._container.call(lambda: blob.get_block_list("committed"), needs="r")
        return [(block.id, block.size) for block in committed]


def _is_like(found: BlobProperties | None, file: SourceFile) -> bool:
    """Whether size and recorded SHA-256 are the file's. The metadata is written with the content
    and goes with it: another program's upload replaces both."""
    if found is None:
        return False
    recorded = {key.lower(): value for key, value in (found.metadata or {}).items()}
    return (found.size, recorded.get("sha256")) == (file.size, file.sha256)


def _has_md5_of(found: BlobProperties | None, file: SourceFile) -> bool:
    """Whether the MD5 the store holds is the file's, which is read for that."""
    file.check()
    return _md5(found) == file.md5


def _md5(found: BlobProperties | None) -> bytes:
    return b"" if found is None else bytes(found.content_settings.content_md5 or b"")
