"""How a CSV is written, and what that means to PostgreSQL's COPY.

Facts: https://www.postgresql.org/docs/current/sql-copy.html, CSV format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import cast

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceReadError

_NO_QUOTES = (b"\x01", b"\x02")
_END_MARK = rb"\."  # alone in a row, it ends the data before version 18


@dataclass(frozen=True)
class CsvDialect:
    """How a CSV is written. Values are bytes of UTF-8 with the quotes around them.

    Attributes:
        delimiter: one ASCII character.
        quote: one ASCII character; '' where nothing is quoted.
        nulls: texts that stand for no value where they are not quoted.

    Raises:
        ConfigError: COPY does not take such a delimiter or quote.
    """

    delimiter: str = ","
    quote: str = '"'
    nulls: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in "\r\n\0":
            raise ConfigError("delimiter: must be one ASCII character, as ';' or '\\t'")
        if not self.quote.isascii() or self.quote in ("\r", "\n", "\0", self.delimiter):
            raise ConfigError("quote: must be one ASCII character, not the delimiter, or ''")
        written = re.compile(f"[{re.escape(self.delimiter + self.quote)}\r\n]")
        nulls = tuple(dict.fromkeys(null for null in self.nulls if not written.search(null)))
        object.__setattr__(self, "nulls", nulls)  # those that can be a value without quotes

    @cached_property
    def between(self) -> bytes:
        """The delimiter."""
        return self.delimiter.encode()

    @cached_property
    def around(self) -> bytes:
        """The quote; where nothing is quoted, one that a text never holds."""
        return self.quote.encode() or _NO_QUOTES[self.between == _NO_QUOTES[0]]

    @cached_property
    def null(self) -> bytes:
        """What stands for no value in what COPY gets."""
        return self.nulls[0].encode() if len(self.nulls) == 1 else b""

    @property
    def has_one_null(self) -> bool:
        """Whether COPY can be told what stands for no value."""
        return len(self.nulls) == 1

    @property
    def copy_options(self) -> str:
        """What stands behind FORMAT. COPY skips a first line, which shows it how lines end."""
        quoted = [text.decode().replace("'", "''") for text in (self.around, self.null)]
        between = self.delimiter.replace("'", "''")
        return f"csv, HEADER, DELIMITER '{between}', QUOTE '{quoted[0]}', NULL '{quoted[1]}'"

    def rows(self, block: bytes) -> Iterator[list[bytes]]:
        """The values of whole rows that `CsvBlocks` has checked."""
        if self.around not in block:
            for line in block.split(b"\n")[:-1]:
                yield line.split(self.between)
            return
        row: list[bytes] = []
        for value, end in self._values.findall(block):
            row.append(value)
            if end == b"\n":
                yield row
                row = []

    def text(self, value: bytes) -> str | None:
        """What a value means."""
        if value[:1] == self.around:
            return value[1:-1].replace(self.around * 2, self.around).decode()
        text = value.decode()
        return None if text in self.nulls else text

    def quoted(self, text: str) -> bytes:
        """A value that means a text; see `text`."""
        return self.around + text.encode().replace(self.around, self.around * 2) + self.around

    def columns(self, block: bytes, at: Sequence[int], width: int) -> Sequence[Sequence[bytes]]:
        """The values of some columns of a block; any values where its rows are not so wide.

        Args:
            block: of whole rows.
            at: places of the columns.
            width: how many values a row has.
        """
        if self.around not in block:  # a third of the time
            values = block[:-1].replace(b"\n", self.between).split(self.between)
            return [values[one::width] for one in at]
        found = self._row_of(width, tuple(sorted(set(at)))).findall(block)
        if len(set(at)) == 1:
            return [found] * len(at)
        columns = dict(zip(sorted(set(at)), zip(*found)))
        return [columns.get(one, ()) for one in at]

    def picked(
        self,
        block: bytes,
        at: Sequence[int],
        width: int,
        place: Callable[[int], str],
        changed: Mapping[int, Sequence[bytes]] | None = None,
    ) -> bytes:
        """Some values of each row, in another order, as COPY reads them.

        Args:
            block: of whole rows.
            at: places of the values.
            width: how many values a row has.
            place: names a line of the block, from 0.
            changed: other values than those of the block, by their place in `at`.

        Raises:
            SourceReadError: a row has more or fewer.
        """
        rows: list[Sequence[bytes]] = self._row_of(width, tuple(range(width))).findall(block)
        if width == 1:
            rows = [(value,) for value in cast("list[bytes]", rows)]
        if sum(map(len, chain.from_iterable(rows))) + width * len(rows) != len(block):
            raise self.ragged(block, width, place)  # some rows were not found
        if changed:
            columns = list(zip(*rows))
            rows = list(zip(*(changed.get(to, columns[one]) for to, one in enumerate(at))))
            at = range(len(at))
        known, join = self._alone if len(at) == 1 else self._rewritten, self.between.join
        if not known:
            made = [join([row[one] for one in at]) for row in rows]
        else:
            made = [join([known.get(value := row[one], value) for one in at]) for row in rows]
        return b"\n".join([*made, b""])

    def ragged(self, block: bytes, width: int, place: Callable[[int], str]) -> SourceReadError:
        """The error of a row that has more or fewer values."""
        line, found = 0, width
        for row in self.rows(block):
            found = len(row)
            if found != width:
                break
            line += b"".join(row).count(b"\n") + 1
        return SourceReadError(
            f"{place(line)}: the row has {found} values, not {width}; see whether `delimiter` and "
            "`quote` are right, and whether the file is whole"
        )

    @cached_property
    def _value(self) -> bytes:
        """An expression for one value, in no group."""
        around, between = re.escape(self.around), re.escape(self.between)
        quoted = rb"%b[^%b]*(?:%b%b[^%b]*)*%b" % ((around,) * 6)
        return rb"(?:%b|[^%b%b\n]*)" % (quoted, around, between)

    @cached_property
    def _values(self) -> re.Pattern[bytes]:
        return re.compile(rb"(%b)([%b\n])" % (self._value, re.escape(self.between)))

    def _row_of(self, width: int, at: tuple[int, ...]) -> re.Pattern[bytes]:
        """Of rows with so many values, those at some places in groups."""
        if (width, at) not in self._patterns:
            values = [rb"(%b)" % self._value if one in at else self._value for one in range(width)]
            row = re.escape(self.between).join(values) + rb"\n"
            self._patterns[width, at] = re.compile(row)
        return self._patterns[width, at]

    @cached_property
    def _patterns(self) -> dict[tuple[int, tuple[int, ...]], re.Pattern[bytes]]:
        return {}

    @cached_property
    def _rewritten(self) -> dict[bytes, bytes]:
        """What COPY would not take for what it is."""
        known = {b"": self.around * 2} | {null.encode(): self.null for null in self.nulls}
        return {value: text for value, text in known.items() if value != text}

    @cached_property
    def _alone(self) -> dict[bytes, bytes]:
        return {**self._rewritten, _END_MARK: self.around + _END_MARK + self.around}
