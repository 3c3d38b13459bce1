"""A set of ids too many to hold: 8 bytes an id, kept by hash.

Ids are compared by 64-bit hashes, so two different ids look the same with a chance of about
n^2 / 2^65 (for ten million ids: 3 in a million); whoever finds a duplicate here looks at the
ids themselves before calling it one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

_BUCKETS = 64
_STEP = 2**64 // _BUCKETS
_BOUNDS = [-(2**63) + _STEP * index for index in range(1, _BUCKETS)]


class IdIndex:
    """Collects ids by hash, in buckets small enough to sort one at a time."""

    def __init__(self) -> None:
        self._buckets: list[array[int]] = [array("q") for _ in range(_BUCKETS)]

    def add(self, ids: Iterable[Hashable]) -> None:
        """Add many ids at once."""
        hashes = sorted(map(hash, ids))
        low = 0
        for bucket, bound in zip(self._buckets, _BOUNDS):
            high = bisect_left(hashes, bound, low)
            if high > low:
                bucket.extend(hashes[low:high])
                low = high
        self._buckets[-1].extend(hashes[low:])

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
