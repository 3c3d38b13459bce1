"""Which type of PostgreSQL holds all values of a column of records, found by looking at them all.

Numbers that are not whole become numeric, which keeps every digit. Texts that are dates or moments
in ISO 8601 without exception become such; every other text stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

_BIGINT = (-(2**63), 2**63 - 1)
_NONE = type(None)
_NESTED = (dict, list, tuple)
_MOMENT = "timestamp without time zone"
_ZONED = "timestamp with time zone"

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII
)
_WHOLE: frozenset[type] = frozenset({int})
_TEXT: frozenset[type] = frozenset({str})
_NUMBERS: frozenset[type] = frozenset({int, float, Decimal})
_MOMENTS: frozenset[type] = frozenset({date, datetime})
_ALONE: dict[frozenset[type], str] = {
    frozenset(): "text",
    frozenset({bool}): "boolean",
    frozenset({bytes}): "bytea",
    frozenset({date}): "date",
    frozenset({time}): "time without time zone",
    frozenset({timedelta}): "interval",
    frozenset({UUID}): "uuid",
}


class SeenValues:
    """What is known of the values of one column so far."""

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._is_beyond = False
        self._forms: set[str] = set()
        self._is_zoned: set[bool] = set()

    def add(self, values: Sequence[Any]) -> None:
        """Look at more of them.

        Args:
            values: None where a record has none.
        """
        kinds = set(map(type, values)) - {_NONE}
        self._kinds |= kinds
        if int in kinds and not self._is_beyond:
            low, high = _BIGINT
            self._is_beyond = not all(
                low <= value <= high for value in values if type(value) is int
            )
        if str in kinds and "text" not in self._forms:
            self._add_forms(value for value in values if type(value) is str)
        if datetime in kinds:
            moments = (value for value in values if type(value) is datetime)
            self._is_zoned |= {value.tzinfo is not None for value in moments}

    def _add_forms(self, texts: Any) -> None:
        for text in texts:
            self._forms.add(_form(text))
            if len(self._forms) > 1:
                self._forms = {"text"}
            if "text" in self._forms:
                return

    @property
    def source_type(self) -> str:
        """The kinds of values, for people: `int`, or `int or str`."""
        return " or ".join(sorted(kind.__name__ for kind in self._kinds)) or "nothing"

    @property
    def target_type(self) -> str:
        """The type that holds all of them."""
        kinds = frozenset(self._kinds)
        if kinds in _ALONE:
            return _ALONE[kinds]
        if any(issubclass(kind, _NESTED) for kind in kinds):
            return "jsonb"
        if kinds <= _NUMBERS:
            return "bigint" if kinds == _WHOLE and not self._is_beyond else "numeric"
        if kinds == _TEXT:
            return next(iter(self._forms))
        if kinds <= _MOMENTS and len(self._is_zoned) == 1:
            return _ZONED if True in self._is_zoned else _MOMENT
        return "text"


def _form(text: str) -> str:
    """The type a text is a value of, as it is written."""
    match = _ISO.match(text)
    if match is None:
        return "text"
    day, clock, zone = match.groups()
    try:
        datetime.fromisoformat(f"{day} {clock or '00:00'}")
    except ValueError:
        return "text"
    if clock is None:
        return "date"
    if zone is None:
        return _MOMENT
    return _ZONED if _is_offset(zone) else "text"


def _is_offset(zone: str) -> bool:
    """Whether PostgreSQL takes it, too."""
    return zone == "Z" or (int(zone[1:3]) < 16 and int(zone[-2:]) < 60)
