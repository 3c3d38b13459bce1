"""CSV files as one stream: bytes go on to COPY as they are wherever COPY reads them rightly."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kada_dagster.loader.errors import SchemaMismatchError, SourceReadError
from kada_dagster.loader.source.base import Column, Encoding, Pipe, TargetColumn
from kada_dagster.loader.source.csv_blocks import CsvBlocks
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.csv_moments import CsvMoments
from kada_dagster.loader.source.files.content import FileBytes, Utf8
from kada_dagster.loader.source.files.store import FileFacts, FileStore
from kada_dagster.loader.source.places import Places


@dataclass(frozen=True)
class CsvFiles:
    """CSV files that are read as one.

    Attributes:
        store: where they are.
        files: in their order.
        dialect: of all of them.
        encoding: of all of them.
        has_header: whether the first row names the columns; else they are `column_1` ...
        skip: lines to leave out before it.
    """

    store: FileStore
    files: Sequence[FileFacts]
    dialect: CsvDialect
    encoding: str = "utf-8-sig"
    has_header: bool = True
    skip: int = 0

    def columns(self) -> tuple[Column, ...]:
        """The columns of the first file, all of them text; none without a file.

        Raises:
            SchemaMismatchError: names are missing or come twice.
            LoaderError: it cannot be read.
        """
        for file in self.files:
            with self.opened(file) as (_, names):
                require_names(names, file.name)
                return tuple(Column(name, "text", "text") for name in names)
        return ()

    def stream(self, names: Sequence[str], into: Sequence[TargetColumn], what: str) -> CsvStream:
        """One pass over the rows of all files.

        Args:
            names: of the columns, in the order of `into`.
            into: columns that take them.
            what: is read, for messages.
        """
        return CsvStream(self, names, into, what)

    def count(self) -> int:
        """How many rows there are; reads all files."""
        total = 0
        for file in self.files:
            with self.opened(file) as (blocks, _):
                total += sum(rows for _, rows in blocks)
        return total

    @contextmanager
    def opened(self, file: FileFacts) -> Generator[tuple[CsvBlocks, list[str]]]:
        """The rows of a file behind its header, and the names of its columns.

        Raises:
            SourceReadError: it has no header, or changed meanwhile.
        """
        with FileBytes(self.store, file) as content:
            text = Utf8(content, self.encoding, file.name)
            blocks = CsvBlocks(text, self.dialect, file.name, self.skip)
            first = blocks.first_row(keep=not self.has_header)
            if first is None and self.has_header:
                raise SourceReadError(f"{file.name}: the file is empty: it has no row of names")
            yield blocks, self._names(first or [])
            content.require_same()

    def _names(self, first: list[bytes]) -> list[str]:
        if not self.has_header:
            return [f"column_{number}" for number in range(1, len(first) + 1)]
        return [self.dialect.text(value) or "" for value in first]


class CsvStream:
    """See `Stream`."""

    def __init__(
        self, csv: CsvFiles, names: Sequence[str], into: Sequence[TargetColumn], what: str
    ) -> None:
        self.columns = tuple(Column(name, "text", one.type) for name, one in zip(names, into))
        self.encoding = Encoding(csv.dialect.copy_options)
        self.rows = 0
        self._csv, self._names, self._into, self._what = csv, tuple(names), into, what
        self._places = Places()
        self._lines = 0
        self._is_stopped = False
        self._is_all = True

    def write(self, pipe: Pipe) -> None:
        """See `Stream.write`."""
        pipe.write(b"\n")  # a header, which shows how lines end
        for file in self._csv.files:
            with self._csv.opened(file) as (blocks, names):
                if names or self._csv.has_header:
                    self._write(pipe, file, blocks, names)

    def cancel(self) -> None:
        """See `Stream.cancel`."""
        self._is_stopped = True

    def place(self, row: int) -> str:
        """See `Stream.place`; what COPY counts are lines, the header among them."""
        return self._places(row - 1)

    def _write(self, pipe: Pipe, file: FileFacts, blocks: CsvBlocks, names: list[str]) -> None:
        at, dialect = self._at(names, file.name), self._csv.dialect
        is_whole = at == list(range(len(names))) and dialect.has_one_null
        moments = CsvMoments(dialect, self._into, at, names)
        self._places.begin(file.name, self._lines, unit="line", first=blocks.line)

        def place(line: int) -> str:
            return f"{file.name}, line {blocks.line + line}"

        for block, rows in blocks:
            if self._is_stopped:
                raise SourceReadError(f"{self._what}: broken off")
            changed = moments.changed(block, place)
            if is_whole and not changed:
                made = block
            else:
                made = dialect.picked(block, at, len(names), place, changed)
            pipe.write(made)
            self.rows += rows
            lines, read = made.count(b"\n"), block.count(b"\n")
            self._lines += lines
            if lines != read:  # values that are left out had lines of their own
                following = blocks.line + read
                self._places.begin(file.name, self._lines, unit="line", first=following)

    def _at(self, names: list[str], file: str) -> list[int]:
        """Places of the wanted columns in a file.

        Raises:
            SchemaMismatchError: it has others than the first one.
        """
        wanted, found = set(self._names), set(names)
        self._is_all = self._is_all if file != self._csv.files[0].name else wanted == found
        if missing := [name for name in self._names if name not in found]:
            raise SchemaMismatchError(
                f"{file}: there is no column {', '.join(missing)}; it has {', '.join(names)}"
            )
        if more := [name for name in names if self._is_all and name not in wanted]:
            raise SchemaMismatchError(
                f"{file}: the column {', '.join(more)} is not in {self._csv.files[0].name}; files "
                "of one pattern have the same columns. Write below `columns` which ones to read"
            )
        if again := [name for name in self._names if names.count(name) > 1]:
            raise SchemaMismatchError(f"{file}: the column {again[0]} is there more than once")
        return [names.index(name) for name in self._names]


def require_names(names: Sequence[str], file: str) -> None:
    """Refuse a header that does not give each column a name of its own.

    Raises:
        SchemaMismatchError: names the column.
    """
    cure = "correct the file, or write below `columns` which ones to read"
    for number, name in enumerate(names, 1):
        if not name:
            raise SchemaMismatchError(f"{file}: column {number} has no name; {cure}")
        if name in names[: number - 1]:
            raise SchemaMismatchError(f"{file}: the column {name} is there more than once; {cure}")
