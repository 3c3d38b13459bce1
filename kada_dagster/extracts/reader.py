"""Reading extract files back, strictly: anything outside the dialect is an error.

What a file must hold beyond the dialect - its header, its checksum, unique ids - is not known here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha512
from itertools import pairwise
from pathlib import Path
from typing import IO, Protocol

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.gzip_stream import gzip_errors, read_gzip

_CHUNK_BYTES = 256 * 1024
_ONCE = "+" if sys.version_info >= (3, 11) else ""
"""Never give back what was matched: there is only one way to read a record, and remembering the
others costs a gigabyte for ten million quotes. Python 3.10 cannot be told."""
_OPEN_FIELD = f'"[^"]*{_ONCE}(?:""[^"]*{_ONCE})*{_ONCE}'
_FIELD = f'{_OPEN_FIELD}"'
_SIMPLE_FIELD = f'"[^"]*{_ONCE}"'
_FIELDS = re.compile(r'"([^"]*(?:""[^"]*)*)"')

Span = tuple[int, int]
"""Neighbouring columns: position of the first, and of the first behind them."""


class Readable(Protocol):
    """Bytes to be read in pieces; empty ones at the end."""

    def read(self, size: int, /) -> bytes | None: ...


@contextmanager
def open_extract(path: Path) -> Generator[IO[bytes], None, None]:
    """The plain bytes of an extract file, compressed or not."""
    with path.open("rb") as raw:
        yield read_gzip(raw) if path.suffix == ".gz" else raw


@cache
def record_pattern(columns: int, spans: tuple[Span, ...]) -> re.Pattern[bytes]:
    """A pattern of one record, or else of everything up to the end of the data.

    Args:
        columns: fields of a record.
        spans: what to capture, in file order and apart from each other; captured raw: with the
            outer quotes, inner ones still doubled. The last group holds what is no record.
    """
    runs: list[str] = []
    for (_, last), (first, end) in pairwise([(0, 0), *spans, (columns, columns)]):
        runs += [_run(first - last)] if first > last else []
        runs += [f"({_run(end - first)})"] if end > first else []
    return re.compile((r"\|".join(runs) + r"\n|((?s:.+))").encode())


def _run(fields: int) -> str:
    """Neighbouring fields: most have no quote inside, and all without one are faster to match."""
    simple, any_ = (r"\|".join([field] * fields) for field in (_SIMPLE_FIELD, _FIELD))
    return any_ if fields == 1 else f'(?:{simple}(?!")|{any_})'


@cache
def _beginning_pattern(columns: int) -> re.Pattern[bytes]:
    """A pattern of the beginnings of a record."""
    pattern = rf'{_OPEN_FIELD}(?:\Z|"\Z)'
    for _ in range(columns - 1):
        pattern = rf'{_OPEN_FIELD}(?:\Z|"(?:\Z|\|(?:\Z|{pattern})))'
    return re.compile(pattern.encode())


def scan(
    source: Readable, columns: int, spans: Sequence[Span], offset: int = 0
) -> Iterator[list[tuple[bytes, ...]]]:
    """Read every record of a stream, a batch at a time.

    Args:
        source: positioned at the beginning of a record.
        columns: fields of a record.
        spans: at least one; as `record_pattern` takes them.
        offset: how many bytes of the file were read before.

    Yields:
        Lists of tuples with what was captured of each record, and an empty field behind it. The
        records of all lists together are the stream, byte for byte.

    Raises:
        CheckFailedError: some bytes are not a record of that many quoted fields, not UTF-8, or
            hold a NUL; or the file cannot be read or decompressed.
    """
    pattern, pending = record_pattern(columns, tuple(spans)), b""
    # a record longer than what was read is read again from its start: twice as much each time
    while chunk := read_bytes(source, max(_CHUNK_BYTES, len(pending))):
        data = pending + chunk
        batch: list[tuple[bytes, ...]] = pattern.findall(data)
        pending = batch.pop()[-1] if batch[-1][-1] else b""
        size = len(data) - len(pending)
        _check_text(data, size, offset)
        if batch:
            yield batch
        offset += size
        if pending and not _beginning_pattern(columns).match(pending):
            break
    if pending:
        raise CheckFailedError(f"byte {offset}: not a record of {columns} quoted fields")


def read_bytes(source: Readable, size: int) -> bytes:
    """Up to `size` bytes of a stream of `open_extract`; none at its end.

    Raises:
        CheckFailedError: it cannot be read or decompressed.
    """
    try:
        data = source.read(size) or b""
    except (ValueError, *gzip_errors()) as error:
        raise CheckFailedError(f"cannot be read: {error}") from error
    # isal leaves the upper halves of Intel's AVX registers in use, and until something clears
    # them this thread matches at half its speed; OpenSSL's SHA-512 clears them
    sha512(b"").digest()
    return data


def _check_text(data: bytes, size: int, offset: int) -> None:
    if (position := data.find(b"\0", 0, size)) >= 0:
        raise CheckFailedError(f"byte {offset + position}: a NUL byte")
    if data.isascii():
        return
    try:
        data[:size].decode()
    except UnicodeDecodeError as error:
        where = offset + error.start
        raise CheckFailedError(f"byte {where}: not UTF-8: {error.reason}") from None


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
        for batch in scan(source, columns, [(0, columns)]):
            for record, _ in batch:
                yield decode_record(record.decode())
