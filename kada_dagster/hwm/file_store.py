"""High water marks as files in a folder, safe with several processes at once.

The mark is written before what is ahead of it, and read after it: whoever dies or looks between
the two writes sees spans the mark already covers, which are dropped, and never loses one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.mark import MarkState, moved, uploaded
from kada_dagster.hwm.mark_file import (
    ahead_text,
    give_to_owner,
    read_ahead,
    read_mark,
    remove_file,
    watermark_errors,
    write_file,
)
from kada_dagster.hwm.window import Window, format_hwm

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
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
        ahead = read_ahead(self._ahead_path(name))
        return MarkState(read_mark(self._mark_path(name)), ahead)

    def record(self, name: str, window: Window, first: datetime) -> MarkState:
        """Note that a window was uploaded; the mark never moves back."""
        with self._locked(name):
            before = self.read(name)
            after = uploaded(before, window, first)
            if after != before:
                self._save(name, after, with_mark=after.mark != before.mark)
        return after

    def set(self, name: str, moment: datetime) -> MarkState:
        """Put the mark where the operator wants it; a malformed mark file is replaced."""
        with self._locked(name):
            after = moved(self._readable(name), moment)
            self._save(name, after, with_mark=True)
        return after

    def advance(self, name: str, moment: datetime) -> MarkState:
        """Move the mark forward to a moment; it stays when it is there already or beyond."""
        with self._locked(name):
            state = self.read(name)
            if state.mark is None or state.mark < moment:
                state = moved(state, moment)
                self._save(name, state, with_mark=True)
        return state

    def describe(self, name: str) -> str:
        """The path of the mark's file."""
        return str(self._mark_path(name))

    def _readable(self, name: str) -> MarkState:
        """The present state, a malformed mark taken for none."""
        ahead = read_ahead(self._ahead_path(name))
        try:
            return MarkState(read_mark(self._mark_path(name)), ahead)
        except WatermarkError:
            return MarkState(None, ahead)

    def _save(self, name: str, state: MarkState, *, with_mark: bool) -> None:
        if with_mark and state.mark is not None:  # first, see the module's docstring
            write_file(self._mark_path(name), format_hwm(state.mark) + "\n")
        if state.ahead:
            write_file(self._ahead_path(name), ahead_text(state.ahead))
        else:
            remove_file(self._ahead_path(name))

    def _mark_path(self, name: str) -> Path:
        return self._path(name, "_hwm.txt")

    def _ahead_path(self, name: str) -> Path:
        return self._path(name, "_hwm_ahead.json")

    def _path(self, name: str, ending: str) -> Path:
        if not _NAME.match(name):
            raise ConfigError(
                f"name: {name!r} cannot name a mark; use letters, digits, '_', '-', '.'"
            )
        return self.folder / f"{name}{ending}"

    @contextmanager
    def _locked(self, name: str) -> Generator[None, None, None]:
        from filelock import FileLock, Timeout  # 15 ms, and only writers need it

        path = self._path(name, "").with_name(f".{name}_hwm.lock")
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
