"""The query parameters of a list, read as the vendor's document types them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from math import isfinite

STANDARD_ORDER = ("id", "name", "slug", "createdAt", "updatedAt")
RUN_ORDER = ("id", "createdAt", "startedAt", "finishedAt")

Query = Mapping[str, tuple[str, ...]]


class InvalidParameterError(ValueError):
    """A parameter of a wrong type: the API answers 422.

    Attributes:
        name: which one.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Parameters:
    """The parameters that lists share.

    Attributes:
        limit: rows of a page; 100 unless told.
        offset: rows before it.
        order_by: the key of the order, ascending.
        after, before: bounds of the moment of runs.
        within: minutes before now in which runs started.
        equal: exact filters by name of the field: `name`, `slug`, `modelId`, `runId`.
        tags: `key`, `value` pairs that a row has all of.
    """

    limit: int = 100
    offset: int = 0
    order_by: str = "id"
    after: datetime | None = None
    before: datetime | None = None
    within: float | None = None
    equal: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])
    tags: tuple[tuple[str, str], ...] = ()


def read(query: Query, orders: tuple[str, ...], filters: tuple[str, ...]) -> Parameters:
    """The parameters of a query; names the operation does not know are ignored, as the API does.

    Args:
        query: values by name.
        orders: the words of `orderBy`.
        filters: which of the other parameters the operation has.

    Raises:
        InvalidParameterError: a value is not of its type.
    """
    known = {name: query[name][-1] for name in ("limit", "offset", *filters) if query.get(name)}
    limit, offset = known.get("limit"), known.get("offset")
    return Parameters(
        limit=100 if limit is None else _count("limit", limit),
        offset=0 if offset is None else _count("offset", offset),
        order_by=_order(query.get("orderBy", ("id",))[-1], orders),
        after=_moment("after", known.get("after")),
        before=_moment("before", known.get("before")),
        within=number("within", known["within"]) if "within" in known else None,
        equal=_equal(known),
        tags=tuple(_tag(text) for text in query.get("tags", ())) if "tags" in filters else (),
    )


def number(name: str, text: str) -> float:
    """A finite number.

    Raises:
        InvalidParameterError: the text is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InvalidParameterError(name, "invalid float number")
    return value


def _count(name: str, text: str) -> int:
    value = number(name, text)
    if value < 0:
        raise InvalidParameterError(name, "min 0")
    return int(value)


def _order(text: str, orders: tuple[str, ...]) -> str:
    if text not in orders:
        raise InvalidParameterError("orderBy", f"should be one of the following; {list(orders)}")
    return text


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise InvalidParameterError(name, "invalid ISO 8601 datetime format") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _equal(known: Mapping[str, str]) -> dict[str, str | int]:
    found: dict[str, str | int] = {name: known[name] for name in ("name", "slug") if name in known}
    for name in ("modelId", "runId"):
        if name in known:
            found[name] = int(number(name, known[name]))
    return found


def _tag(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon:
        raise InvalidParameterError("tags", "should be key:value")
    return key, value
