"""The two parts of a large extract file that can be read at the same time.

The border between them is guessed. A reader of the first part that finds whole records up to its
end has proved the guess: a record can be read in one way only.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.reader import Readable, read_bytes

_LARGE_BYTES = 16 * 1024 * 1024
_LOOK_BYTES = 1024 * 1024
_RECORD_BORDER = b'"\n"'
_PLAIN_SHARE, _GZIP_SHARE = 0.45, 0.55
"""Of the bytes, for the first part: whoever reads it also hashes all of the file."""


def middle(path: Path) -> int | None:
    """About where a file is best parted, in plain bytes; None for a file that is not large.

    Raises:
        OSError: it cannot be read.
    """
    if path.suffix != ".gz":
        size, share = path.stat().st_size, _PLAIN_SHARE
    else:
        size, share = _plain_size(path), _GZIP_SHARE
    return int(size * share) if size >= _LARGE_BYTES else None


class FirstPart:
    """A stream up to the first border at or behind `position`."""

    def __init__(self, source: Readable, position: int) -> None:
        self._source, self._left = source, position
        self._ended = False

    def read(self, size: int, /) -> bytes:
        if self._left > 0:
            data = read_bytes(self._source, min(size, self._left))
            self._left -= len(data)
            return data
        if self._ended:
            return b""
        self._ended = True
        return _parted(self._source)[0]


class SecondPart:
    """A stream from the first border at or behind `position` on."""

    def __init__(self, source: IO[bytes], position: int) -> None:
        source.seek(position)
        self._source, self._first = source, _parted(source)[1]

    def read(self, size: int, /) -> bytes:
        first, self._first = self._first, b""
        return first or read_bytes(self._source, size)


def _parted(source: Readable) -> tuple[bytes, bytes]:
    data = read_bytes(source, _LOOK_BYTES)
    border = data.find(_RECORD_BORDER) + 2
    if border < 2:
        raise CheckFailedError("no record ends nearby")
    return data[:border], data[border:]


def _plain_size(path: Path) -> int:
    """As gzip's last four bytes tell: RFC 1952 counts modulo 2^32, of the last member alone."""
    with path.open("rb") as raw:
        raw.seek(-4, io.SEEK_END)
        return int.from_bytes(raw.read(), "little")
