"""High water marks as files in a folder, safe with several processes at once.

A mark that moves forward is written before what is ahead of it, and read after it: whoever dies or
looks between the two writes sees spans the mark already covers, which are dropped, and never loses
one.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange
from kada_dagster.hwm.history_file import add_change, read_changes
from kada_dagster.hwm.mark import MarkState, advanced, moved, settled, uploaded
from kada_dagster.hwm.mark_file import (
    give_to_owner,
    keep_file,
    read_ahead,
    read_mark,
    remove_file,
    watermark_errors,
)
from kada_dagster.hwm.mark_format import (
    AHEAD,
    HISTORY,
    MARK,
    ahead_text,
    check_mark_name,
    mark_text,
)
from kada_dagster.hwm.window import Window

_LOCK_SECONDS = 60.0


class FileMarkStore:
    """Keeps marks in `<folder>/<name>_hwm.txt`; see `MarkStore` for what the methods do.

    Args:
        folder: made on the first write. Its file system must have file locks (local disks and
            NFS do).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def read(self, name: str) -> MarkState:
        """The present state; an empty one before the first upload."""
        return settled(self._stored(name))

    def record(self, name: str, window: Window, first: datetime) -> MarkState:
        """Note that a window was uploaded; the mark never moves back."""
        with self._locked(name):
            before = self._stored(name)
            after = uploaded(before, window, first)
            return self._change(name, "uploaded", window, before, after)

    def set(self, name: str, moment: datetime) -> MarkState:
        """Put the mark where the operator wants it; a malformed mark file is replaced."""
        with self._locked(name):
            before = self._readable(name)
            return self._change(name, "set", None, before, moved(before, moment))

    def advance(self, name: str, moment: datetime) -> MarkState:
        """Move the mark forward to a moment; it stays when it is there already or beyond."""
        with self._locked(name):
            before = self._stored(name)
            return self._change(name, "published", None, before, advanced(before, moment))

    def history(self, name: str, limit: int = LONGEST_HISTORY) -> Sequence[MarkChange]:
        """The last changes of the mark, oldest first."""
        return read_changes(self._path(name, HISTORY), limit)

    def describe(self, name: str) -> str:
        """The path of the mark's file."""
        return str(self._path(name, MARK))

    def _stored(self, name: str) -> MarkState:
        ahead = read_ahead(self._path(name, AHEAD))
        return MarkState(read_mark(self._path(name, MARK)), ahead)

    def _readable(self, name: str) -> MarkState:
        """What is stored, a malformed mark taken for none."""
        try:
            return self._stored(name)
        except WatermarkError:
            return MarkState(None, read_ahead(self._path(name, AHEAD)))

    def _change(
        self, name: str, action: str, window: Window | None, before: MarkState, after: MarkState
    ) -> MarkState:
        if after != before:
            writes = [self._write_mark, self._write_ahead]
            if after.mark and before.mark and after.mark < before.mark:
                writes.reverse()  # else spans the old mark covers could come back
            for write in writes:
                write(name, after)
            add_change(self._path(name, HISTORY), MarkChange.now(action, window, before, after))
        return settled(after)

    def _write_mark(self, name: str, state: MarkState) -> None:
        if state.mark is not None:
            keep_file(self._path(name, MARK), mark_text(state.mark))

    def _write_ahead(self, name: str, state: MarkState) -> None:
        if state.ahead:
            keep_file(self._path(name, AHEAD), ahead_text(state.ahead))
        else:
            remove_file(self._path(name, AHEAD))

    def _path(self, name: str, ending: str) -> Path:
        return self.folder / f"{check_mark_name(name)}{ending}"

    @contextmanager
    def _locked(self, name: str) -> Generator[None, None, None]:
        from filelock import FileLock, Timeout  # 15 ms, and only writers need it

        path = self.folder / f".{check_mark_name(name)}_hwm.lock"
        with ExitStack() as held:
            with watermark_errors(path):
                self.folder.mkdir(parents=True, exist_ok=True)
                try:
                    held.enter_context(FileLock(path, timeout=_LOCK_SECONDS))
                except Timeout:
                    raise WatermarkError(
                        f"high water mark {path}: held by another process for "
                        f"{_LOCK_SECONDS:.0f} s; end that process or try again"
                    ) from None
                _share(path)
            yield


def _share(lock: Path) -> None:
    """A lock file made by root must not lock out the folder's owner."""
    fd = os.open(lock, os.O_RDONLY)
    try:
        give_to_owner(fd, lock.parent)
    finally:
        os.close(fd)
