"""Values of ranges and marks, which are texts, as the values a driver compares with a column."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from struct import pack, unpack

from kada_dagster.api.values import moment_iso
from kada_dagster.loader.source.products import Product
from kada_dagster.loader.source.target_types import bare

_WHOLE = re.compile(r"[+-]?\d+\Z")


def bound_value(value: object, target: str, product: Product) -> object:
    """A value to bind.

    Args:
        value: as a range has it: a number, or the text PostgreSQL prints.
        target: the type of PostgreSQL that the column corresponds to.
        product: what is read.

    Returns:
        The text itself where it is none of that type; the server then says so.
    """
    if not isinstance(value, str):
        return value
    make = _MAKERS.get(bare(target))
    made = make(value, product) if make else None
    return value if made is None else made


def _whole(text: str, _product: Product) -> object:
    return int(text) if _WHOLE.match(text) else None


def _decimal(text: str, _product: Product) -> object:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _double(text: str, _product: Product) -> object:
    try:
        return float(text)
    except ValueError:
        return None


def single(text: str) -> float | None:
    """What four bytes hold of a number, as eight do, which is how servers compare the two: 0.7 is
    more than that. None where it is no number of four bytes."""
    try:
        return float(unpack("f", pack("f", float(text)))[0])
    except (ValueError, OverflowError):
        return None


def _single(text: str, _product: Product) -> object:
    return single(text)


def _date(text: str, _product: Product) -> date | None:
    moment = _moment(text)
    return None if moment is None else moment.date()


def _moment(text: str, _product: Product | None = None) -> datetime | None:
    found = moment_iso(text if ":" in text else f"{text} 00:00")
    return None if found is None else found.replace(tzinfo=None)


def _zoned(text: str, product: Product) -> object:
    found = moment_iso(text if ":" in text else f"{text} 00:00")
    if found is None or product.zoned == "aware":
        return found
    return found.isoformat(" ") if product.zoned == "text" else found.replace(tzinfo=None)


_MAKERS: dict[str, Callable[[str, Product], object]] = {
    "smallint": _whole,
    "integer": _whole,
    "bigint": _whole,
    "numeric": _decimal,
    "real": _single,
    "double precision": _double,
    "date": _date,
    "timestamp without time zone": _moment,
    "timestamp with time zone": _zoned,
}
