"""Types of MySQL and MariaDB: what holds their values in PostgreSQL, and how they are printed.

The server prints every row as a line of COPY text: one column of bytes travels, whatever the
table. Facts: https://mariadb.com/kb/en/data-types/, https://dev.mysql.com/doc/refman/8.4/en/
(FLOAT is printed with 6 digits unless it is made a DOUBLE; REPLACE in a character set of several
bytes is slow; BIT is printed as bytes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kada_dagster.api.values import moment_iso
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.bound_values import single

_UNSIGNED = {
    "smallint": "integer",
    "mediumint": "integer",
    "int": "bigint",
    "bigint": "numeric(20,0)",
}
_TYPES = {
    "tinyint": "smallint",
    "smallint": "smallint",
    "mediumint": "integer",
    "int": "integer",
    "bigint": "bigint",
    "year": "smallint",
    "float": "real",
    "double": "double precision",
    "date": "date",
    "time": "interval",
    "json": "json",
    "uuid": "uuid",
    "inet4": "inet",
    "inet6": "inet",
}
_SIZED = {
    "decimal": "numeric{0}",
    "bit": "bit{0}",
    "char": "character varying{0}",
    "varchar": "character varying{0}",
    "datetime": "timestamp{0} without time zone",
    "timestamp": "timestamp{0} with time zone",
}
_WORDS = re.compile(r"(\w+)(\([\d,]+\))?")
_CODES = {
    0: "decimal", 1: "tinyint", 2: "smallint", 3: "int", 4: "float", 5: "double",
    7: "timestamp", 8: "bigint", 9: "mediumint", 10: "date", 11: "time", 12: "datetime",
    13: "year", 14: "date", 16: "bit", 245: "json", 246: "decimal",
}  # fmt: skip
"""Of the protocol; all others are texts or bytes."""

_NOT_NULL, _IS_UNSIGNED, _BYTES = 1, 32, 63
_FRACTIONS = ("timestamp", "datetime")
_ZONED = re.compile(r":\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)\Z", re.ASCII)


@dataclass(frozen=True)
class Field:
    """A column of a result, as the protocol describes it.

    Attributes:
        name: of the column.
        type_code: number of the type in the protocol.
        charset: number of the collation; 63 for bytes.
        length: in bytes, or digits.
        scale: digits behind the point.
        flags: bits.
    """

    name: str
    type_code: int
    charset: int
    length: int
    scale: int
    flags: int

    @property
    def nullable(self) -> bool:
        """Whether it may be missing."""
        return not self.flags & _NOT_NULL

    @property
    def word(self) -> str:
        """The type, as the server prints it in the definition of a table; what is known of it."""
        word = _CODES.get(self.type_code) or ("blob" if self.charset == _BYTES else "text")
        unsigned = bool(self.flags & _IS_UNSIGNED)
        if word == "decimal":
            digits = self.length - (self.scale > 0) - (not unsigned)
            return f"decimal({digits},{self.scale})"
        if word == "bit":
            return f"bit({self.length})"
        if word in _FRACTIONS:
            return f"{word}({self.scale})"
        return f"{word} unsigned" if unsigned and word in _UNSIGNED else word


def target_type(word: str) -> str:
    """The type of PostgreSQL that holds every value.

    Args:
        word: type as `information_schema.columns.column_type` has it.
    """
    match = _WORDS.match(word.lower())
    name, size = (match[1], match[2] or "") if match else ("", "")
    if "unsigned" in word and name in _UNSIGNED:
        return _UNSIGNED[name]
    if name in _SIZED:
        is_whole = name in _FRACTIONS and not size
        return _SIZED[name].format("(0)" if is_whole else size)
    if name in ("enum", "set") or name.endswith("text"):
        return "text"
    return _TYPES.get(name, "bytea")


def printed(field: Field, column: str, *, is_bytea: bool, nulls_zero_dates: bool) -> str:
    """The expression that prints a column as COPY text.

    Args:
        field: of the result.
        column: its name, quoted.
        is_bytea: whether the target's column is bytea.
        nulls_zero_dates: whether a date with a zero in it becomes NULL.
    """
    missing = f"{column} IS NULL"
    if nulls_zero_dates and field.word.partition("(")[0] in ("date", *_FRACTIONS):
        missing = f"{missing} OR CAST({column} AS CHAR) LIKE '%-00%'"
    # not IFNULL: what is longer than a packet comes out as NULL, too
    return f"IF({missing}, 0x5C4E, {_text(field, column, is_bytea)})"


def _text(field: Field, column: str, is_bytea: bool) -> str:
    word = field.word.partition("(")[0]
    if word in ("float", "double"):
        return f"{column} * 1e0"
    if word == "bit":
        return f"LPAD(BIN({column}), {field.length}, '0')"
    if word == "timestamp":
        return f"CONCAT({column}, '+00')"  # the session's zone is UTC
    if word == "blob":
        return f"CONCAT(0x5C5C78, HEX({column}))" if is_bytea else f"HEX({column})"
    if word in ("text", "json"):
        return _escaped(f"CAST(CONVERT({column} USING utf8mb4) AS BINARY)")
    return column


def compared_bound(bound: Bound, field: Field | None) -> Bound:
    """A range as its column is compared with it.

    Moments are without the zone that PostgreSQL prints (`+00`): MariaDB drops it, and MySQL takes
    the text for no moment. The session's zone is UTC. A FLOAT is compared as the double it is.
    """
    word = "" if field is None else field.word.partition("(")[0]
    made = _in_utc if word in _FRACTIONS else _as_double if word == "float" else None
    if made is None:
        return bound
    return replace(bound, lower=made(bound.lower), upper=made(bound.upper))


def _as_double(end: object) -> object:
    found = single(end) if isinstance(end, str) else None
    return end if found is None else repr(found)


def _in_utc(end: object) -> object:
    found = moment_iso(end) if isinstance(end, str) and _ZONED.search(end) else None
    return end if found is None else found.replace(tzinfo=None).isoformat(" ")


def _escaped(text: str) -> str:
    for character, escape in (("5C", "5C5C"), ("09", "5C74"), ("0A", "5C6E"), ("0D", "5C72")):
        text = f"REPLACE({text}, 0x{character}, 0x{escape})"
    return text
