"""Rows of one column of bytes, cut out of the protocol many at a time.

PyMySQL reads a row in some 10 µs; a load waits for nothing else. So the rows of a result that it
has begun are read from its file here. Facts: https://mariadb.com/kb/en/resultset-row/ and
https://mariadb.com/kb/en/protocol-data-types/#length-encoded-integers.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

CHUNK = 1 << 18
_LONGEST = 0xFFFFFF  # a packet of that length goes on in the next one
_STARTS = {0xFC: 3, 0xFD: 4, 0xFE: 9}
_NULL, _END, _ERROR = 0xFB, 0xFE, 0xFF


class MissingLineError(Exception):
    """A row is NULL: the server makes no text longer than `max_allowed_packet`.

    Attributes:
        row: which one, from 1 in its batch.
    """

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def lines(connection: Any, driver: Any) -> Iterator[list[bytes]]:
    """The values of an unbuffered result, batch by batch.

    Args:
        connection: of PyMySQL, after `query(..., unbuffered=True)`; usable again at the end.
        driver: PyMySQL.

    Raises:
        MissingLineError: a value is NULL.
        OSError: the connection is cut.
        pymysql.err.Error: the server breaks off.
    """
    try:
        end = yield from _read(connection._rfile)
    finally:  # nobody else may read on
        connection._result.unbuffered_active = False
        connection._result.connection = None
    if end[:1] == b"\xff":
        driver.err.raise_mysql_exception(end)


def _read(file: Any) -> Generator[list[bytes], None, bytes]:
    """The rows, and the packet that ends them."""
    data = b""
    while True:
        piece = file.read1(CHUNK)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        found, end, data = _cut(data + piece)
        if found:
            yield found
        if end is not None:
            return end


def _cut(data: bytes) -> tuple[list[bytes], bytes | None, bytes]:
    """The rows in a piece of the protocol, the packet that ends them, and what is left over."""
    found: list[bytes] = []
    at, size = 0, len(data)
    while at + 4 < size:
        length = data[at] | data[at + 1] << 8 | data[at + 2] << 16
        end = at + 4 + length
        if end > size:
            break
        first = data[at + 4]
        if length == _LONGEST:
            whole = _joined(data, at)
            if whole is None:
                break
            packet, end = whole
            found.append(packet[_STARTS[first] :])
        elif first < _NULL:
            found.append(data[at + 5 : end])
        elif first == _ERROR or (first == _END and length < 9):
            return found, data[at + 4 : end], b""
        elif first == _NULL:
            raise MissingLineError(len(found) + 1)
        else:
            found.append(data[at + 4 + _STARTS[first] : end])
        at = end
    return found, None, data[at:]


def _joined(data: bytes, at: int) -> tuple[bytes, int] | None:
    """A packet that came in several, and where it ends; None where it is not all there."""
    parts: list[bytes] = []
    length = _LONGEST
    while length == _LONGEST:
        if at + 4 > len(data):
            return None
        length = int.from_bytes(data[at : at + 3], "little")
        parts.append(data[at + 4 : at + 4 + length])
        at += 4 + length
        if at > len(data):
            return None
    return b"".join(parts), at
