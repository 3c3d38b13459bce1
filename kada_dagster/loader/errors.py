"""What a load can fail with. Messages name the task, the table or column, and the cure."""

from __future__ import annotations

from kada_dagster.errors import ConnectionFailedError, KadaError, PermissionDeniedError


class LoaderError(KadaError):
    """Base of the failures of a load; the target is as it was."""


class SourceReadError(LoaderError):
    """The source refused the read, or its data cannot be had as the target wants it."""


class FileChangedError(SourceReadError):
    """A file was written while it was read."""

    transient = True


class FilesLeftError(LoaderError):
    """The rows of files are committed, but the files could not be cleared away."""


class SourceLostError(LoaderError, ConnectionFailedError):
    """The connection to the source was refused or lost."""


class SourceDeniedError(LoaderError, PermissionDeniedError):
    """The source refuses the credentials, or its user lacks a privilege."""


class TargetError(LoaderError):
    """The target refused a statement or a row."""


class TargetLostError(LoaderError, ConnectionFailedError):
    """The connection to the target was refused or lost; whether it committed is checked first."""


class TargetDeniedError(LoaderError, PermissionDeniedError):
    """The target's role lacks a privilege."""


class LoadBusyError(LoaderError):
    """Another process is loading the same table."""

    transient = True


class EmptySourceError(LoaderError):
    """The source has no rows and the task does not say that this is right."""


class DuplicateKeyError(LoaderError):
    """Rows of the source share a key."""


class SchemaMismatchError(LoaderError):
    """Columns of source and target do not fit."""


class CursorError(LoaderError):
    """The mark of an incremental load is unusable, or its column is."""


class NotSupportedError(LoaderError):
    """This kind of source cannot do what the task asks for."""
