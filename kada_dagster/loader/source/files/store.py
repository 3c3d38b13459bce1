"""Where files are: what a source asks of a folder or of an object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from kada_dagster.loader.source.files.pattern import Pattern


@dataclass(frozen=True)
class FileFacts:
    """What a place says of a file.

    Attributes:
        name: below the place, parts with '/' between.
        size: in bytes.
        version: changes whenever the file is written: a time, or the store's own mark.
    """

    name: str
    size: int
    version: str

    @property
    def mark(self) -> str:
        """The same as long as the file is."""
        return f"{self.size} {self.version}"


class FileStore(Protocol):
    """A place with files. What goes wrong is a LoaderError that names the file.

    Attributes:
        where: it is, for messages; without credentials.
        is_stopped: whether reading shall end with an error.
    """

    where: str
    is_stopped: bool

    def files(self, pattern: Pattern) -> list[FileFacts]:
        """The files of a pattern, by name."""
        ...

    def facts(self, name: str) -> FileFacts | None:
        """What is said of a file now; None where there is none."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file, from any place of it."""
        ...

    def reading(self, what: str) -> AbstractContextManager[None]:
        """Turns what goes wrong while a file is read into a LoaderError."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        ...

    def move(self, name: str, to: str) -> None:
        """Give a file another name, which must be free."""
        ...


def free_names(name: str) -> Iterator[str]:
    """A name, and others like it for where it is taken: `a.csv`, `a.1.csv`, `a.2.csv` ..."""
    yield name
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.partition(".")
    number = 0
    while True:
        number += 1
        yield f"{folder}{slash}{stem}.{number}{dot}{ending}"
