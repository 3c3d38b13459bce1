"""Which ranges of a split task a load by itself is about.

What was loaded when it was over is left alone; to load it again is a backfill.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from kada_dagster.loader.engine.split import Part

RECENT = 200
"""Ranges, from the last one back, of which it is asked whether they were over when loaded."""

_FORMAT = "%Y-%m-%d %H:%M:%S"


def parts_due(
    parts: Sequence[Part], loaded: Collection[str], taken: Mapping[str, datetime]
) -> list[Part]:
    """The ranges that are missing, those that were not over when they were loaded, and the last.

    Args:
        parts: all there are, in their order.
        loaded: names of those that were loaded at all.
        taken: when the last load of a range began to read, UTC; of the last `RECENT` at least.
    """
    return [
        part
        for place, part in enumerate(parts)
        if part.name not in loaded
        or place == len(parts) - 1
        or _was_open(part, taken.get(part.name))
    ]


def stretches(parts: Sequence[Part], chosen: Sequence[Part]) -> Iterator[list[Part]]:
    """The chosen ranges, those that follow each other together."""
    places = {part.name: place for place, part in enumerate(parts)}
    stretch: list[Part] = []
    for part in chosen:
        if stretch and places[part.name] != places[stretch[-1].name] + 1:
            yield stretch
            stretch = []
        stretch.append(part)
    if stretch:
        yield stretch


def _was_open(part: Part, taken: datetime | None) -> bool:
    """Whether rows may have come into a range of time after it was read."""
    if taken is None or not isinstance(part.upper, str):
        return False
    return taken.strftime(_FORMAT) < part.upper
