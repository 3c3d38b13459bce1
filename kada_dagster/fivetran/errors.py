"""What can go wrong with a connection besides the calls themselves. No message holds a secret."""

from __future__ import annotations

from datetime import datetime

from kada_dagster.errors import ConfigError, KadaError


class SyncError(KadaError):
    """Base of what a sync or a connection did that was not hoped for.

    Attributes:
        connection_id: of the connection.
    """

    def __init__(self, message: str, *, connection_id: str = "") -> None:
        super().__init__(message)
        self.connection_id = connection_id


class SyncFailedError(SyncError):
    """The sync failed.

    Attributes:
        succeeded_at: of the connection, after that.
        failed_at: likewise; the moment this one failed.
        sync_id: of the sync; None if it is not known.
        reason: Fivetran's; '' if it gave none.
    """

    def __init__(
        self,
        message: str,
        *,
        connection_id: str = "",
        succeeded_at: datetime | None = None,
        failed_at: datetime | None = None,
        sync_id: str | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message, connection_id=connection_id)
        self.succeeded_at, self.failed_at = succeeded_at, failed_at
        self.sync_id, self.reason = sync_id, reason


class SyncTimeoutError(SyncError):
    """The sync did not end in time. What becomes of it is a matter of `on_timeout`."""

    exit_code = 3


class SyncRescheduledError(SyncTimeoutError):
    """Fivetran put the sync off, beyond the time that there is or against the policy.

    Attributes:
        rescheduled_for: when it is to run; None if Fivetran does not say.
        seconds: until then, by the server's clock; None if that is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        connection_id: str = "",
        rescheduled_for: datetime | None = None,
        seconds: float | None = None,
    ) -> None:
        super().__init__(message, connection_id=connection_id)
        self.rescheduled_for, self.seconds = rescheduled_for, seconds


class SyncRunningError(SyncError):
    """A sync runs already, and the policy is to fail then."""

    transient = True


class ConnectionPausedError(SyncError):
    """The connection is paused, or was while its sync was waited for."""


class ConnectionBrokenError(SyncError):
    """The connection is broken or was never set up."""


class ResyncUnsupportedError(SyncError):
    """Fivetran refuses to re-sync single tables of this connection."""


class SchemaConfigMissingError(SyncError):
    """The connection has no schema configuration yet, so no table of it can be named."""


class TableNotFoundError(ConfigError):
    """There is no such schema or table in the connection, or there is more than one."""


class TableDisabledError(ConfigError):
    """The table, or its schema, is not synced."""
