"""Looking for a secret wherever it may have been written, in every form it may have there.

Files are searched as they are, unpacked, and as databases: SQLite cuts a long value into pages,
and Dagster compresses some of what it stores.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

_SQLITE = b"SQLite format 3\0"


def files_with(text: str, folder: Path) -> list[str]:
    """The files below a folder that hold a text in any form, as relative paths."""
    needles = forms(text)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        str(path.relative_to(folder))
        for path in files
        if any(needle in content for content in _contents(path) for needle in needles)
    ]


def texts_with(text: str, texts: Iterable[str]) -> list[str]:
    """The texts that hold a text in any form."""
    needles = forms(text)
    return [found for found in texts if any(needle in found.encode() for needle in needles)]


def forms(text: str) -> set[bytes]:
    """The text as it is, escaped, in other encodings, and as part of something in base64."""
    spelled = {text, html.escape(text), text.replace("&", r"\u0026"), repr(text)[1:-1]}
    spelled |= {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    spelled |= {quote(text), quote(text, safe=""), quote_plus(text)}
    needles = {form.encode() for form in spelled}
    needles |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    return needles | set(_in_base64(text.encode()))


def _in_base64(data: bytes) -> Iterator[bytes]:
    """The characters that depend on nothing but the data, for each place it may begin at."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        yield whole[first:last]


def _contents(path: Path) -> Iterator[bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # SQLite takes files away that it made beside a database
        return
    yield data
    with suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(data)
    if data.startswith(_SQLITE):
        yield from _values(path)


def _values(path: Path) -> Iterator[bytes]:
    """Every value of a database that is text or bytes, bytes also unpacked."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            name = table.decode().replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{name}"'):
                yield from _unpacked(value for value in row if isinstance(value, bytes))


def _unpacked(values: Iterable[bytes]) -> Iterator[bytes]:
    for value in values:
        yield value
        with suppress(zlib.error):
            yield zlib.decompress(value)
