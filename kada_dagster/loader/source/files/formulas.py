"""Formulas of XLSX workbooks that no program has computed: openpyxl gives nothing for them.

Workbooks are XML of many hands: names of elements may have a prefix, attributes any order, and
white space may stand between tags. What is looked for is found in the text, piece by piece: to
take all of it apart once more would take as long as reading it.
"""

from __future__ import annotations

import re
from typing import Any

from kada_dagster.loader.errors import SourceReadError

_FORMULA = re.compile(
    rb"<P?c\b([^>]*)(?<!/)>\s*"
    rb"<P?f\b(?:[^>]*/>|[^>]*>[^<]*(?:<!\[CDATA\[.*?\]\]>[^<]*)*</P?f>)\s*"
    rb"(?:<P?v\b(?:[^>]*/>|[^>]*>\s*</P?v>)\s*)?"
    rb"<(?:/P?c>|P?extLst\b)".replace(b"P?", rb"(?:[\w.-]+:)?"),
    re.DOTALL,
)  # without a result
_CELL = re.compile(rb"\br\s*=\s*[\"']([A-Z]+\d+)")
_IS_TEXT = re.compile(rb"\bt\s*=\s*[\"']str[\"']")  # the result may be an empty text
_CHUNK, _OVERLAP = 1 << 20, 1 << 16  # bytes; 8,192 characters of a formula are at most 48 KiB


def require_results(book: Any, sheet: Any, where: str) -> None:
    """Refuse formulas without results: a program that writes workbooks may not compute.

    Args:
        book: of openpyxl.
        sheet: of it, too.
        where: it is, for messages.

    Raises:
        SourceReadError: names the cell.
    """
    with book._archive.open(sheet._worksheet_path) as xml:
        rest = b""
        while data := xml.read(_CHUNK):
            rest += data
            has_formulas = b"<f" in rest or b":f" in rest
            for match in _FORMULA.finditer(rest) if has_formulas else ():
                if not _IS_TEXT.search(match[1]):
                    cell = _CELL.search(match[1])
                    raise SourceReadError(
                        f"{where}{f', cell {cell[1].decode()}' if cell else ''}: a formula without "
                        "a result; open the workbook with a program that computes it, and save it"
                    )
            rest = rest[-_OVERLAP:]
