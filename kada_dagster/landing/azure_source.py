"""The file an upload to Azure sends, checked against its manifest while it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.errors import LandingError
from kada_dagster.landing.azure_client import PUT_BYTES
from kada_dagster.landing.faults import source_errors

_MOST_BLOCKS = 50_000
_MEBIBYTE = 1024 * 1024


@dataclass
class SourceFile:
    """A file to send.

    Attributes:
        path: where it is.
        size: what it must measure, in bytes.
        sha256: what it must hash to, lower-case hex.
        md5: its MD5; known once it was read to its end, so only of the very file described.
    """

    path: Path
    size: int
    sha256: str
    md5: bytes = b""

    @property
    def block_bytes(self) -> int:
        """How large its blocks are: such that the service's 50,000 are enough."""
        whole_mebibytes = -(-self.size // (_MOST_BLOCKS * _MEBIBYTE))
        return max(PUT_BYTES, whole_mebibytes * _MEBIBYTE)

    def blocks(self) -> Iterator[bytes]:
        """Read it from its start, in blocks.

        Raises:
            LandingError: it cannot be read, or is not the file described; at its end at the latest.
        """
        size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        for block in self._read():
            size += len(block)
            if size > self.size:
                raise self._changed()
            sha256.update(block)
            md5.update(block)
            yield block
        if (size, sha256.hexdigest()) != (self.size, self.sha256):
            raise self._changed()
        self.md5 = md5.digest()

    def check(self) -> None:
        """Read it to its end. Raises as `blocks` does."""
        for _ in self.blocks():
            pass

    def _read(self) -> Iterator[bytes]:
        with source_errors(self.path):
            file = self.path.open("rb")
        with file:
            while True:
                with source_errors(self.path):
                    block = file.read(self.block_bytes)
                if not block:
                    return
                yield block

    def _changed(self) -> LandingError:
        return LandingError(
            f"{self.path} is not the file its manifest describes; it was not sent. "
            "Run the extract of that window again"
        )
