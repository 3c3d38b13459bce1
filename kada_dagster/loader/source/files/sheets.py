"""Sheets of XLSX workbooks, row by row: dates are dates, numbers numbers, formulas their results.

openpyxl reads rows as they come; what it keeps of a workbook are its different texts. Cells hold no
types of columns, and a date is a number with a format: openpyxl knows which. Facts: ECMA-376, 18.3.
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import IO, Any
from zipfile import BadZipFile

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.errors import SchemaMismatchError, SourceReadError
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.files.content import FileBytes
from kada_dagster.loader.source.files.formulas import require_results
from kada_dagster.loader.source.json_rows import EXTRA

_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_DAMAGE = (
    *(BadZipFile, EOFError, OSError, SyntaxError, zlib.error),
    *(IndexError, KeyError, TypeError, ValueError),
)


@dataclass(frozen=True)
class FoundRows:
    """The rows of a file.

    Attributes:
        name: of the file, and of the sheet.
        records: rows by the names of columns.
        first: number of the first row, as people count them.
    """

    name: str
    records: Iterator[object]
    first: int = 1


def sheet_records(content: FileBytes, settings: FilesSource, name: str) -> FoundRows:
    """The rows of a sheet; empty ones at its end are none.

    Args:
        content: the workbook.
        settings: which sheet; where its rows begin; whether the first one names the columns, which
            are `A`, `B` ... without; texts that stand for no value.
        name: of the file, for messages.

    Raises:
        ConfigError: there is no such sheet.
        SourceReadError: it is no workbook, or holds a formula that was never computed.
    """
    file = content.copied()
    openpyxl = driver("openpyxl", EXTRA)
    try:
        with warnings.catch_warnings():  # of parts of workbooks that hold no values
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (*_DAMAGE, openpyxl.utils.exceptions.InvalidFileException) as error:
        file.close()
        raise SourceReadError(
            f"{name}: this is no XLSX workbook, or is damaged ({type(error).__name__})"
        ) from None
    try:
        sheet = _sheet(book, settings.sheet, name)
        where = f"{name}, sheet {sheet.title}"
        require_results(book, sheet, where)
    except BaseException:
        file.close()
        raise
    first = settings.skip_rows + 1 + settings.header
    return FoundRows(where, _records(file, sheet, settings, where), first)


def _sheet(book: Any, wanted: str | int | None, name: str) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if wanted is None and len(sheets) > 1:
        raise ConfigError(f"{name}: sheet: say which one: {', '.join(sheets)}")
    if isinstance(wanted, int) and 0 < wanted <= len(sheets):
        return book.worksheets[wanted - 1]
    if wanted is None and sheets:
        return book.worksheets[0]
    if wanted not in sheets:
        raise ConfigError(f"{name}: sheet: there is no {wanted!r}; it has {', '.join(sheets)}")
    return sheets[wanted]


def _records(file: IO[bytes], sheet: Any, settings: FilesSource, where: str) -> Iterator[object]:
    nulls = frozenset(settings.nulls)
    sheet.reset_dimensions()  # those a workbook names may be wrong
    with closing(file):
        rows = islice(sheet.iter_rows(values_only=True), settings.skip_rows, None)
        names = _names(next(rows, ()), where) if settings.header else None
        blank, first = 0, settings.skip_rows + settings.header + 1
        for number, row in enumerate(_readable(rows, where), first):
            values = [_value(value, nulls) for value in row]
            if not any(value is not None for value in values):
                blank += 1
                continue
            yield from ({} for _ in range(blank))
            blank = 0
            yield _record(names, values, f"{where}, row {number}")


def _readable(rows: Iterator[Sequence[Any]], where: str) -> Iterator[Sequence[Any]]:
    try:
        yield from rows
    except _DAMAGE as error:
        reason = type(error).__name__
    else:
        return
    raise SourceReadError(f"{where}: the sheet is damaged ({reason})")


def _names(row: Sequence[Any], where: str) -> list[str]:
    names = ["" if value is None else _unescaped(str(value)) for value in row]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise SchemaMismatchError(
            f"{where}: its first row names no columns; see `skip_rows` and `header`"
        )
    for number, name in enumerate(names):
        if name and name in names[:number]:
            raise SchemaMismatchError(f"{where}: the column {name} is there more than once")
    return names


def _unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold: `_x000D_` is a carriage return."""
    if "_x" not in text:
        return text
    return driver("openpyxl.utils.escape", EXTRA).unescape(text)


def _value(value: Any, nulls: frozenset[str]) -> Any:
    """A day is a moment without a time of day: sheets know no other."""
    if isinstance(value, str):
        text = _unescaped(value)
        return None if text in nulls else text
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value


def _record(names: list[str] | None, values: list[Any], where: str) -> dict[str, Any]:
    record: dict[str, Any] = dict.fromkeys(name for name in names or () if name)
    for at, value in enumerate(values):
        name = _letters(at) if names is None else names[at] if at < len(names) else ""
        if value is not None and not name:
            raise SchemaMismatchError(
                f"{where}, column {_letters(at)}: there is a value in a column without a name"
            )
        if isinstance(value, str) and value in _ERRORS:
            raise SourceReadError(
                f"{where}, column {_letters(at)}: the cell holds the error {value}; correct it, or "
                f"write nulls: ['', '{value}']"
            )
        if name:
            record[name] = value
    return record


def is_letters(name: str) -> bool:
    """Whether a sheet has a column of that name, be it empty."""
    return re.fullmatch("[A-Z]{1,3}", name) is not None


def _letters(at: int) -> str:
    """What a sheet calls a column."""
    made, number = "", at + 1
    while number:
        number, letter = divmod(number - 1, 26)
        made = chr(65 + letter) + made
    return made
