"""The two files of a mark: their formats, strict reading, and replacement at one stroke.

`<name>_hwm.txt` holds one line, `YYYY-MM-DD HH:MM:SS` (UTC). `<name>_hwm_ahead.json` lists what
was uploaded beyond a gap. Which of them is written when is decided in `file_store`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.mark import merged
from kada_dagster.hwm.window import Window, parse_hwm

_AHEAD_KEY = "uploaded_ahead"
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
    """Read a mark.

    Returns:
        The mark, UTC; `None` when there is no file.

    Raises:
        WatermarkError: the file is there but is not exactly one mark; names it and the cure.
    """
    data = _read(path, _MARK_BYTES)
    if data is None:
        return None
    try:
        return parse_hwm(_only_line(data), "its line")
    except (ConfigError, ValueError) as error:
        fault = "its line is not a moment" if isinstance(error, ConfigError) else error
        raise WatermarkError(
            f"high water mark {path}: {fault}; it must hold one line YYYY-MM-DD HH:MM:SS (UTC). "
            "Correct it, or set the mark with `kada hwm set`"
        ) from None  # the content stays out of the message: it may be any file


def _only_line(data: bytes) -> str:
    if not data:
        raise ValueError("the file is empty")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("the file starts with a byte order mark")
    line, newline, rest = data.partition(b"\n")
    if rest:
        raise ValueError("the file has more than one line")
    line = line[:-1] if newline and line.endswith(b"\r") else line
    return line.decode("ascii", errors="replace")


def read_ahead(path: Path) -> tuple[Window, ...]:
    """Read the spans uploaded ahead of a mark, merged; none when there is no file.

    Raises:
        WatermarkError: the file is there but is not such a list; names it and the cure.
    """
    data = _read(path)
    try:
        return () if data is None else _parse_ahead(json.loads(data.decode()))
    except (ValueError, TypeError, KeyError, ConfigError, RecursionError):
        raise WatermarkError(
            f"high water mark {path}: not a list of uploaded windows as this program writes it. "
            "Delete it; the windows uploaded ahead of the mark must then be uploaded again"
        ) from None


def _parse_ahead(data: Any) -> tuple[Window, ...]:
    if set(data) != {_AHEAD_KEY} or not isinstance(data[_AHEAD_KEY], list):
        raise ValueError(_AHEAD_KEY)
    pairs: list[Any] = data[_AHEAD_KEY]
    if any(not isinstance(pair, dict) for pair in pairs):
        raise ValueError(_AHEAD_KEY)
    return merged(Window.parse(**pair) for pair in pairs)


def ahead_text(windows: Iterable[Window]) -> str:
    """The text of the file `read_ahead` reads."""
    pairs = [{"start_hwm": window.start_hwm, "end_hwm": window.end_hwm} for window in windows]
    return json.dumps({_AHEAD_KEY: pairs}, indent=1) + "\n"


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
