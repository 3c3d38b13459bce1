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
        self._odd: dict[str, str] = {}
        self.where = f"{name} ({path})"
        self.is_stopped = False

    def files(self, pattern: Pattern) -> list[FileFacts]:
        """See `FileStore.files`."""
        if not self._path.is_dir():
            raise SourceReadError(f"{self.where}: there is no such folder; is it mounted?")
        with self.reading(pattern.text):
            found = [self.facts(name) for name in self._names(pattern)]
        return [facts for facts in found if facts is not None]

    def facts(self, name: str) -> FileFacts | None:
        """See `FileStore.facts`."""
        with self.reading(name), suppress(FileNotFoundError):
            about = self._at(name).stat()
            if stat.S_ISREG(about.st_mode):
                return FileFacts(name, about.st_size, str(about.st_mtime_ns))
        return None

    def open(self, name: str) -> BinaryIO:
        """See `FileStore.open`."""
        with self.reading(name):
            return self._at(name).open("rb")

    def remove(self, name: str) -> None:
        """See `FileStore.remove`."""
        with self.reading(name):
            self._at(name).unlink(missing_ok=True)

    def move(self, name: str, to: str) -> None:
        """See `FileStore.move`."""
        target = self._path / to
        with self.reading(f"{name} to {to}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._at(name).rename(target)

    def _names(self, pattern: Pattern) -> list[str]:
        """Of a folder that is there by itself and as a link, the files under the name without."""
        top, root = self._path / pattern.folder, self._path.resolve()
        found: list[tuple[bool, str, tuple[Path, str]]] = []
        for folder, real, files in _folders(top, is_deep=pattern.is_deep):
            below = folder.relative_to(self._path).as_posix()
            is_linked = real != root / below
            for file in files:
                name = self._shown(file if below == "." else f"{below}/{file}")
                if pattern.has(name):
                    found.append((is_linked, name, (real, file)))
        names: dict[tuple[Path, str], str] = {}
        for _, name, key in sorted(found):
            names.setdefault(key, name)
        return sorted(names.values())

    def _shown(self, name: str) -> str:
        """A name as text: what is no UTF-8 in it could be neither printed nor kept."""
        shown = os.fsencode(name).decode(errors="backslashreplace")
        if shown != name:
            self._odd[shown] = name
        return shown

    def _at(self, name: str) -> Path:
        return self._path / self._odd.get(name, name)

    @contextmanager
    def reading(self, what: str) -> Generator[None]:
        """See `FileStore.reading`."""
        try:
            yield
        except PermissionError as error:
            raise SourceDeniedError(f"{self.where}: {what}: {error.strerror}") from None
        except OSError as error:
            raise SourceReadError(f"{self.where}: {what}: {error.strerror}") from None


def _folders(top: Path, *, is_deep: bool) -> Iterator[tuple[Path, Path, list[str]]]:
    """A folder and those below, behind links, too: its path, where that leads, its files."""
    ways: dict[Path, tuple[Path, ...]] = {top: (Path(os.path.realpath(top)),)}
    for path, folders, files in os.walk(top, onerror=_refuse, followlinks=True):
        folder = Path(path)
        way = ways.pop(folder)
        yield folder, way[-1], files
        for name in folders if is_deep else ():
            inner = folder / name
            real = inner.resolve() if inner.is_symlink() else way[-1] / name
            if real not in way:  # else it leads back, without an end
                ways[inner] = (*way, real)
        folders[:] = [name for name in folders if folder / name in ways]


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
