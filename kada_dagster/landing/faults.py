"""What the operating system says while a file is sent, as errors of this package."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    LandingError,
    PermissionDeniedError,
)

_FULL = "the disk is full: free space or choose another landing.path"
_DENIED = "no permission: let the collector's user write there"
_IN_THE_WAY = "something else is in the way: move it, or choose another landing.path"
_AWAY = "the disk or network share does not answer: check that it is mounted, then upload again"
_VANISHED = "it vanished while it was written: end what removes files there, then upload again"

_CURES: dict[int, tuple[type[KadaError], str]] = {
    errno.ENOSPC: (LandingError, _FULL),
    errno.EDQUOT: (LandingError, "the disk quota is used up: free space"),
    errno.EFBIG: (LandingError, "the user's file size limit is reached: raise it (ulimit -f)"),
    errno.EROFS: (LandingError, "the file system is read-only: choose another landing.path"),
    errno.ENOTDIR: (LandingError, _IN_THE_WAY),
    errno.EISDIR: (LandingError, _IN_THE_WAY),
    errno.EEXIST: (LandingError, _IN_THE_WAY),
    errno.EACCES: (PermissionDeniedError, _DENIED),
    errno.EPERM: (PermissionDeniedError, _DENIED),
    errno.ENOENT: (ConnectionFailedError, _VANISHED),
    errno.EIO: (ConnectionFailedError, _AWAY),
    errno.ESTALE: (ConnectionFailedError, _AWAY),
    errno.ETIMEDOUT: (ConnectionFailedError, _AWAY),
    errno.ENOTCONN: (ConnectionFailedError, _AWAY),
    errno.EHOSTDOWN: (ConnectionFailedError, _AWAY),
    errno.EHOSTUNREACH: (ConnectionFailedError, _AWAY),
}


@contextmanager
def landing_errors(target: Path) -> Generator[None, None, None]:
    """Turn an operating system error on the landing's side into one that says the cure."""
    try:
        yield
    except OSError as error:
        unknown = (LandingError, error.strerror or str(error))
        kind, cure = _CURES.get(error.errno or 0, unknown)
        raise kind(f"landing.path: cannot write {target}: {cure}") from error


@contextmanager
def source_errors(source: Path) -> Generator[None, None, None]:
    """Turn an operating system error on the extract's side into a LandingError."""
    try:
        yield
    except OSError as error:
        raise LandingError(
            f"{source} cannot be read ({error.strerror}), so it was not sent. "
            "Run the extract of that window again"
        ) from error
