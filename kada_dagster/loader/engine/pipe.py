"""From a stream to a COPY, through a pipe of the operating system: memory does not grow with rows.

The stream writes in a thread of its own. A stream that fails must never look like one that came to
its end: its error is raised here, and the caller's transaction is not committed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

from kada_dagster.loader.engine.stopping import breakable
from kada_dagster.loader.source.base import Stream

CHUNK = 1 << 18
"""Bytes to ask a pipe for at once."""

_ROOM = 1 << 20  # the most an ordinary account may give a pipe on Linux
_SET_ROOM = getattr(fcntl, "F_SETPIPE_SZ", None)


class Taken:
    """The reading end.

    Attributes:
        size: bytes that were read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._read = file.read
        self.size = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Up to so many bytes; none at the end."""
        data = self._read(size)
        self.size += len(data)
        return data


def pump(stream: Stream, take: Callable[[Taken], None]) -> int:
    """Let a stream write while `take` reads.

    Args:
        stream: what is read.
        take: reads to the end of its file, in the caller's thread.

    Returns:
        Bytes that went through.

    Raises:
        LoaderError: the stream failed.
        Exception: what `take` raised; where the stream failed as well, its own error.
    """
    reading, writing = os.pipe()
    _enlarge(writing)
    writer = _Writer(stream, writing)
    with open(reading, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
        taken = Taken(file)
        writer.start()
        try:
            with breakable(stream.cancel):
                take(taken)
        except BaseException as error:
            cause = writer.cause  # before it fails only because nobody reads
            file.close()
            stream.cancel()
            writer.join()
            if isinstance(error, Exception) and cause is not None:
                raise cause from None
            raise
        writer.join()
    if writer.error is not None:
        raise writer.error
    return taken.size


class _Writer(Thread):
    """Runs a stream's `write` and keeps what came of it."""

    def __init__(self, stream: Stream, descriptor: int) -> None:
        super().__init__(daemon=True, name="load")
        self._stream, self._descriptor = stream, descriptor
        self.error: BaseException | None = None

    def run(self) -> None:
        file = open(self._descriptor, "wb", buffering=CHUNK)  # noqa: PTH123, SIM115
        try:
            self._stream.write(file)
            file.flush()
        except BaseException as error:
            self.error = error
        finally:
            with suppress(OSError):  # what is left, when the reader is gone
                file.close()

    @property
    def cause(self) -> BaseException | None:
        """The stream's own error; that the reader went away is none."""
        return None if isinstance(self.error, BrokenPipeError) else self.error


def _enlarge(descriptor: int) -> None:
    """Fewer switches between the two sides."""
    if _SET_ROOM is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, _SET_ROOM, _ROOM)
