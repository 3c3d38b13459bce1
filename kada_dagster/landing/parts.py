"""A file cut into parts for a store: how large they are, their sums, and the memory they take."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from mmap import mmap
from pathlib import Path
from threading import Condition

from kada_dagster.errors import LandingError
from kada_dagster.landing.faults import source_errors

_MIB = 1024 * 1024
PART_BYTES = 8 * _MIB
"""The smallest part; a file up to this size is sent in one piece."""

MOST_PARTS = 10_000
"""Parts of an object (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""


class ByteBudget:
    """Bytes that may be in memory at once, shared by all threads.

    Args:
        limit: bytes; a single larger piece may be there alone.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._taken = limit, 0
        self._changed = Condition()

    def take(self, count: int) -> None:
        """Wait until `count` bytes are free, and take them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + count <= self._limit)
            self._taken += count

    def give_back(self, count: int) -> None:
        """Free what was taken."""
        with self._changed:
            self._taken -= count
            self._changed.notify_all()

    @contextmanager
    def taken(self, count: int) -> Generator[None, None, None]:
        """Hold `count` bytes inside a `with`."""
        self.take(count)
        try:
            yield
        finally:
            self.give_back(count)


IN_FLIGHT = ByteBudget(6 * PART_BYTES)
"""What all uploads of this process together may hold."""


def part_size(size: int) -> int:
    """The size of the parts of a file, all but the last, in bytes; whole MiB."""
    needed = -(-size // MOST_PARTS)
    return max(PART_BYTES, -(-needed // _MIB) * _MIB)


def part_lengths(size: int) -> list[int]:
    """The size of each part of a file; none for an empty one."""
    step = part_size(size)
    return [min(step, size - start) for start in range(0, size, step)]


class CheckedReader:
    """Reads a file that must be the one described.

    Args:
        source: the file.
        size: what it must measure, in bytes.
        sha256: what it must hash to, lower-case hex.
    """

    def __init__(self, source: Path, size: int, sha256: str) -> None:
        self._source, self._size, self._expected = source, size, sha256
        self._read, self._digest = 0, hashlib.sha256()
        with source_errors(source):
            self._file = source.open("rb")

    def read(self, length: int) -> mmap:
        """The next `length` bytes, at least one, as something that can be read like a file.

        They are outside the heap, which would keep their memory for each thread; close them.

        Raises:
            LandingError: the file cannot be read, or is shorter than described.
        """
        data = mmap(-1, length)
        with source_errors(self._source):
            found = self._file.readinto(data)
        if found != length:
            raise self._changed()
        self._read += length
        self._digest.update(data)
        return data

    def finish(self) -> None:
        """Check that all was read and is what was described.

        Raises:
            LandingError: it is not.
        """
        with source_errors(self._source):
            more = self._file.read(1)
        if more or (self._read, self._digest.hexdigest()) != (self._size, self._expected):
            raise self._changed()

    def _changed(self) -> LandingError:
        return LandingError(
            f"{self._source} is not the file its manifest describes; it was not sent. "
            "Run the extract of that window again"
        )

    def __enter__(self) -> CheckedReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def whole_sum(sha256: str) -> str:
    """The SHA-256 of a file as S3 writes it: base64.

    Args:
        sha256: the same in hex.
    """
    return b64encode(bytes.fromhex(sha256)).decode()


def composite_sum(digests: Iterable[bytes]) -> str:
    """The sum S3 keeps of an object in parts: the SHA-256 of theirs, and how many there are.

    Args:
        digests: the SHA-256 of each part, in order.
    """
    parts = list(digests)
    return f"{b64encode(hashlib.sha256(b''.join(parts)).digest()).decode()}-{len(parts)}"


def composite_of(source: Path, size: int) -> str:
    """`composite_sum` of a file, cut as it would be sent.

    Raises:
        LandingError: the file cannot be read.
    """
    digests: list[bytes] = []
    with source_errors(source), source.open("rb") as file:
        for length in part_lengths(size):
            digest = hashlib.sha256()
            while length > 0 and (data := file.read(min(length, _MIB))):
                digest.update(data)
                length -= len(data)  # noqa: PLW2901 - what is left of the part
            digests.append(digest.digest())
    return composite_sum(digests)
