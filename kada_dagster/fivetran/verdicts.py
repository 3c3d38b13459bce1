"""What a read of a connection says about a sync that is waited for: pure functions.

Moments of the server are compared with moments of the server, never with this machine's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from kada_dagster.fivetran.connection import Connection


class Verdict(Enum):
    """What became of the sync."""

    SUCCEEDED = auto()
    FAILED = auto()
    PAUSED = auto()
    BROKEN = auto()
    RESCHEDULED = auto()
    RUNNING = auto()
    IDLE = auto()


@dataclass(frozen=True)
class Baseline:
    """The connection right before the sync was asked for.

    Attributes:
        succeeded_at: then.
        failed_at: then.
        rescheduled_for: then.
        replaces: when a sync that ran was stopped for this one, by the server's clock: what ended
            before that moment is the old one. None where none was.
    """

    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    rescheduled_for: datetime | None = None
    replaces: datetime | None = None

    @classmethod
    def of(cls, connection: Connection, replaces: datetime | None = None) -> Baseline:
        """The baseline that a read is."""
        return cls(
            connection.succeeded_at, connection.failed_at, connection.rescheduled_for, replaces
        )

    def has_succeeded(self, found: Connection) -> bool:
        """Whether a sync succeeded since."""
        return self._is_new(found.succeeded_at, self.succeeded_at)

    def has_failed(self, found: Connection) -> bool:
        """Whether a sync failed since; the one that was stopped may have left a mark, too."""
        if self.replaces and found.is_syncing:
            return False
        return self._is_new(found.failed_at, self.failed_at)

    def _is_new(self, moment: datetime | None, before: datetime | None) -> bool:
        """Never counts as the beginning of time."""
        if moment is None or (before is not None and moment <= before):
            return False
        return self.replaces is None or moment >= self.replaces


def verdict(found: Connection, base: Baseline) -> Verdict:
    """What a read says, against the baseline.

    Success and failure are looked at each by itself. Where both moved between two reads, the later
    one counts. Nobody needs to have seen the sync run: it may be quicker than two reads.
    """
    succeeded, failed = base.has_succeeded(found), base.has_failed(found)
    if succeeded and not (failed and _is_later(found.failed_at, found.succeeded_at)):
        return Verdict.SUCCEEDED
    if failed:
        return Verdict.FAILED
    if is_paused(found):
        return Verdict.PAUSED
    if not found.is_usable:
        return Verdict.BROKEN
    if found.is_rescheduled:
        return Verdict.RESCHEDULED
    return Verdict.RUNNING if found.is_syncing else Verdict.IDLE


def has_begun(found: Connection, before: Connection) -> bool | None:
    """Whether a sync that was asked for, and whose answer was lost, began.

    Args:
        found: the connection after that.
        before: right before it.

    Returns:
        None where the details cannot tell: one ran before, and one runs. Where one ran before and
        none does, what it left behind says nothing of the other, and asking again does no harm.
    """
    if before.is_syncing:
        return None if found.is_syncing else False
    base = Baseline.of(before)
    moved = base.has_succeeded(found) or base.has_failed(found)
    put_off = found.is_rescheduled and found.rescheduled_for != before.rescheduled_for
    return moved or put_off or found.is_syncing


def is_paused(found: Connection) -> bool:
    """Whether the connection is paused, by either of the fields that say so."""
    return found.paused or found.sync_state == "paused"


def seconds_until_resumed(found: Connection) -> float | None:
    """Seconds to the moment its sync was put off to, by the server's clock; None if not known."""
    if found.rescheduled_for is None or found.seen_at is None:
        return None
    return (found.rescheduled_for - found.seen_at).total_seconds()


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other
