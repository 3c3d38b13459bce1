"""Files of a folder of this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kada_dagster.loader.errors import SourceDeniedError, SourceReadError
from kada_dagster.loader.source.files.pattern import Pattern
from kada_dagster.loader.source.files.store import FileFacts


class Folder:
    """See `FileStore`.

    Args:
        path: of the folder.
        name: of the profile, for messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self.where = f"{name} ({path})"
        self.is_stopped = False

    def files(self, pattern: Pattern) -> list[FileFacts]:
        """See `FileStore.files`."""
        if not self._path.is_dir():
            raise SourceReadError(f"{self.where}: there is no such folder; is it mounted?")
        with self.reading(pattern.text):
            named = sorted(name for name in self._names(pattern) if pattern.has(name))
            found = [self.facts(name) for name in named]
        return [facts for facts in found if facts is not None]

    def facts(self, name: str) -> FileFacts | None:
        """See `FileStore.facts`."""
        with self.reading(name), suppress(FileNotFoundError):
            about = (self._path / name).stat()
            if stat.S_ISREG(about.st_mode):
                return FileFacts(name, about.st_size, str(about.st_mtime_ns))
        return None

    def open(self, name: str) -> BinaryIO:
        """See `FileStore.open`."""
        with self.reading(name):
            return (self._path / name).open("rb")

    def remove(self, name: str) -> None:
        """See `FileStore.remove`."""
        with self.reading(name):
            (self._path / name).unlink(missing_ok=True)

    def move(self, name: str, to: str) -> None:
        """See `FileStore.move`."""
        target = self._path / to
        with self.reading(f"{name} to {to}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._path / name).rename(target)

    def _names(self, pattern: Pattern) -> Iterator[str]:
        top = self._path / pattern.folder if pattern.folder else self._path

        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        for folder, folders, files in os.walk(top, onerror=refuse):
            if not pattern.is_deep:
                folders.clear()
            below = Path(folder).relative_to(self._path).as_posix()
            yield from (name if below == "." else f"{below}/{name}" for name in files)

    @contextmanager
    def reading(self, what: str) -> Generator[None]:
        """See `FileStore.reading`."""
        try:
            yield
        except PermissionError as error:
            raise SourceDeniedError(f"{self.where}: {what}: {error.strerror}") from None
        except OSError as error:
            raise SourceReadError(f"{self.where}: {what}: {error.strerror}") from None
