"""Objects in a folder that are replaced only by whoever knows their version: what a cloud store
promises, for tests of marks that need thousands of races, or deaths at a line."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.hwm.objects import Versioned


@dataclass(frozen=True)
class FileObjects:
    """`VersionedObjects` in a folder, for any number of threads and processes.

    A version is a hash of the content, as S3's ETags are: an object that is as it was has its old
    version again.
    """

    folder: Path

    def read(self, name: str) -> Versioned:
        with self._locked():
            return self._read(name)

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        with self._locked():
            if self._read(name).version != version:
                return False
            new = self.folder / f"{name}.new"
            new.write_bytes(data)
            new.replace(self.folder / name)
            return True

    def describe(self, name: str) -> str:
        return str(self.folder / name)

    def _read(self, name: str) -> Versioned:
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return Versioned(None, None)
        return Versioned(data, hashlib.sha256(data).hexdigest())

    @contextmanager
    def _locked(self) -> Generator[None, None, None]:
        with (self.folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
