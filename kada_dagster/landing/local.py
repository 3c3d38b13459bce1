"""A landing directory that is a folder: of this machine, or a network share mounted on it (Unix).

A file is copied to a hidden temporary file of the same folder, read back, and renamed. The
temporary file is locked for as long as its process lives (flock(2)), so that the next upload can
tell what a killed one left behind from work in progress, and removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kada_dagster.errors import ConnectionFailedError, LandingError
from kada_dagster.landing.base import Progress, Receipt, check_name, no_progress
from kada_dagster.landing.faults import landing_errors, source_errors

if TYPE_CHECKING:
    from kada_dagster.hwm.store import MarkStore

_TEMPORARY = re.compile(r"\.kada-upload-[0-9a-f]{16}\Z")
_CHUNK_BYTES = 1024 * 1024
_Digest = tuple[int, str]


@dataclass(frozen=True)
class LocalLanding:
    """A folder as landing; see `Landing` for what the methods raise.

    Attributes:
        path: the folder, made when missing. No other source may land in it: extract files of
            two sources have the same names.
    """

    path: Path

    def put(
        self,
        source: Path,
        name: str,
        *,
        size: int,
        sha256: str,
        progress: Progress = no_progress,
    ) -> Receipt:
        """Place one file; nothing is copied when the identical file is there."""
        target = Path(self.path) / check_name(name)
        with landing_errors(target):
            self._prepare()
            present = _is_there(target, (size, sha256))
            if not present:
                _send(source, target, (size, sha256), progress)
        return Receipt(name, size, sha256, str(target.absolute()), sent=not present)

    def holds(self, name: str, *, size: int, sha256: str) -> bool:
        """Whether exactly this file is in the folder."""
        target = Path(self.path) / check_name(name)
        with landing_errors(target):
            return _is_there(target, (size, sha256))

    def marks(self) -> MarkStore:
        """Marks in the folder `hwm` beside the landing folder."""
        from kada_dagster.hwm.file_store import FileMarkStore

        return FileMarkStore(Path(self.path).absolute().parent / "hwm")

    def describe(self) -> str:
        """The folder's path."""
        return str(self.path)

    def test_connection(self) -> None:
        """Write a file and remove it."""
        with landing_errors(Path(self.path)):
            self._prepare()
            with _temporary(Path(self.path)) as (file, _):
                _write(file, bytes(4096))
                os.fsync(file.fileno())

    def _prepare(self) -> None:
        folder = Path(self.path)
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if _TEMPORARY.match(path.name):
                _remove_if_dead(path)


def _is_there(target: Path, expected: _Digest) -> bool:
    """Whether a regular file (no link) of that size and hash is in place."""
    try:
        found = target.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != expected[0]:
        return False
    return _digest_of(target) == expected


def _send(source: Path, target: Path, expected: _Digest, progress: Progress) -> None:
    with _temporary(target.parent) as (file, path):
        if _copy(source, file, progress) != expected:
            raise LandingError(
                f"{source} is not the file its manifest describes; {target.name} was not sent. "
                "Run the extract of that window again"
            )
        os.fsync(file.fileno())
        if _digest_of(path) != expected:
            raise ConnectionFailedError(
                f"landing.path: {target}: what was read back is not what was written; nothing "
                "was put in place. Check the disk or network share, then upload again"
            )
        path.replace(target)
        _sync_folder(target.parent)


def _copy(source: Path, file: IO[bytes], progress: Progress) -> _Digest:
    size, digest = 0, hashlib.sha256()
    for chunk in _chunks(source):
        digest.update(chunk)
        size += len(chunk)
        _write(file, chunk)
        progress(len(chunk))
    return size, digest.hexdigest()


def _write(file: IO[bytes], data: bytes) -> None:
    """Write all of it: on a disk that is nearly full, one call writes a part and says so."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file.fileno(), rest) :]


def _chunks(source: Path) -> Iterator[bytes]:
    with source_errors(source):
        file = source.open("rb")
    with file:
        while True:
            with source_errors(source):
                chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                return
            yield chunk


def _digest_of(path: Path) -> _Digest:
    size, digest = 0, hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):  # ask for what is on the disk, not in the cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


@contextmanager
def _temporary(folder: Path) -> Generator[tuple[IO[bytes], Path], None, None]:
    """A locked temporary file; removed on leaving unless it was renamed."""
    file, path = _create_locked(folder)
    with file:
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)


def _create_locked(folder: Path) -> tuple[IO[bytes], Path]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    while True:
        path = folder / f".kada-upload-{secrets.token_hex(8)}"
        fd = os.open(path, flags, 0o666)
        if _lock(fd) is not False and os.fstat(fd).st_nlink:
            return os.fdopen(fd, "wb", buffering=0), path
        os.close(fd)  # another upload took it for dead in the instant before it was locked


def _lock(fd: int) -> bool | None:
    """Lock a file at once: True, or False when another has it, None when there are no locks."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_if_dead(path: Path) -> None:
    with suppress(OSError):  # gone meanwhile, or another user's: not ours to mend
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if _lock(fd):
                path.unlink()
        finally:
            os.close(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
