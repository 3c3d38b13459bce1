"""How a value of Python is spelled for a column of PostgreSQL, so that it means the same there.

PostgreSQL reads some texts without complaint and means something else by them: a zone that a
column without one drops, the time of day in a date, a number as a date. Those are refused here.
What it refuses by itself is left to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, cast
from uuid import UUID

from kada_dagster.loader.source.moment_texts import is_checked, moment_text
from kada_dagster.loader.source.target_types import (
    BITS,
    JSON,
    MOMENTS,
    NUMBERS,
    TEXTS,
    WITHOUT_ZONE,
)
from kada_dagster.loader.source.unfit import UnfitError

_MOST_ZEROS = 10_000

Spell = Callable[[Any], str]
"""Gives the text of a value, not yet escaped. Raises `UnfitError`."""


def speller(kind: type, target: str) -> Spell:
    """How values of a Python type are spelled for a type of PostgreSQL.

    Args:
        kind: type of the values.
        target: see `target_types.base_of`.

    Raises:
        UnfitError: they cannot be.

    What a driver hands out to be read, as a LOB, is read.
    """
    for base in kind.__mro__:
        if make := _SPELLERS.get(base):
            return make(target)
    if callable(getattr(kind, "read", None)):
        return lambda value: spelled(value.read(), target)
    raise UnfitError(f"a value of Python's type {kind.__name__} is none that can be loaded")


def spelled(value: object, target: str) -> str:
    """One value for a type of PostgreSQL; see `speller`."""
    return speller(type(value), target)(value)


def _number(target: str) -> Spell:
    if target in MOMENTS or target in BITS or target == "bytea":
        raise UnfitError(f"a number is no {target}; convert it in the query")
    return str


def _decimal(target: str) -> Spell:
    _number(target)
    return str if target in NUMBERS else _plain_decimal


def _plain_decimal(value: Decimal) -> str:
    """Without an exponent, unless that would be zeros by the million: `1e999999999`."""
    return format(value, "f") if abs(value.adjusted()) <= _MOST_ZEROS else str(value)


def _truth(target: str) -> Spell:
    if target in NUMBERS or target in BITS:
        return lambda value: str(int(value))
    return lambda value: "true" if value else "false"


def _text(target: str) -> Spell:
    if is_checked(target):
        return moment_text(target)
    return _hex_text if target == "bytea" else str.__str__


def _hex_text(value: str) -> str:
    """PostgreSQL would take any text, with backslashes as escapes."""
    if not value.startswith("\\x"):
        raise UnfitError(r"a text is no bytea, unless it is \x and hexadecimal digits")
    return value


def _bytes(target: str) -> Spell:
    if target != "bytea":
        raise UnfitError(f"bytes are no {target}; make the column bytea, or decode them")
    return lambda value: "\\x" + bytes(value).hex()


def _moment(target: str) -> Spell:
    if target == "date":
        return _only_date
    if target.startswith("time "):
        raise UnfitError(f"a date with a time is no {target}")
    return _utc_text if target in WITHOUT_ZONE else lambda value: value.isoformat(" ")


def _only_date(value: datetime) -> str:
    if value.time() != time():
        raise UnfitError("a date with a time of day would lose it in a column of type date")
    return value.date().isoformat()


def _utc_text(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    return value.isoformat(" ")


def _time(target: str) -> Spell:
    return _zoneless if target in WITHOUT_ZONE else lambda value: value.isoformat()


def _zoneless(value: time) -> str:
    if value.tzinfo is not None:
        raise UnfitError("a time with a zone would lose it in a column without one")
    return value.isoformat()


def _date(_target: str) -> Spell:
    return lambda value: value.isoformat()


def _span(_target: str) -> Spell:
    return _span_text


def _span_text(value: timedelta) -> str:
    """Python writes a second less than nothing as a day less and the rest of it more."""
    sign, size = "-" if value < timedelta() else "", abs(value)
    return f"P{sign}{size.days}DT{sign}{size.seconds}.{size.microseconds:06d}S"


def _plain(_target: str) -> Spell:
    return str


def _nested(target: str) -> Spell:
    if target.endswith("[]"):
        element = target[:-2]
        return lambda value: array_text(value, element)
    if target not in JSON and target not in TEXTS:
        raise UnfitError(f"a list or an object is no {target}; make the column jsonb")
    return json_text


def json_text(value: object) -> str:
    """JSON of nested values; decimals and dates keep all their digits."""
    if isinstance(value, dict):
        fields = cast("dict[object, object]", value).items()
        return "{" + ", ".join(f"{_quoted(key)}: {json_text(one)}" for key, one in fields) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_text, cast("list[object]", value))) + "]"
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    return _quoted(value)


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else spelled(value, "text")
    return json.dumps(text, ensure_ascii=False)


def array_text(value: object, element: str) -> str:
    """The literal of an array, as `{1,2}`; every element quoted but the missing ones."""
    if isinstance(value, dict):
        raise UnfitError("an object is no array")
    if not isinstance(value, (list, tuple)):
        text = spelled(value, element).replace("\\", r"\\").replace('"', r"\"")
        return f'"{text}"'
    parts = (
        "NULL" if one is None else array_text(one, element) for one in cast("list[object]", value)
    )
    return "{" + ",".join(parts) + "}"


_SPELLERS: dict[type, Callable[[str], Spell]] = {
    bool: _truth,
    int: _number,
    float: _number,
    Decimal: _decimal,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    datetime: _moment,
    date: _date,
    time: _time,
    timedelta: _span,
    UUID: _plain,
    IPv4Address: _plain,
    IPv6Address: _plain,
    IPv4Network: _plain,
    IPv6Network: _plain,
    dict: _nested,
    list: _nested,
    tuple: _nested,
}
