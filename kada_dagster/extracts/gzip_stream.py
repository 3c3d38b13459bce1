"""gzip with the same bytes for the same content: no name, no modification time in the header."""

from __future__ import annotations

import gzip
import zlib
from typing import IO, Any, cast

LEVEL = 2
"""isal's own default level: on catalogue text as small as zlib's 3 at many times its speed."""


def open_gzip(target: Any) -> IO[bytes]:
    """A stream that compresses into `target`, which stays open when the stream is closed.

    Args:
        target: anything with `write(bytes)` and `flush()`.
    """
    try:
        from isal import igzip
    except ImportError:  # no wheel for this platform: the standard library, slower
        return gzip.GzipFile("", "wb", 6, target, mtime=0)  # type: ignore[return-value]
    return igzip.IGzipFile("", "wb", LEVEL, target, mtime=0)  # type: ignore[return-value]


def read_gzip(source: Any) -> IO[bytes]:
    """A stream of what `source` holds, decompressed; `gzip_errors` says what reading may raise."""
    try:
        from isal import igzip
    except ImportError:
        return gzip.GzipFile(fileobj=source, mode="rb")  # type: ignore[return-value]
    return igzip.IGzipFile(fileobj=source, mode="rb")  # type: ignore[return-value]


def gzip_errors() -> tuple[type[Exception], ...]:
    """What damaged data makes a stream of `read_gzip` raise: neither library says OSError."""
    known: tuple[type[Exception], ...] = (zlib.error, EOFError, OSError)
    try:
        from isal.igzip_lib import IsalError
    except ImportError:
        return known
    return (*known, cast(type[Exception], IsalError))
