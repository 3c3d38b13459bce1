"""The lines of a journal: a checksum, then key and value as JSON. What is torn does not count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any
from zlib import crc32

HEADER = b"kada journal 1\n"
"""First line of the file; one that begins otherwise is another version's."""

_SUM = 9  # eight digits and a space


def line_of(key: str, value: object) -> bytes:
    """One entry.

    Raises:
        TypeError: the value is no JSON.
        ValueError: the value holds itself.
    """
    entry = json.dumps([key, value], separators=(",", ":")).encode()
    return b"%08x %s\n" % (crc32(entry), entry)


def entry_in(line: bytes) -> tuple[str, Any] | None:
    """Key and value of a line; None if it is torn."""
    entry = line[_SUM:-1]
    if not line.endswith(b"\n") or line[:_SUM] != b"%08x " % crc32(entry):
        return None
    key, value = json.loads(entry)
    return key, value


def entries(file: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    """Key, position and length of every whole entry of a file that stands behind its header."""
    at = file.tell()
    for line in file:
        found = entry_in(line)
        if found is not None:
            yield found[0], at, len(line)
        at += len(line)
