"""Which ranges of a split task a load by itself is about.

What was loaded when it was over is left alone; to load it again is a backfill.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kada_dagster.loader.engine.split import Part

RECENT = 200
"""Loads of ranges that are asked for at once, from the last range back."""

_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Taken:
    """The last load of a range.

    Attributes:
        began: when it began to read, UTC.
        rows: how many it read.
        end: where it ended; empty where that is not known.
    """

    began: datetime
    rows: int
    end: str = ""


def loaded_whole(parts: Sequence[Part], loaded: Mapping[str, int]) -> dict[str, int]:
    """The loads that count, where ranges were shorter once: a range is known by its begin, and what
    was loaded under that name was less, if others that lie in it were loaded later.

    Args:
        parts: all there are now, in their order.
        loaded: number of the last load by name of the range, of those there were, too.
    """
    names = {part.name for part in parts}
    begins: list[Any] = [part.lower for part in parts]  # all of a kind
    whole = dict(loaded)
    for name, number in loaded.items():
        if name in names or (at := _begin(name, parts)) is None:
            continue
        place = bisect_right(begins, at) - 1
        if place >= 0 and loaded.get(parts[place].name, number) < number:
            whole.pop(parts[place].name, None)
    return whole


def parts_due(
    parts: Sequence[Part], loaded: Collection[str], taken: Mapping[str, Taken]
) -> list[Part]:
    """The ranges that are missing or were shorter, those that were not over when they were loaded,
    and the last.

    Of numbers, nothing says when a range is over; they grow, so what lies behind the last one that
    had rows is not, nor is that one.

    Args:
        parts: all there are, in their order.
        loaded: names of those that were loaded at all.
        taken: their last loads; see `are_enough`.
    """
    filled = [place for place, part in enumerate(parts) if _rows(part, taken)]
    growing = max(filled, default=0) if not _are_moments(parts) else len(parts)
    return [
        part
        for place, part in enumerate(parts)
        if part.name not in loaded
        or place >= min(growing, len(parts) - 1)
        or _was_open(part, taken.get(part.name))
        or _was_shorter(part, taken.get(part.name))
    ]


def are_enough(parts: Sequence[Part], taken: Mapping[str, Taken]) -> bool:
    """Whether loads of earlier ranges than these change nothing in what is due."""
    return _are_moments(parts) or any(one.rows for one in taken.values())


def _are_moments(parts: Sequence[Part]) -> bool:
    return isinstance(parts[0].lower, str)


def _begin(name: str, parts: Sequence[Part]) -> str | int | None:
    if _are_moments(parts):
        return name
    return int(name) if name.lstrip("-").isdecimal() else None


def _was_shorter(part: Part, taken: Taken | None) -> bool:
    """Whether a load is known to have ended before the range does."""
    if taken is None or not taken.end or part.upper is None:
        return False
    if isinstance(part.upper, str):
        return taken.end < part.upper
    return int(taken.end) < part.upper


def _rows(part: Part, taken: Mapping[str, Taken]) -> int:
    return taken[part.name].rows if part.name in taken else 0


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


def _was_open(part: Part, taken: Taken | None) -> bool:
    """Whether rows may have come into a range of time after it was read."""
    if taken is None or not isinstance(part.upper, str):
        return False
    return taken.began.strftime(_FORMAT) < part.upper
