"""A type of PostgreSQL, as `format_type` prints it, taken apart."""

from __future__ import annotations

import re

_TYPE = re.compile(r"([^(]+?)\s*(?:\((\d+)(?:,(-?\d+))?\))?(\s+with(?:out)? time zone)?\Z")


def type_parts(text: str) -> tuple[str, int | None, int | None]:
    """The type without its modifier, and the two numbers of that; None where there is none."""
    match = _TYPE.match(text)
    if match is None:
        return text, None, None
    first, second = (int(value) if value else None for value in (match[2], match[3]))
    return match[1].strip() + (match[4] or ""), first, second
