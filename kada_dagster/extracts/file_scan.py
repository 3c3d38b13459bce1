"""One pass over one extract file: dialect, header, size, checksum, and the ids it holds.

What the findings mean for an upload is decided in `checks`.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, EVENTS, LINKAGE, META, header
from kada_dagster.extracts.gzip_stream import read_gzip
from kada_dagster.extracts.halves import FirstPart, SecondPart, middle
from kada_dagster.extracts.id_index import IdIndex
from kada_dagster.extracts.manifest import ExtractFile
from kada_dagster.extracts.reader import (
    Readable,
    Span,
    decode_record,
    open_extract,
    read_bytes,
    scan,
)
from kada_dagster.extracts.second_process import beside, can_copy

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEYS: dict[str, tuple[str, ...]] = {
    META: ("OBJECT_ID",),
    LINKAGE: (
        "SOURCE_OBJECT_TYPE",
        "SOURCE_OBJECT_ID",
        "TARGET_OBJECT_TYPE",
        "TARGET_OBJECT_ID",
        "RELATIONSHIP",
    ),
    EVENTS: ("EVENT_ID",),
    DATABASE_LOG: ("LOG_ID",),
}
"""What must be unique in a file of each family: columns side by side."""

_NO_PARENT = hash(b'""')
_SAMPLES = 5
_AT_ONCE = 1000
_LONGEST = 200
_HASHED_BYTES = 256 * 1024


@dataclass
class FileScan:
    """What a pass over a file found.

    Attributes:
        rows: records without the header.
        ids: the family's keys.
        parents: hashes of the PARENT_IDs, as `ids` has them; META alone has any.
        types: objects by OBJECT_TYPE, META alone.
    """

    rows: int = 0
    ids: IdIndex = field(default_factory=IdIndex)
    parents: set[int] = field(default_factory=set[int])
    types: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, more: FileScan) -> None:
        """Add what was found in another part of the file."""
        self.rows += more.rows
        self.ids.extend(more.ids)
        self.parents |= more.parents
        for kind, count in more.types.items():
            self.types[kind] = self.types.get(kind, 0) + count


def scan_file(folder: Path, file: ExtractFile) -> FileScan:
    """Read a file once and hold it against its manifest entry and the dialect.

    Args:
        folder: the run's folder.
        file: the manifest's entry.

    Raises:
        CheckFailedError: size, checksum, header, row count or dialect are not as promised.
    """
    path = folder / file.file
    if not path.is_file():
        raise CheckFailedError(f"{file.file}: in the manifest, but not in {folder}")
    try:
        found, hashed = (can_copy() and _in_two(path, file)) or _in_one(path, file)
    except OSError as error:
        raise CheckFailedError(f"{file.file}: cannot be read: {error.strerror}") from error
    _compare(file, "bytes", hashed.size, file.bytes)
    _compare(file, "sha256", hashed.digest.hexdigest(), file.sha256)
    _compare(file, "rows", found.rows, file.rows)
    return found


def repeated_keys(folder: Path, file: ExtractFile, hashes: Collection[int]) -> list[str]:
    """Up to five keys that occur more than once.

    Args:
        folder: the run's folder.
        file: the manifest's entry.
        hashes: where to look, as `IdIndex.duplicates` reports them.
    """
    suspects = list(hashes)
    for first in range(0, len(suspects), _AT_ONCE):  # the keys of all may be too many to hold
        wanted = set(suspects[first : first + _AT_ONCE])
        found = _first_repeated(_having(folder, file, KEYS[file.family], wanted))
        if found:
            return [_readable(key) for key in found]
    return []


def dangling_parents(folder: Path, file: ExtractFile, hashes: Collection[int]) -> list[str]:
    """Up to five PARENT_IDs that have one of the given hashes."""
    found: dict[bytes, None] = {}
    for parent in _having(folder, file, ("PARENT_ID",), hashes):
        found[parent] = None
        if len(found) == _SAMPLES:
            break
    return [_readable(parent) for parent in found]


def _first_repeated(keys: Iterator[bytes]) -> list[bytes]:
    seen: set[bytes] = set()
    found: dict[bytes, None] = {}
    for key in keys:
        if key in seen:
            found[key] = None
        seen.add(key)
        if len(found) == _SAMPLES:
            break
    return list(found)


def _in_one(path: Path, file: ExtractFile) -> tuple[FileScan, _Hashing]:
    with path.open("rb") as raw:
        hashed = _Hashing(raw)
        return _scan(_batches(hashed.plain(path), file, _scanned(file.family)), file), hashed


def _in_two(path: Path, file: ExtractFile) -> tuple[FileScan, _Hashing] | None:
    """The same on two cores; None for a file that is small or where anything went wrong."""
    with suppress(OSError, CheckFailedError), path.open("rb") as raw:
        hashed, position = _Hashing(raw), middle(path)
        if position is None:
            return None
        with beside(lambda: _second_part(path, file, position)) as second_part:
            source = FirstPart(hashed.plain(path), position)
            found = _scan(_batches(source, file, _scanned(file.family)), file)
            while hashed.read(_HASHED_BYTES):
                pass
            if more := second_part():
                found.add(more)
                return found, hashed
    return None


def _second_part(path: Path, file: ExtractFile, position: int) -> FileScan:
    with open_extract(path) as source:
        part = SecondPart(source, position)
        return _scan(scan(part, len(COLUMNS[file.family]), _scanned(file.family)), file)


def _scan(batches: Iterable[list[tuple[bytes, ...]]], file: ExtractFile) -> FileScan:
    found = FileScan()
    count = _count_meta if file.family == META else _count_keys
    for batch in batches:
        found.rows += len(batch)
        count(batch, found)
    found.parents.discard(_NO_PARENT)
    return found


def _scanned(family: str) -> list[Span]:
    """What a pass captures; for META, what `_count_meta` takes apart."""
    key = _span(family, KEYS[family])
    if family != META:
        return [key]
    return [_span(META, ("OBJECT_TYPE",)), key, _span(META, ("PARENT_ID",))]


def _count_keys(batch: list[tuple[bytes, ...]], found: FileScan) -> None:
    found.ids.add([key for key, _ in batch])


def _count_meta(batch: list[tuple[bytes, ...]], found: FileScan) -> None:
    found.ids.add(map(itemgetter(1), batch))
    found.parents.update(map(hash, set(map(itemgetter(2), batch))))
    for kind, count in Counter(map(itemgetter(0), batch)).items():
        name = _readable(kind)
        found.types[name] = found.types.get(name, 0) + count


def _batches(
    source: Readable, file: ExtractFile, spans: list[Span]
) -> Iterator[list[tuple[bytes, ...]]]:
    """The records behind the header, which must be the family's; errors name the file."""
    head, columns = header(file.family), COLUMNS[file.family]
    try:
        if file.columns != columns or read_bytes(source, len(head)) != head:
            raise CheckFailedError(f"its header is not that of {file.family}")
        yield from scan(source, len(columns), spans, len(head))
    except CheckFailedError as error:
        raise CheckFailedError(f"{file.file}: {error}; extract again") from error.__cause__


def _having(
    folder: Path, file: ExtractFile, names: tuple[str, ...], hashes: Collection[int]
) -> Iterator[bytes]:
    """The values of neighbouring columns that have one of the given hashes, in file order."""
    with open_extract(folder / file.file) as source:
        for batch in _batches(source, file, [_span(file.family, names)]):
            for value, _ in batch:
                if hash(value) in hashes:
                    yield value


def _span(family: str, names: tuple[str, ...]) -> Span:
    first = COLUMNS[family].index(names[0])
    return first, first + len(names)


def _readable(raw: bytes) -> str:
    text = " ".join(decode_record(raw.decode()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _compare(file: ExtractFile, what: str, found: object, promised: object) -> None:
    if found != promised:
        raise CheckFailedError(
            f"{file.file}: {what} {found}, but the manifest says {promised}; extract again"
        )


class _Hashing(io.RawIOBase):
    """A file that hashes and counts what is read through it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._raw.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data

    def plain(self, path: Path) -> Readable:
        """The file's plain bytes, compressed or not."""
        return read_gzip(self) if path.suffix == ".gz" else self

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self.read(view.nbytes)
        view[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        return True
