"""Which type of PostgreSQL holds what a column of SQLite is declared to hold.

Facts: https://www.sqlite.org/datatype3.html, 3.1 (affinity goes by parts of the declared type, in
this order). A declared type is not binding in SQLite: a value that does not fit is found when it
is read.
"""

from __future__ import annotations

from collections.abc import Iterable

_EXACT = {
    "DATE": "date",
    "DATETIME": "timestamp without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIME": "time without time zone",
    "BOOL": "boolean",
    "BOOLEAN": "boolean",
    "UUID": "uuid",
    "JSON": "json",
}
_PARTS = (
    ("INT", "bigint"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "bytea"),
    ("REAL", "double precision"),
    ("FLOA", "double precision"),
    ("DOUB", "double precision"),
)
_STORED = {"integer": "bigint", "real": "double precision", "text": "text", "blob": "bytea"}


def target_type(declared: str) -> str | None:
    """The type for a declared one; None where nothing is declared."""
    word = declared.upper().partition("(")[0].strip()
    if not word:
        return None
    found = (target for part, target in _PARTS if part in word)
    return _EXACT.get(word) or next(found, "numeric")


def stored_type(kinds: Iterable[str]) -> str:
    """The type for what values are stored as, where no type is declared.

    Args:
        kinds: what `typeof` says of all values.
    """
    stored = set(kinds) - {"null"}
    if stored == {"integer", "real"}:
        return "numeric"
    return _STORED[stored.pop()] if len(stored) == 1 else "text"
