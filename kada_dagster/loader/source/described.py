"""What a cursor's description says of a column, as a type's name.

Facts: https://peps.python.org/pep-0249/#description. The type code is whatever a driver likes: a
class of Python, a constant, an object that prints the type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

_ORACLE = "DB_TYPE_"
_MOST_DIGITS = 1000  # of a numeric with a precision
_SMALL, _LARGE = 10, 19  # digits of a 4 and of an 8 byte number


@dataclass(frozen=True)
class Described:
    """One entry of a description.

    Attributes:
        name: of the column.
        code: its type, in the driver's way.
        size: longest value, in characters or bytes; 0 if not told.
        precision, scale: digits in all, and behind the point; None if not told.
        nullable: whether it may be missing; None if not told.
    """

    name: str
    code: Any
    size: int = 0
    precision: int | None = None
    scale: int | None = None
    nullable: bool | None = None

    @classmethod
    def of(cls, entry: Sequence[Any]) -> Described:
        """The entry, which may be shorter than the standard says."""
        name, code, _, size, precision, scale, nullable = (*entry, *[None] * 7)[:7]
        told = None if nullable is None else bool(nullable)
        return cls(str(name), code, _whole(size) or 0, _whole(precision), _whole(scale), told)

    def sized(self, name: str) -> str:
        """A type with the size in brackets, where there is one."""
        return f"{name}({self.size})" if self.size > 0 else name

    def number(self) -> str:
        """`numeric`, with digits where they are told and can be."""
        precision, scale = self.precision or 0, self.scale
        if 0 < precision <= _MOST_DIGITS and scale is not None and 0 <= scale <= precision:
            return f"numeric({precision},{scale})"
        return "numeric"

    def whole(self) -> str:
        """A number without a point."""
        digits = self.precision or _LARGE
        if digits > _LARGE:
            return self.number()
        return "bigint" if digits > _SMALL else "integer"


def word_of(found: Described, dbapi: Any) -> str:
    """The type's name.

    Args:
        found: the column.
        dbapi: the driver's module.

    Returns:
        As `numeric(10,2)`, for `type_words.target_type`; '' if nothing is known.
    """
    code = found.code
    if isinstance(code, type):
        return _of_class(found, code)
    name = getattr(code, "name", None)
    if isinstance(name, str) and name.startswith(_ORACLE):
        return _of_oracle(found, name.removeprefix(_ORACLE).lower())
    if code is None or isinstance(code, int):
        return _of_standard(found, dbapi)
    return str(code)


def _of_class(found: Described, code: type) -> str:
    for kind, word in _CLASSES.items():
        if issubclass(code, kind):
            return word(found)
    return ""


def _of_oracle(found: Described, name: str) -> str:
    if name == "number":
        return found.number()
    return found.sized(name) if name in ("varchar", "nvarchar", "char", "nchar") else name


def _of_standard(found: Described, dbapi: Any) -> str:
    """By the four kinds every driver has objects for."""
    for kind, word in _STANDARD.items():
        known = getattr(dbapi, kind, None)
        if known is not None and found.code is not None and known == found.code:
            return word(found)
    return ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _named(word: str) -> Callable[[Described], str]:
    return lambda _: word


_CLASSES: dict[type, Callable[[Described], str]] = {
    bool: _named("boolean"),
    int: Described.whole,
    Decimal: Described.number,
    float: _named("double precision"),
    str: _named("text"),  # drivers tell any size of a long text
    bytes: _named("bytea"),
    bytearray: _named("bytea"),
    datetime: _named("datetime"),
    date: _named("date"),
    time: _named("time"),
    timedelta: _named("interval"),
    UUID: _named("uuid"),
}
_STANDARD: dict[str, Callable[[Described], str]] = {
    "DECIMAL": Described.number,
    "NUMBER": Described.number,
    "STRING": _named("text"),
    "DATETIME": _named("datetime"),
    "BINARY": _named("bytea"),
}
