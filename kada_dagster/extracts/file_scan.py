"""One pass over one extract file: dialect, header, size, checksum, and the ids it holds."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, EVENTS, LINKAGE, META, header
from kada_dagster.extracts.gzip_stream import read_gzip
from kada_dagster.extracts.id_index import IdIndex
from kada_dagster.extracts.manifest import ExtractFile
from kada_dagster.extracts.reader import Readable, open_extract, scan

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEYS = {
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
"""What must be unique in a file of each family."""


@dataclass
class FileScan:
    """What a pass over a file found."""

    rows: int = 0
    ids: IdIndex = field(default_factory=IdIndex)
    parents: set[int] = field(default_factory=set[int])


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
    with path.open("rb") as raw:
        hashed = _Hashing(raw)
        found = _scan(read_gzip(hashed) if path.suffix == ".gz" else hashed, file)
        while hashed.read(1024 * 1024):  # what a decompressor may leave behind its last member
            pass
    _compare(file, "bytes", hashed.size, file.bytes)
    _compare(file, "sha256", hashed.digest.hexdigest(), file.sha256)
    _compare(file, "rows", found.rows, file.rows)
    return found


def sample_keys(folder: Path, file: ExtractFile, hashes: set[int], column: str) -> list[str]:
    """Up to five values that have one of the given hashes, each as often as it occurs.

    Args:
        folder: the run's folder.
        file: the manifest's entry.
        hashes: as `IdIndex` reports them.
        column: `PARENT_ID`, or empty for the family's key.
    """
    columns = COLUMNS[file.family]
    names = (column,) if column else KEYS[file.family]
    captured = frozenset(columns.index(name) for name in names)
    found: list[str] = []
    with open_extract(folder / file.file) as source:
        for batch in scan(source, len(columns), captured):
            for match in batch:
                key = match.groups() if len(names) > 1 else match.group(1)
                if hash(key) in hashes and len(found) < 5:
                    found.append(b" ".join(match.groups()).decode().replace('""', '"'))
    return found


def _scan(source: Readable, file: ExtractFile) -> FileScan:
    columns = COLUMNS[file.family]
    keys = tuple(columns.index(name) for name in KEYS[file.family])
    parent = columns.index("PARENT_ID") if "PARENT_ID" in columns else None
    captured = frozenset(keys) if parent is None else frozenset((*keys, parent))
    found = FileScan(rows=-1)
    try:
        for batch in scan(source, len(columns), captured):
            if found.rows < 0:
                _check_header(batch[0].group(), file)
            found.rows += len(batch)
            body = batch[1:] if found.rows == len(batch) - 1 else batch
            batch[0].string[batch[0].start() : batch[-1].end()].decode()
            if parent is None and len(keys) > 1:
                found.ids.add([match.groups() for match in body])
            else:
                found.ids.add([match.group(1) for match in body])
            if parent is not None:
                found.parents.update({hash(match.group(2)) for match in body})
    except CheckFailedError as error:
        raise CheckFailedError(f"{file.file}: {error}") from None
    except UnicodeDecodeError as error:
        raise CheckFailedError(f"{file.file}: not UTF-8: {error.reason}") from None
    except (OSError, EOFError, ValueError) as error:
        raise CheckFailedError(f"{file.file}: cannot be read: {error}") from error
    if found.rows < 0:
        raise CheckFailedError(f"{file.file}: has no header")
    found.parents.discard(hash(b""))
    return found


def _check_header(record: bytes, file: ExtractFile) -> None:
    if record != header(file.family) or file.columns != COLUMNS[file.family]:
        raise CheckFailedError(f"{file.file}: its header is not that of {file.family}")


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

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        data = self._raw.read(memoryview(buffer).nbytes)
        self.digest.update(data)
        self.size += len(data)
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        return True
