"""Every exception a caller of this package may want to catch, in one place.

Each class carries the exit code the command line gives it and whether the same call may succeed
when it is simply made again (`transient`); Dagster retries only those. Messages name the field,
file or object concerned and what to do about it, and never contain a secret.
"""

from __future__ import annotations

from typing import ClassVar


class KadaError(Exception):
    """Base of all errors raised on purpose."""

    exit_code: ClassVar[int] = 1
    transient: ClassVar[bool] = False


class ConfigError(KadaError):
    """A configuration file, field, argument or environment reference is unusable."""

    exit_code = 2


class ConnectionFailedError(KadaError):
    """The source or the landing could not be reached, or the connection was lost."""

    exit_code = 4
    transient = True


class PermissionDeniedError(KadaError):
    """The source or the landing refused the credentials or lacks a privilege."""

    exit_code = 4


class ExtractError(KadaError):
    """An extract could not be produced; nothing was left under its final name."""


class SourceChangedError(ExtractError):
    """The source changed under the extract (an object vanished, a statement was cancelled)."""

    transient = True


class StagingError(KadaError):
    """The staging folder cannot be written, read, or holds no extract for a window."""


class CheckFailedError(KadaError):
    """An extract does not hold what its manifest or the contract promises."""


class LandingError(KadaError):
    """A file could not be placed in the landing directory, or did not arrive whole."""


class WatermarkError(KadaError):
    """A high water mark cannot be read or moved."""
