"""Numbers for JMESPath, which knows int and float only: it takes a Decimal for no number, compares
it with none, and cuts off what is behind the point. What an expression passes on keeps its digits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast


class _Exact(float):
    """A float that knows how it was written. JMESPath asks for the name of a type."""

    exact: Decimal


_Exact.__name__ = "float"


def as_floats(value: Any) -> Any:
    """The same value with numbers that JMESPath computes with."""
    if isinstance(value, dict):
        return {key: as_floats(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [as_floats(one) for one in cast("list[Any]", value)]
    if isinstance(value, Decimal):
        made = _Exact(value)
        made.exact = value
        return made
    return value


def as_decimals(value: Any) -> Any:
    """The same value with the numbers that went in; those that were computed are floats."""
    if isinstance(value, dict):
        return {key: as_decimals(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [as_decimals(one) for one in cast("list[Any]", value)]
    return value.exact if isinstance(value, _Exact) else value
