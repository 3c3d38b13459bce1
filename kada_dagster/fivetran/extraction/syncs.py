"""The finished syncs of connections as rows of EVENTS: each in the window that holds its end.

Whether the API filters its history by start or by end is not said, so that of some hours before the
window is read, too. Where the account has no history, the moments of the last success and failure
are all there is. Where the newest sync is not in the history yet, its moment stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from kada_dagster.api.errors import ApiCallError, ApiNotFoundError
from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.extracts.identity import object_id
from kada_dagster.fivetran.allowed import compact
from kada_dagster.fivetran.client import NO_HISTORY, FivetranClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.reading import Reading
from kada_dagster.fivetran.history import SyncRecord

TOLERANCE = timedelta(seconds=2)
"""How far a sync's end in the history may be from the moment its connection shows."""

PROBES = 3
"""Connections that are asked before the account is taken for one without history."""

_NOT_OVER = "RESCHEDULED"  # the sync is tried again, perhaps under the same id
_SUCCESS, _FAILURE = "COMPLETED", "FAILURE"
_OVER = frozenset({_SUCCESS, _FAILURE, "CANCELED", "PAUSED"})
_LONGEST = 500
_MASKED = "***"
_LOST = (
    "other connections have a history, and without this one syncs would be missing for good, so "
    "nothing of this window is written: run it again when the history can be read, or set "
    "`sync_history: false` to do with the newest success and failure of each connection"
)

Records = list[SyncRecord] | None
"""The history of a connection; None where there is none to be had."""


@dataclass(frozen=True)
class SyncReader:
    """Reads and writes the syncs of one window.

    Attributes:
        client: makes the calls.
        reading: what all parts of the collector share.
        lookback: how long before the window a sync that ended in it may have started.
        history: whether to ask for the history at all.
    """

    client: FivetranClient
    reading: Reading
    lookback: timedelta
    history: bool

    def write_all(self, connections: Iterable[Connection]) -> int:
        """Write the syncs of connections. Returns how many there are."""
        wanted = filter(self.may_have_synced, connections)
        return sum(self._write(connection, found) for connection, found in self._read(wanted))

    def may_have_synced(self, connection: Connection) -> bool:
        """Whether a sync of the connection may have ended in the window."""
        never = connection.succeeded_at is None and connection.failed_at is None
        if never and connection.setup_state == "incomplete":
            return False
        return connection.created_at is None or connection.created_at < self.reading.window.end

    def _read(self, connections: Iterator[Connection]) -> Iterator[tuple[Connection, Records]]:
        """The history of each; None for all where the account has none."""
        probed = list(self._probed(connections))
        if probed and isinstance(probed[-1][1], list):
            yield from ((connection, self._told(connection, found)) for connection, found in probed)
            yield from self.client.api.gather(connections, self._records)
        else:
            yield from ((connection, None) for connection, _ in probed)
            yield from ((connection, None) for connection in connections)

    def _probed(
        self, connections: Iterator[Connection]
    ) -> Iterator[tuple[Connection, list[SyncRecord] | ApiCallError]]:
        """The first ones, up to one with a history: they tell whether the account has one."""
        for connection in islice(connections, PROBES if self.history else 0):
            found = self._ask(connection)
            yield connection, found
            if isinstance(found, list):
                return

    def _records(self, connection: Connection) -> Records:
        return self._told(connection, self._ask(connection))

    def _told(self, connection: Connection, found: list[SyncRecord] | ApiCallError) -> Records:
        """The history of a connection in an account that has one; None where it is gone.

        Raises:
            ApiCallError: it is there, and its history is refused.
        """
        if isinstance(found, list):
            return found
        if isinstance(found, ApiNotFoundError) and self._is_gone(connection):
            return None
        raise found.saying(_LOST) from found

    def _is_gone(self, connection: Connection) -> bool:
        try:
            self.client.connection(connection.id)
        except ApiNotFoundError:
            return True
        return False

    def _ask(self, connection: Connection) -> list[SyncRecord] | ApiCallError:
        """The history of a connection, or what says that there is none to be had."""
        window = self.reading.window
        start = _earlier(window.start, max(self.lookback, TOLERANCE))
        try:
            return self.client.told_history(connection.id, start, window.end + TOLERANCE)
        except ApiCallError as error:
            if error.status not in NO_HISTORY:
                raise
            return error

    def _write(self, connection: Connection, records: Records) -> int:
        if records is None:
            self.reading.output.warn("sync_history_not_available", connection.name)
            return sum(self._write_moment(connection, *one) for one in _moments(connection))
        count = sum(self._write_record(connection, record) for record in records)
        for status, moment in _moments(connection):
            is_there = any(_is_of(record, status, moment) for record in records)
            if not is_there and self._write_moment(connection, status, moment):
                self.reading.output.warn("sync_not_in_history", connection.name)
                count += 1
        return count

    def _write_record(self, connection: Connection, record: SyncRecord) -> bool:
        output, window = self.reading.output, self.reading.window
        if record.end is None:
            if record.status in _OVER:
                output.warn("sync_without_end", f"{connection.name}, {record.sync_id}")
            return False
        if record.status == _NOT_OVER or not window.start <= record.end < window.end:
            return False
        if record.start and record.end - record.start > 0.8 * self.lookback:
            output.warn("sync_near_lookback", f"{connection.name}, {record.sync_id}")
        volumes = compact(
            extract_mb=record.extract_mb, process_mb=record.process_mb, load_mb=record.load_mb
        )
        output.run(
            object_id(self.reading.host, "sync", connection.id, record.sync_id),
            self.reading.connection(connection.id),
            record.end,
            status=record.status,
            started_at=timestamp(record.start),
            message=self._message(record.reason),
            attributes=json_cell(volumes),
        )
        return True

    def _write_moment(self, connection: Connection, status: str, moment: datetime) -> bool:
        """Write a sync of which only the end is known, if that is in the window."""
        if not self.reading.window.start <= moment < self.reading.window.end:
            return False
        word = "succeeded" if status == _SUCCESS else "failed"
        stamp = moment.strftime("%Y%m%dT%H%M%S%fZ")
        number = object_id(self.reading.host, "sync", connection.id, word, stamp)
        item = self.reading.connection(connection.id)
        self.reading.output.run(number, item, moment, status=status)
        return True

    def _message(self, reason: str) -> str:
        """Why a sync failed; it may quote rows, so that none of it is left by `mask`."""
        if not reason or self.reading.mask:
            return _MASKED if reason else ""
        return reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"


def _moments(connection: Connection) -> Iterator[tuple[str, datetime]]:
    """The last success and the last failure, with the history's words for them."""
    for status, moment in ((_SUCCESS, connection.succeeded_at), (_FAILURE, connection.failed_at)):
        if moment is not None:
            yield status, moment


def _is_of(record: SyncRecord, status: str, moment: datetime) -> bool:
    """Whether a record is the sync that ended so at that moment."""
    other = _OVER - {status}
    is_near = record.end is not None and abs(record.end - moment) <= TOLERANCE
    return is_near and record.status not in {*other, _NOT_OVER}


def _earlier(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)
