"""Spans of time for people: the two greatest units, as `2 d 3 h`."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def span_text(span: timedelta) -> str:
    """A span of time, as `2 d 3 h`, `45 min`; what is less than the second unit is left out."""
    left = int(span.total_seconds())
    parts: list[str] = []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"
