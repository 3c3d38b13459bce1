"""Putting sections together to family files while others are still being read.

A section is appended as soon as it and all before it are closed, by one thread of its own, so
that little is left to do when the last row arrives. The bytes do not depend on the timing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kada_dagster.extracts.contract import header
from kada_dagster.extracts.gzip_stream import open_gzip

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Part:
    """A closed section: where it is, and its 0-based place in the family's file."""

    path: Path
    number: int


class Assembly:
    """The files of a run. A context manager that leaves no thread and no open file.

    Args:
        paths: the file of each family; made when entered.
        compress: gzip them.

    Raises:
        OSError: from `finish`: a file could not be written.
    """

    def __init__(self, paths: Mapping[str, Path], *, compress: bool) -> None:
        self._files = {family: _File(path, family, compress) for family, path in paths.items()}
        self._thread = ThreadPoolExecutor(1, "kada-assembly")
        self._appended: list[Future[None]] = []

    def __enter__(self) -> Assembly:
        return self

    def __exit__(self, *_details: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        for file in self._files.values():
            file.abandon()

    def add(self, family: str, part: Part) -> None:
        """Hand over a closed section; any thread may. Its file is removed once it is appended."""
        self._appended.append(self._thread.submit(self._files[family].add, part))

    def finish(self, family: str) -> tuple[int, str]:
        """Complete a family's file after its last section.

        Returns:
            Its size in bytes and its SHA-256.
        """
        for future in self._appended:
            future.result()
        return self._thread.submit(self._files[family].finish).result()


class _File:
    """One family's file. Used by the assembly's thread alone, but for its making."""

    def __init__(self, path: Path, family: str, compress: bool) -> None:
        self._path, self._family, self._compress = path, family, compress
        self._waiting: dict[int, Part] = {}
        self._next = 0
        self._raw: IO[bytes] | None = None

    def add(self, part: Part) -> None:
        self._waiting[part.number] = part
        while ready := self._waiting.pop(self._next, None):
            self._open()
            with ready.path.open("rb") as source:
                while chunk := source.read(_CHUNK_BYTES):
                    self._target.write(chunk)
            ready.path.unlink()
            self._next += 1

    def finish(self) -> tuple[int, str]:
        self._open()
        self._target.close()
        self.abandon()
        return self._hashed.size, self._hashed.digest.hexdigest()

    def abandon(self) -> None:
        if self._raw is not None:
            self._raw.close()

    def _open(self) -> None:
        if self._raw is None:
            self._raw = self._path.open("xb")
            self._hashed = _HashingFile(self._raw)
            self._target = open_gzip(self._hashed) if self._compress else self._hashed
            self._target.write(header(self._family))


class _HashingFile:
    """A file that hashes and counts what passes; `close` leaves the file below open."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._raw.write(data)

    def flush(self) -> None:
        self._raw.flush()

    def close(self) -> None:
        pass
