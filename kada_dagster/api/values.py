"""Tolerant readers of JSON values: an API may send null, nothing, or another type than it says.

None of them raises on what JSON can hold. What cannot be read is empty or None; nothing is guessed.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any, cast

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_WHOLE = re.compile(r"[+-]?\d{1,18}(?:\.0{1,18})?", re.ASCII)
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def text(value: object) -> str:
    """A scalar as text; whole floats without a fraction, null, objects and lists as ''.

    A lone surrogate, which JSON can spell and UTF-8 cannot, becomes U+FFFD.
    """
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int) else ""


def whole(value: object) -> int | None:
    """A whole number, also as a float or text (`7`, `7.0`, `"7"`); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    return None


def flag(value: object) -> bool | None:
    """A truth value, also as 0 or 1 or text (`true`, `no`); None for anything else."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(text(value).strip().lower())


def moment_ms(value: object) -> datetime | None:
    """The moment, in UTC, of milliseconds since 1970; None if it is none."""
    milliseconds = whole(value)
    try:
        return None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def moment_iso(value: object) -> datetime | None:
    """The moment, in UTC, of an ISO 8601 text (one without a zone is UTC); None if it is none."""
    match = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, minute, second, fraction, zone = match.groups()
    microseconds = f"{fraction or '':0<6}"[:6]
    try:
        spelt = f"{day}T{minute}{second or ':00'}.{microseconds}{_offset(zone)}"
        return datetime.fromisoformat(spelt).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> str:
    """`Z`, nothing, `+0530` or `+05` as Python 3.10 reads it."""
    if zone is None or zone in "Zz":
        return "+00:00"
    digits = zone[1:].replace(":", "")
    return f"{zone[0]}{digits[:2]}:{digits[2:] or '00'}"


def object_of(value: object) -> dict[str, Any]:
    """The object itself; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """The list itself; an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []
