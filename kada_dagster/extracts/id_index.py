"""A set of ids too many to hold: 8 bytes an id, kept by hash.

Ids are compared by 64-bit hashes, so two different ids look the same with a chance of about
n^2 / 2^65 (for ten million ids: 3 in a million); whoever finds a duplicate here looks at the
ids themselves before calling it one.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

_LAST = 63


class IdIndex:
    """Collects ids by hash, in buckets small enough to look at one at a time."""

    def __init__(self) -> None:
        self._buckets: list[array[int]] = [array("q") for _ in range(_LAST + 1)]

    def add(self, ids: Iterable[Hashable]) -> None:
        """Add many ids at once."""
        append = [bucket.append for bucket in self._buckets]
        for value in map(hash, ids):
            append[value & _LAST](value)

    def extend(self, other: IdIndex) -> None:
        """Add the ids of another index of the same process, or of a copy of it."""
        for bucket, more in zip(self._buckets, other._buckets):
            bucket.extend(more)

    def duplicates(self) -> set[int]:
        """Hashes that were added more than once."""
        found: set[int] = set()
        for bucket in self._buckets:
            if len(set(bucket)) != len(bucket):
                found.update(_repeated(sorted(bucket)))
        return found

    def missing(self, wanted: set[int]) -> set[int]:
        """Those of the wanted hashes that were never added."""
        return wanted.difference(*self._buckets)

    def __len__(self) -> int:
        return sum(map(len, self._buckets))


def _repeated(ordered: list[int]) -> Iterator[int]:
    return (value for value, following in pairwise(ordered) if value == following)
