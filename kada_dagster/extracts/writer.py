"""Writing an extract: sections of rows become the family files and manifest of one run.

A section is what one query or endpoint yields. Sections may be written from several threads at
once; they end up in the family's file in the order they were opened, so that the same content
gives the same bytes however the threads ran.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from kada_dagster import __version__
from kada_dagster.errors import ExtractError
from kada_dagster.extracts.assembly import Assembly, Part
from kada_dagster.extracts.contract import (
    COLUMNS,
    META,
    clean,
    encode_row,
    file_name,
    timestamp,
)
from kada_dagster.extracts.manifest import MANIFEST_NAME, ExtractFile, Manifest, Warning
from kada_dagster.extracts.staging_errors import staging_errors
from kada_dagster.extracts.staging_place import StagingPlace
from kada_dagster.hwm.window import Window

_BUFFER_BYTES = 256 * 1024


@dataclass(frozen=True)
class ExtractHead:
    """What a manifest says of its run before any row is read.

    Attributes:
        source_type: `postgres`, `hevo`, `hightouch`, `fivetran`.
        name: name of the collector instance.
        host: label the source has in K.
        families: families this run writes, each even where nothing is found.
        compress: gzip the files.
    """

    source_type: str
    name: str
    host: str
    families: tuple[str, ...]
    compress: bool


class Section:
    """A run of rows of one family.

    Args:
        path: of the file to make.
        family: the family the rows belong to.
        warn: called with a code and a sample where a text had to be cleaned.

    Attributes:
        write: takes whole records in the dialect, as `contract.encode_row` makes them, which are
            told to `count` apart. C code: a query's rows pass it by the hundred thousand.
        types: rows by what they count as, which in META is the type of object.
        on_close: called once the file is whole.

    Raises:
        StagingError: from any method, and `write`: the file cannot be written.
    """

    def __init__(self, path: Path, family: str, warn: Callable[[str, str], None]) -> None:
        self._path, self._columns, self._warn = path, len(COLUMNS[family]), warn
        with staging_errors(path):
            self._file = BufferedWriter(_SectionFile(path, "xb"), _BUFFER_BYTES)
        self.write: Callable[[bytes], int] = self._file.write
        self.types: Counter[str] = Counter()
        self.on_close: Callable[[], None] = lambda: None

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return sum(self.types.values())

    def count(self, kind: str, rows: int) -> None:
        """Count rows given to `write`. In META, `kind` is their OBJECT_TYPE."""
        if rows:
            self.types[kind] += rows

    def add(self, fields: Sequence[str]) -> None:
        """Write and count one row of fields in column order. What no extract may hold is taken
        out and counted as a warning `not_text`.

        Raises:
            ExtractError: the number of fields is not that of the family's columns.
        """
        if len(fields) != self._columns:
            raise ExtractError(f"{len(fields)} fields in a row of {self._columns}: {fields[:2]!r}")
        try:
            record = encode_row(fields)
        except UnicodeEncodeError:
            record = b"\0"
        if b"\0" in record:
            fields = [self._cleaned(field, fields) for field in fields]
            record = encode_row(fields)
        self.write(record)
        self.types[fields[0]] += 1

    def clear(self) -> None:
        """Take back every row so far."""
        with staging_errors(self._path):
            self._file.seek(0)
            self._file.truncate()
        self.types.clear()

    def close(self) -> None:
        """Write what is pending, and hand the section over to its family's file."""
        if not self._file.closed:
            with staging_errors(self._path):
                self._file.close()
            self.on_close()

    def discard(self) -> None:
        """Close without writing what is pending."""
        with suppress(OSError):
            self._file.raw.close()

    def _cleaned(self, field: str, fields: Sequence[str]) -> str:
        text = clean(field)
        if text != field:
            self._warn("not_text", " ".join(fields[:2]))
        return text


class _SectionFile(FileIO):
    """The file below a section's buffer. What fails here passes the C code above as it is."""

    def write(self, data: Any, /) -> int | None:
        with staging_errors(self.name):
            return super().write(data)


class ExtractWriter:
    """Builds one run beside its final folder and renames it into place when it is whole.

    A context manager: leaving it without `commit` removes everything that was written.

    Args:
        staging: where runs of this instance live.
        window: what the run covers.
        head: what is known before the first row.

    Raises:
        StagingError: the folder cannot be written (full, read-only, no permission).
    """

    def __init__(self, staging: StagingPlace, window: Window, head: ExtractHead) -> None:
        self._staging, self._window, self._head = staging, window, head
        self._families = [family for family in COLUMNS if family in head.families]
        self._sections: dict[str, list[Section]] = {family: [] for family in self._families}
        self._warnings: dict[str, tuple[int, str]] = {}
        self._extracted_at = datetime.now(timezone.utc)  # tells equal extracts apart
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> ExtractWriter:
        self._folder = self._stack.enter_context(self._staging.partial(self._window))
        paths = {family: self._folder / self._file_name(family) for family in self._families}
        assembly = Assembly(paths, compress=self._head.compress)
        self._assembly = self._stack.enter_context(assembly)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for section in self._all_sections():
            section.discard()  # closed already after a commit
        self._stack.__exit__(kind, error, trace)

    def section(self, family: str) -> Section:
        """Open the next section of a family. Rows keep the order in which sections were opened."""
        with self._lock:
            number = len(self._sections[family])
            part = Part(self._folder / f"{family}.part{number:04d}", number)
            section = Section(part.path, family, self.warn)
            section.on_close = lambda: self._assembly.add(family, part)
            self._sections[family].append(section)
            return section

    def add_rows(self, family: str, rows: Iterable[Sequence[str]]) -> None:
        """Write a section from an iterable of rows, none of which is kept."""
        section = self.section(family)
        for row in rows:
            section.add(row)
        section.close()

    def warn(self, code: str, sample: str, count: int = 1) -> None:
        """Count something that could not be read. The first sample of a code is kept."""
        sample = clean(sample)
        with self._lock:
            before, first = self._warnings.get(code, (0, sample))
            self._warnings[code] = (before + count, first)

    def commit(self) -> Manifest:
        """Assemble the files, write the manifest and give the run its final name.

        Returns:
            The manifest as written.
        """
        for section in self._all_sections():
            section.close()
        with staging_errors(self._folder):
            files = tuple(self._file(family) for family in self._families)
            manifest = self._manifest(files)
            (self._folder / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        self._staging.publish(self._folder, self._window)
        return manifest

    def _all_sections(self) -> list[Section]:
        return [section for sections in self._sections.values() for section in sections]

    def _file_name(self, family: str) -> str:
        return file_name(family, self._window.stamp, compressed=self._head.compress)

    def _file(self, family: str) -> ExtractFile:
        size, sha256 = self._assembly.finish(family)
        return ExtractFile(
            family=family,
            file=self._file_name(family),
            rows=sum(section.rows for section in self._sections[family]),
            bytes=size,
            sha256=sha256,
            columns=COLUMNS[family],
        )

    def _manifest(self, files: tuple[ExtractFile, ...]) -> Manifest:
        types: Counter[str] = Counter()
        for section in self._sections.get(META, []):
            types.update(section.types)
        return Manifest(
            source_type=self._head.source_type,
            name=self._head.name,
            host=self._head.host,
            start_hwm=self._window.start_hwm,
            end_hwm=self._window.end_hwm,
            extracted_at=timestamp(self._extracted_at),
            producer=f"kada_dagster {__version__}",
            files=files,
            counts=dict(sorted(types.items())),
            warnings=tuple(
                Warning(code, count, sample)
                for code, (count, sample) in sorted(self._warnings.items())
            ),
        )
