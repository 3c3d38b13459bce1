"""Rows of JSON: one document, or one a line. Numbers keep their digits.

A small document is read at once. Of a larger one the elements of its list are read one by one,
unless the expression for rows needs all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any, Protocol

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.json_rows import EXTRA, JsonRows

_SMALL = 1 << 22  # bytes of a document that is read at once
_LONGEST = 1 << 26  # bytes of a line
_CHUNK = 1 << 18
_REASON = re.compile(r"(?:lexical|parse) error: [\w ,']+")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes: ...


def json_records(stream: Readable, rows: str | None, name: str) -> Iterator[object]:
    """The rows of a document of JSON, or of lines of JSON.

    Args:
        stream: UTF-8 without a mark.
        rows: JMESPath that finds them in the document, or in each line; None for the elements of a
            list, or the document itself.
        name: of the document, for messages.

    Raises:
        ConfigError: `rows` is no JMESPath.
        SourceReadError: it is no JSON, or no rows are found.
    """
    return records_by(JsonRows(rows), stream, name)


def records_by(wanted: JsonRows, stream: Readable, name: str) -> Iterator[object]:
    """See `json_records`; the rows are those an expression finds."""
    head = _Head(stream)
    if _begins_lines(head.data):
        return _of_lines(head, wanted, name)
    if head.is_all or wanted.path is None:
        return wanted.of(_parsed(head.read(), name), name)
    return _one_by_one(head, wanted, name)


class _Head:
    """A stream whose begin was looked at."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        parts: list[bytes] = []
        while sum(map(len, parts)) <= _SMALL and (more := stream.read(_CHUNK)):
            parts.append(more)
        self.data = b"".join(parts)
        self.is_all = len(self.data) <= _SMALL
        self._begin = BytesIO(self.data)

    def read(self, size: int = -1) -> bytes:
        """The begin, then the rest."""
        self.data = b""
        if size < 0:
            return self._begin.read() + b"".join(iter(lambda: self._stream.read(_CHUNK), b""))
        return self._begin.read(size) or (self._stream.read(size) if size else b"")


def _begins_lines(head: bytes) -> bool:
    """Whether the first line is an object and something comes behind it."""
    first, _, rest = head.lstrip().partition(b"\n")
    if not first.startswith(b"{") or not rest.strip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _of_lines(stream: _Head, wanted: JsonRows, name: str) -> Iterator[object]:
    for number, line in enumerate(_lines(stream, name), 1):
        if line.strip():
            where = f"{name}, line {number}"
            yield from wanted.of(_parsed(line, where), where)


def _lines(stream: _Head, name: str) -> Iterator[bytes]:
    rest = b""
    while data := stream.read(_CHUNK):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > _LONGEST:
            raise SourceReadError(f"{name}: a line of more than {_LONGEST >> 20} MiB")
        yield from lines
    yield rest


def _one_by_one(stream: _Head, wanted: JsonRows, name: str) -> Iterator[object]:
    ijson = driver("ijson", EXTRA)
    found = False
    try:
        for element in ijson.items(stream, ".".join([*(wanted.path or ()), "item"])):
            found = True
            yield from wanted.of_element(element, name)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        said = _REASON.search(str(error))  # what follows shows the data
        reason = said[0] if said else type(error).__name__
    else:
        if found:
            return
        raise wanted.nothing(name)
    raise SourceReadError(f"{name}: this is no JSON, or not all of it: {reason}")


def _parsed(data: bytes, where: str) -> Any:
    try:
        return json.loads(data.decode(), parse_float=Decimal, parse_constant=_refuse)
    except UnicodeDecodeError:
        reason = "it is not UTF-8; say its `encoding`"
    except RecursionError:
        reason = "it is nested too deep"
    except ValueError as error:
        reason = str(error)
    raise SourceReadError(f"{where}: this is no JSON, or not all of it: {reason}")


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")
