"""Answers kept in a file, so that a crawl that died goes on, and what did not change is skipped.

Belongs here: the file. Not here: what makes two answers the same, which the keys of the caller say.
A journal is a help and never the truth: one that is damaged or lost costs calls and nothing else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, TypeVar, cast

from kada_dagster.api.journal_lines import HEADER, entries, entry_in, line_of
from kada_dagster.errors import StagingError

T = TypeVar("T")
MOST_BYTES = 1024 * 1024 * 1024
"""A journal larger than this when it is opened is begun anew."""

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class Journal:
    """A file of answers by key, only ever added to. A context manager; for use from many threads.

    Values stay in the file; memory holds the keys. Of two entries with one key the later counts.
    A line torn by a crash, or by a second process that writes to the same file, is ignored.

    Args:
        path: the file; made, as its folder is, readable by its owner alone.

    Raises:
        StagingError: the file cannot be opened, read or written.

    Store no secrets: what is put is kept as it is, in clear. That is the caller's duty, by putting
    only the fields that an extract shows.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = RLock()
        self._index: dict[str, tuple[int, int]] = {}
        self._used: set[str] = set()
        with self._reported():
            self._file = self._opened()

    def __contains__(self, key: str) -> bool:
        """Whether there is an answer, which may be None."""
        with self._lock:
            return key in self._index

    def get(self, key: str) -> Any:
        """The answer put for the key, and note that it is still of use; None if there is none."""
        with self._lock, self._reported():
            entry = entry_in(self._line(key)) if key in self._index else None
            if entry is None or entry[0] != key:
                self._index.pop(key, None)
                return None
            self._used.add(key)
            return entry[1]

    def put(self, key: str, value: object) -> None:
        """Keep an answer. A crash of the process after this does not lose it.

        Args:
            key: whatever the answer depends on: the path and a mark of the last change.
            value: anything JSON can hold; comes back as JSON has it, tuples as lists.

        Raises:
            StagingError: the file cannot be written.
            TypeError: the value is no JSON.
        """
        line = line_of(key, value)
        with self._lock, self._reported():
            self._index[key] = self._append(line), len(line)
            self._used.add(key)

    def answer(self, key: str, fetch: Callable[[], T]) -> T:
        """The answer that is there, else the one `fetch` gives, which is kept."""
        kept: Any = self.get(key)
        if kept is not None or key in self:
            return cast("T", kept)
        value = fetch()
        self.put(key, value)
        return value

    def complete(self, *, keep: bool = True) -> None:
        """The crawl is done: keep what it got or put, drop everything else.

        Args:
            keep: False drops all, so that the next crawl asks for everything anew.
        """
        with self._lock, self._reported():
            used = {key: place for key, place in self._index.items() if keep and key in self._used}
            if len(used) < len(self._index) or self._size() > self._bytes_of(used):
                self._rewrite(used)

    def close(self) -> None:
        """Close the file; it may be done twice."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _opened(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, _FLAGS, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            os.fchmod(file, 0o600)
            self._index = _read(file)
        except BaseException:
            os.close(file)
            raise
        return file

    def _size(self) -> int:
        return os.fstat(self._file).st_size

    def _bytes_of(self, places: dict[str, tuple[int, int]]) -> int:
        return len(HEADER) + sum(length for _, length in places.values())

    def _line(self, key: str) -> bytes:
        at, length = self._index[key]
        return os.pread(self._file, length, at)

    def _append(self, line: bytes) -> int:
        """Where the line begins. Others may append to the same file meanwhile."""
        written = os.write(self._file, line)
        if written < len(line):
            os.write(self._file, b"\n")
            raise OSError(errno.ENOSPC, "the line was not written whole")
        return os.lseek(self._file, 0, os.SEEK_CUR) - written

    def _rewrite(self, places: dict[str, tuple[int, int]]) -> None:
        """A new file in place of the old one; a crash leaves either."""
        beside = self.path.with_name(f"{self.path.name}.next")
        new = os.open(beside, _FLAGS | os.O_TRUNC, 0o600)
        try:
            index = self._copied(new, places)
            os.fsync(new)
            beside.replace(self.path)
        except BaseException:
            os.close(new)
            beside.unlink(missing_ok=True)
            raise
        os.close(self._file)
        self._file, self._index = new, index

    def _copied(self, new: int, places: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        index: dict[str, tuple[int, int]] = {}
        at = os.write(new, HEADER)
        for key in sorted(places, key=places.__getitem__):
            line = self._line(key)
            _write_all(new, line)
            index[key] = at, len(line)
            at += len(line)
        return index

    @contextmanager
    def _reported(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise StagingError(
                f"{self.path}: the journal of a crawl cannot be used: {error.strerror or error}; "
                "make room, or let this user write there, or remove the file"
            ) from error


def _read(file: int) -> dict[str, tuple[int, int]]:
    """The entries of a file, which is made ready for more."""
    with os.fdopen(os.dup(file), "rb") as reader:
        size = reader.seek(0, os.SEEK_END)
        reader.seek(0)
        if size > MOST_BYTES or reader.readline(len(HEADER)) != HEADER:
            os.ftruncate(file, 0)
            _write_all(file, HEADER)
            return {}
        index = {key: (at, length) for key, at, length in entries(reader)}
        reader.seek(-1, os.SEEK_END)
        if reader.read(1) != b"\n":
            _write_all(file, b"\n")
        return index


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
