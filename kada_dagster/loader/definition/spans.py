"""Spans of time as people write them: `23 hours`, `90 minutes`, `1 day 12 hours`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\s*", re.IGNORECASE)


def span_of(value: object) -> timedelta:
    """The span a text names; a bare number is seconds.

    Raises:
        ValueError: it names none, or one of no length.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value} seconds"
    text = str(value)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        raise ValueError("must be a span of time, as '30 minutes', '23 hours' or '1 day 12 hours'")
    seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)
    if not 0 < seconds < 86_400 * 36_500:
        raise ValueError("must be a span of time longer than nothing and shorter than a century")
    return timedelta(seconds=seconds)


Span = Annotated[
    timedelta,
    BeforeValidator(span_of),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A span of time, as `23 hours`."""
