"""The history of a mark as a file: lines are added at its end, and now and then it is shortened.

It is told, not relied upon: whatever is wrong with it is logged, and the mark counts. So it is not
forced to the disk either, as the mark is.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kada_dagster.errors import KadaError, WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange, appended, parse_history
from kada_dagster.hwm.mark_file import give_to_owner, watermark_errors, write_file

_LINE_BYTES = 256
_KEPT_BYTES = 2 * LONGEST_HISTORY * _LINE_BYTES  # rewritten once in a thousand changes
_log = logging.getLogger("kada_dagster.hwm")


def add_change(path: Path, change: MarkChange) -> None:
    """Add one change; the caller holds the mark's lock. A failure is logged, never raised."""
    try:
        with watermark_errors(path):
            _add(path, change)
    except KadaError as error:
        _log.warning("%s; the mark itself has moved, its history lacks the change", error)


def read_changes(path: Path, limit: int) -> Sequence[MarkChange]:
    """The last changes, oldest first; none when there is no file.

    Raises:
        WatermarkError: the file cannot be read.
    """
    with watermark_errors(path):
        try:
            with _opened(path, os.O_RDONLY) as file:
                return parse_history(_tail(file), limit)
        except FileNotFoundError:
            return []


def _add(path: Path, change: MarkChange) -> None:
    new = not path.exists()
    with _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
        if new:
            give_to_owner(file.fileno(), path.parent)
        size = file.seek(0, os.SEEK_END)
        if size <= _KEPT_BYTES:
            # one write, which begins a line of its own after a writer that died in one
            file.write(b"\n" * _is_torn(file, size) + change.to_json().encode() + b"\n")
            return
        tail = _tail(file)
    write_file(path, appended(tail, change).decode(errors="replace"))


def _is_torn(file: IO[bytes], size: int) -> bool:
    file.seek(max(0, size - 1))
    return file.read(1) not in (b"", b"\n")


def _tail(file: IO[bytes]) -> bytes:
    """The end of the file that can matter; its first line may be cut."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2 * _KEPT_BYTES))
    return file.read()


@contextmanager
def _opened(path: Path, flags: int) -> Generator[IO[bytes], None, None]:
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)  # a pipe must not block
    mode = "rb" if flags == os.O_RDONLY else "r+b"
    with os.fdopen(fd, mode, buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise WatermarkError(f"high water mark {path}: not a file; move what is in the way")
        yield file
