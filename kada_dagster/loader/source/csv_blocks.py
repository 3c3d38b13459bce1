"""CSV in blocks of whole rows: bytes that are checked as they pass, not taken apart.

COPY takes a quote in the middle of a value for the begin of a quoted part, which may swallow rows,
a row of `\\.` for the end of the data, and line ends of one kind only. What is outside of quotes is
looked at by functions that run in C. Facts: RFC 4180; CopyReadLineText in PostgreSQL's
`src/backend/commands/copyfromparse.c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.csv_dialect import CsvDialect

CHUNK = 1 << 18
"""Bytes that are asked for at once."""

_LONGEST = 1 << 26  # bytes of a row; a quote that is never closed must not fill the memory
_LINE_END = re.compile(rb"\r\n?|\n")
_STRAY = "a quote stands inside of a value; write it twice in a quoted value, or see `quote`"


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class CsvBlocks:
    """The rows of a CSV, line ends as `\\n`; blank lines at its end are none.

    Args:
        stream: UTF-8 without a mark.
        dialect: of what it holds.
        name: of the file, for messages.
        skip: lines to leave out at the begin.

    Attributes:
        line: of the file at which the next block begins, from 1.
    """

    def __init__(self, stream: Readable, dialect: CsvDialect, name: str, skip: int = 0) -> None:
        self._stream, self._dialect, self._name = stream, dialect, name
        self._rest = b""
        self._is_at_end = False
        self._blank = 0
        self.line = 1
        for _ in range(skip):
            self._skip_line()

    def first_row(self, *, keep: bool) -> list[bytes] | None:
        """The values of the first row; None where there is none.

        Args:
            keep: whether it is one of the rows of the blocks, too.

        Raises:
            SourceReadError: it cannot be read.
        """
        while (end := self._first_end()) is None:
            if not self._more():
                end = len(self._rest)
                break
        if end == 0:
            return None
        row, _ = self._checked(_with_end(self._rest[:end]))
        if not keep:
            self._rest = self._rest[end:]
            self.line += row.count(b"\n")
        return next(self._dialect.rows(row))

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Blocks, and how many rows each has.

        Raises:
            SourceReadError: a quote is where none may be, or it is no UTF-8; names the line.
        """
        while self._rest or self._more():
            end = len(self._rest) if self._is_at_end else self._last_end()
            if end == 0:
                self._more()
                continue
            block, self._rest = self._rest[:end], self._rest[end:]
            passed, rows = self._without_blank_end(*self._checked(_with_end(block)))
            if rows:
                yield passed, rows
                self.line += passed.count(b"\n")

    def _without_blank_end(self, block: bytes, rows: int) -> tuple[bytes, int]:
        """Blank lines are kept back until something comes behind them."""
        kept = block.rstrip(b"\n")
        if not kept:
            self._blank += len(block)
            return b"", 0
        blank, before = len(block) - len(kept) - 1, self._blank
        self._blank = blank
        return b"\n" * before + kept + b"\n", before + rows - blank

    def _more(self) -> bool:
        """Read on; False at the end."""
        if self._is_at_end:
            return False
        if len(self._rest) > _LONGEST:
            raise SourceReadError(
                f"{self._name}, line {self.line}: a row of more than {_LONGEST >> 20} MiB; see "
                "whether a quote is not closed"
            )
        data = self._stream.read(max(CHUNK, len(self._rest)))
        self._is_at_end = not data
        self._rest += data
        return bool(data)

    def _skip_line(self) -> None:
        while (match := _LINE_END.search(self._rest)) is None or match.end() == len(self._rest):
            if not self._more():
                break
        match = _LINE_END.search(self._rest)
        self._rest = self._rest[match.end() :] if match else b""
        self.line += 1

    def _first_end(self) -> int | None:
        """Behind the first row, where it is known to be whole."""
        before = 0
        for at, part in enumerate(self._rest.split(self._dialect.around)):
            match = _LINE_END.search(part) if at % 2 == 0 else None
            if match and before + match.end() < len(self._rest):
                return before + match.end()
            before += len(part) + 1
        return None

    def _last_end(self) -> int:
        """Behind the last row that is known to be whole; 0 where none is."""
        data, around = self._rest, self._dialect.around
        end, quotes = len(data) - data.endswith(b"\r"), data.count(around)  # \n may follow
        while True:
            begin = data.rfind(around, 0, end) + 1
            if quotes % 2 == 0:
                newline = max(data.rfind(b"\n", begin, end), data.rfind(b"\r", begin, end))
                if newline >= 0:
                    return newline + 1
            if begin == 0:
                return 0
            end, quotes = begin - 1, quotes - 1

    def _checked(self, block: bytes) -> tuple[bytes, int]:
        """Whole rows as COPY takes them, and how many."""
        self._require_text(block)
        parts = block.split(self._dialect.around)
        if len(parts) > 1:
            self._require_order(parts)
        around = self._dialect.around
        outside = around.join(parts[::2])
        made = outside.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        rows = made.count(b"\n")
        found = made.split(around)
        if b"\\." in made:
            found = _without_end_marks(found, around)
        elif made == outside:
            return block, rows
        parts[::2] = found
        return around.join(parts), rows

    def _require_text(self, block: bytes) -> None:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            before = block[: error.start]
        else:
            return
        raise self._error(before, "this is not UTF-8; say its `encoding`, as cp1252")

    def _require_order(self, parts: list[bytes]) -> None:
        """Quotes are around whole values."""
        dialect = self._dialect
        if not dialect.quote:
            held = f"it holds U+{ord(dialect.around):04X}, which needs a `quote`"
            raise self._error(parts[0], held)
        if len(parts) % 2 == 0:
            raise self._error(b"", "a quote is not closed")
        right = {b"", dialect.between, b"\n", b"\r"}
        begins = {part[:1] for part in parts[2::2]} - right
        ends = {part[-1:] for part in parts[:-1:2]} - right
        for at in range(0, len(parts), 2) if begins or ends else ():
            if at > 0 and parts[at][:1] in begins:
                raise self._error(dialect.around.join(parts[:at]), _STRAY)
            if at < len(parts) - 1 and parts[at][-1:] in ends:
                raise self._error(dialect.around.join(parts[: at + 1]), _STRAY)

    def _error(self, before: bytes, what: str) -> SourceReadError:
        line = self.line + self._blank + len(_LINE_END.findall(before))
        return SourceReadError(f"{self._name}, line {line}: {what}")


def _with_end(block: bytes) -> bytes:
    return block if block.endswith((b"\n", b"\r")) else block + b"\n"


def _without_end_marks(outside: list[bytes], around: bytes) -> list[bytes]:
    """Rows of nothing but `\\.` get quotes."""
    quoted = (around + rb"\." + around).replace(b"\\", rb"\\")
    made = [re.sub(rb"(?<=\n)\\\.(?=\n)", quoted, part) for part in outside]
    made[0] = re.sub(rb"\A\\\.(?=\n)", quoted, made[0])
    return made
