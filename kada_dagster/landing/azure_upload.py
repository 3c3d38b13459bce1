"""Sending one file to Azure Blob Storage so that it appears whole or not at all.

A small file is one Put Blob. A larger one goes as blocks, which nobody sees until Put Block List
commits them. The service checks the MD5 of every request's data. Limits:
https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import ConnectionFailedError, LandingError
from kada_dagster.landing.azure_client import PUT_BYTES, AzureContainer
from kada_dagster.landing.azure_source import SourceFile
from kada_dagster.landing.base import Progress

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

BLOCKS_IN_FLIGHT = 4
"""Blocks, or whole small files, a landing holds in memory: all its uploads together."""

_MOST_STARTS = 5

BlockList = list[tuple[str, int]]
"""Id and size of each block of a blob, in order."""


@dataclass(frozen=True)
class Sent:
    """What the service took.

    Attributes:
        etag: of the blob it made.
        blocks: what it is made of; empty for one Put Blob.
    """

    etag: str
    blocks: BlockList


@dataclass
class Upload:
    """One file on its way into one blob.

    Attributes:
        container: holds the blob.
        blob: where the file goes.
        source: the file.
        slots: one for each block that may be in memory.
        progress: told how it goes on; bytes that are sent again do not count.
    """

    container: AzureContainer
    blob: BlobClient
    source: SourceFile
    slots: threading.Semaphore
    progress: Progress
    _reported: int = 0
    _staged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> Sent:
        """Send the file.

        Raises:
            LandingError: the source is not the file described, or the service refuses.
            ConnectionFailedError, PermissionDeniedError: as `AzureContainer.call`.
        """
        return self._put() if self.source.size <= PUT_BYTES else self._put_blocks()

    def _put(self) -> Sent:
        with self.slots:
            data = b"".join(self.source.blocks())
            answer = self.container.call(
                lambda: self.blob.upload_blob(
                    data, overwrite=True, validate_content=True, **self._described()
                )
            )
        if bytes(answer["content_md5"] or b"") != self.source.md5:
            raise ConnectionFailedError(
                f"landing {self.container.directory}: the service reports another MD5 than that of "
                f"{self.blob.blob_name} as it was sent: check the network, then upload again"
            )
        self._report(len(data))
        return Sent(str(answer["etag"]), [])

    def _put_blocks(self) -> Sent:
        for _ in range(_MOST_STARTS):
            sent = self._commit(self._stage_all())
            if sent is not None:
                return sent
        raise LandingError(
            f"landing {self.container.directory}: other uploads of {self.blob.blob_name} keep "
            "getting in between: let a single collector write to this landing"
        )

    def _stage_all(self) -> BlockList:
        """Send all blocks under ids of this start alone, so that no other upload mixes in."""
        self._staged, prefix = 0, secrets.token_hex(19)
        blocks: BlockList = []
        futures: set[Future[None]] = set()
        with ThreadPoolExecutor(BLOCKS_IN_FLIGHT) as pool:
            try:
                for block in self._in_slots():
                    # 48 characters, like the ids of other Azure tools: the service wants those of
                    # a blob's unfinished blocks, from whomever, to have one length.
                    block_id = f"{prefix}{len(blocks):010d}"
                    blocks.append((block_id, len(block)))
                    future = pool.submit(self._stage, block_id, block)
                    future.add_done_callback(lambda _: self.slots.release())
                    futures = _unfinished(futures | {future})
                wait(futures, return_when=FIRST_EXCEPTION)
                _unfinished(futures)
            finally:
                pool.shutdown(cancel_futures=True)
        return blocks

    def _in_slots(self) -> Iterator[bytes]:
        """The source's blocks; each has a slot, which is given back once it is sent."""
        source = self.source.blocks()
        while True:
            self.slots.acquire()
            block = None
            try:
                block = next(source, None)
            finally:
                if block is None:
                    self.slots.release()
            if block is None:
                return
            yield block

    def _stage(self, block_id: str, block: bytes) -> None:
        self.container.call(lambda: self.blob.stage_block(block_id, block, validate_content=True))
        self._report(len(block))

    def _commit(self, blocks: BlockList) -> Sent | None:
        """Make the blocks the blob; None when another upload's commit discarded them."""
        from azure.storage.blob import BlobBlock

        listed = [BlobBlock(block_id) for block_id, _ in blocks]
        answer = self.container.attempt(
            lambda: self.blob.commit_block_list(listed, validate_content=True, **self._described()),
            "InvalidBlockList",
        )
        return None if answer is None else Sent(str(answer["etag"]), blocks)

    def _described(self) -> dict[str, Any]:
        from azure.storage.blob import ContentSettings

        return {
            "content_settings": ContentSettings(content_md5=bytearray(self.source.md5)),
            "metadata": {"sha256": self.source.sha256},
        }

    def _report(self, count: int) -> None:
        with self._lock:
            self._staged += count
            news = self._staged - self._reported
            self._reported += max(0, news)
        if news > 0:
            self.progress(news)


def _unfinished(futures: set[Future[None]]) -> set[Future[None]]:
    """Those that still run; raises the error of one that failed."""
    for future in futures:
        if future.done():
            future.result()
    return {future for future in futures if not future.done()}
