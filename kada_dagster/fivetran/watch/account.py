"""What of a Fivetran account the watch needs: narrow protocols, met by the client of the room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol


class Watched(Protocol):
    """The state of a connection, as the list of connections has it."""

    @property
    def id(self) -> str: ...
    @property
    def schema(self) -> str: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def succeeded_at(self) -> datetime | None: ...
    @property
    def failed_at(self) -> datetime | None: ...


class SyncItem(Protocol):
    """One item of a connection's sync history."""

    @property
    def sync_id(self) -> str: ...
    @property
    def start(self) -> datetime | None: ...
    @property
    def end(self) -> datetime | None: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def extract_mb(self) -> float | None: ...
    @property
    def load_mb(self) -> float | None: ...


class Account(Protocol):
    """Reads the account."""

    def connections(self) -> Iterable[Watched]:
        """All connections, or an error; never a part of them."""
        ...

    def history(
        self, connection_id: str, start: datetime, end: datetime
    ) -> Sequence[SyncItem] | None:
        """The syncs of a span of time; None where the API has no history for this connection."""
        ...
