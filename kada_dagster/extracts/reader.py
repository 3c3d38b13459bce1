"""Reading extract files back, strictly: anything outside the dialect is an error."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.gzip_stream import read_gzip

_CHUNK_BYTES = 1024 * 1024


class Readable(Protocol):
    """Bytes to be read in pieces; empty ones at the end."""

    def read(self, size: int, /) -> bytes | None: ...


_FIELD = rb'"([^"]*(?:""[^"]*)*)"'
_FIELDS = re.compile(r'"([^"]*(?:""[^"]*)*)"')


@contextmanager
def open_extract(path: Path) -> Generator[IO[bytes], None, None]:
    """The plain bytes of an extract file, compressed or not."""
    with path.open("rb") as raw:
        yield read_gzip(raw) if path.suffix == ".gz" else raw


@cache
def record_pattern(columns: int, captured: frozenset[int]) -> re.Pattern[bytes]:
    """A pattern of one record.

    Args:
        columns: fields of a record.
        captured: 0-based positions of the fields to capture, raw (inner quotes still doubled).
    """
    plain = rb'"[^"]*(?:""[^"]*)*"'
    fields = [_FIELD if index in captured else plain for index in range(columns)]
    return re.compile(rb"\|".join(fields) + rb"\n")


def scan(
    source: Readable, columns: int, captured: frozenset[int]
) -> Iterator[list[re.Match[bytes]]]:
    """Match every record of a stream, header included, a batch at a time.

    Yields:
        Lists of matches of `record_pattern`, in file order, without a gap between them.

    Raises:
        CheckFailedError: some bytes are not a record of that many quoted fields.
    """
    match = record_pattern(columns, captured)
    pending, offset = b"", 0
    while True:
        chunk = source.read(_CHUNK_BYTES) or b""
        data = pending + chunk
        batch = _matches(match, data)
        end = batch[-1].end() if batch else 0
        if batch:
            yield batch
        pending = data[end:]
        offset += end
        if not chunk:
            break
    if pending:
        raise CheckFailedError(f"byte {offset}: not a record of {columns} quoted fields")


def _matches(pattern: re.Pattern[bytes], data: bytes) -> list[re.Match[bytes]]:
    """The matches that follow one another from the first byte on."""
    scanner: Any = pattern.scanner(data)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
    return list(iter(scanner.match, None))


def decode_record(record: str) -> list[str]:
    """The fields of one record."""
    return [text.replace('""', '"') for text in _FIELDS.findall(record)]


def rows(path: Path, columns: int) -> Iterator[list[str]]:
    """The rows of an extract file, header included.

    Args:
        path: `.csv` or `.csv.gz`.
        columns: fields of a record.

    Raises:
        CheckFailedError: the file is not in the dialect.
    """
    with open_extract(path) as source:
        for batch in scan(source, columns, frozenset()):
            for match in batch:
                yield decode_record(match.group().decode())
