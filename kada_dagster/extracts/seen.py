"""Which rows were written already, in few bytes a row: the same row can come by several ways."""

from __future__ import annotations

from array import array

_FIRST_SLOTS = 1024


class Seen:
    """A set of keys that keeps only their 64-bit hashes, side by side.

    A Python set needs about 70 bytes for what takes 8 to 24 here. Two of a million keys share a
    hash with a probability of about 1 to 30 million; the second is then taken for the first.
    """

    def __init__(self) -> None:
        self._slots = array("q", bytes(8 * _FIRST_SLOTS))  # 0 is a free slot
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, *key: str) -> bool:
        """Take in a key. Returns whether it is new."""
        if not self._put(hash(key) or 1):
            return False
        self._count += 1
        if 3 * self._count > 2 * len(self._slots):
            self._grow()
        return True

    def __contains__(self, key: tuple[str, ...]) -> bool:
        number = hash(key) or 1
        return self._slots[self._place(number)] == number

    def _put(self, number: int) -> bool:
        place = self._place(number)
        if self._slots[place] == number:
            return False
        self._slots[place] = number
        return True

    def _place(self, number: int) -> int:
        """Where the number is, or the free slot where it would be."""
        slots = self._slots
        mask = len(slots) - 1
        place = number & mask
        while slots[place] and slots[place] != number:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("q", bytes(16 * len(before)))
        for number in before:
            if number:
                self._put(number)
