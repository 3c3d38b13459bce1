"""The files of a mark: read, and replaced at one stroke. What they hold is in `mark_format`;
which of them is written when is decided in `file_store`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.mark_format import parse_ahead, parse_mark
from kada_dagster.hwm.window import Window

_MARK_BYTES = 64
_CURES = {
    errno.ENOSPC: "the disk is full: free space",
    errno.EDQUOT: "the disk quota is used up: free space",
    errno.EFBIG: "the user's file size limit is reached: raise it (ulimit -f)",
    errno.EACCES: "no permission: let the collector's user read and write there",
    errno.EPERM: "no permission: let the collector's user read and write there",
    errno.EROFS: "the file system is read-only: choose another folder for high water marks",
    errno.ENOTDIR: "a file is where the folder for high water marks should be",
    errno.EEXIST: "a file is where the folder for high water marks should be",
    errno.EISDIR: "a folder is in the way: move it, then set the mark with `kada hwm set`",
}


@contextmanager
def watermark_errors(path: Path) -> Generator[None, None, None]:
    """Turn an operating system error below `path` into a WatermarkError that says the cure."""
    try:
        yield
    except OSError as error:
        cure = _CURES.get(error.errno or 0, error.strerror or str(error))
        raise WatermarkError(f"high water mark {path}: {cure}") from error


def read_mark(path: Path) -> datetime | None:
    """The mark in a file; `None` when there is no file. Raises as `parse_mark` does."""
    return parse_mark(_read(path, _MARK_BYTES), str(path))


def read_ahead(path: Path) -> tuple[Window, ...]:
    """The spans in a file; none when there is no file. Raises as `parse_ahead` does."""
    return parse_ahead(_read(path), str(path))


def _read(path: Path, limit: int = -1) -> bytes | None:
    """The first bytes of a regular file; `None` when there is none."""
    with watermark_errors(path):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a named pipe must not block
        except FileNotFoundError:
            if path.is_symlink():  # its target may be on a disk that is not mounted: no reset
                raise WatermarkError(f"high water mark {path}: the link leads nowhere") from None
            return None
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise WatermarkError(f"high water mark {path}: not a file; move what is in the way")
            with open(fd, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(fd)


def keep_file(path: Path, text: str) -> None:
    """As `write_file`, but nothing is written when the file holds that text already."""
    data = text.encode()
    with suppress(WatermarkError):  # whatever is in its place: writing finds out
        if _read(path, len(data) + 1) == data:
            return
    write_file(path, text)


def write_file(path: Path, text: str) -> None:
    """Replace a file at one stroke, durably. It keeps its mode; the caller holds the lock.

    Raises:
        WatermarkError: it cannot be written; the file is as it was.
    """
    with watermark_errors(path):
        target = Path(os.path.realpath(path))  # a link stays a link
        new = _new_name(target)
        new.unlink(missing_ok=True)  # of a process killed here before
        try:
            _write_new(new, text.encode(), target)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
        sync_folder(target.parent)


def _write_new(new: Path, data: bytes, target: Path) -> None:
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        give_to_owner(file.fileno(), target)
        if target.exists():
            os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove_file(path: Path) -> None:
    """Remove a file, durably; nothing happens when there is none.

    Raises:
        WatermarkError: it cannot be removed.
    """
    with watermark_errors(path):
        _new_name(path).unlink(missing_ok=True)  # of a process killed while it wrote
        if path.exists():
            path.unlink()
            sync_folder(path.parent)


def _new_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def give_to_owner(fd: int, like: Path) -> None:
    """When root writes for another user: leave the file to the owner of the old one or folder."""
    if os.geteuid() == 0:
        owner = (like if like.exists() else like.parent).stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
