"""Which syncs a connection has completed between two looks. Pure.

With the sync history every one of them is known by its id. Without it, or where its newest item
is not there yet, the success the connection names stands for itself and for all before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kada_dagster.fivetran.watch.account import SyncItem, Watched
from kada_dagster.fivetran.watch.comparison import Step
from kada_dagster.fivetran.watch.moments import SECOND, micros

TOLERANCE = 2 * SECOND
"""How far the end of a sync in the history and the connection's timestamp of it may be apart."""

COMPLETED, FAILURE = "COMPLETED", "FAILURE"


@dataclass(frozen=True)
class Completion:
    """A sync that succeeded.

    Attributes:
        connection_id: whose.
        succeeded: when, microseconds since 1970: the connection's `succeeded_at` where it is the
            newest, else the end the history names.
        sync_id: None where the history does not have it.
        item: of the history.
    """

    connection_id: str
    succeeded: int
    sync_id: str | None = None
    item: SyncItem | None = None

    @property
    def key(self) -> str:
        """Names this sync and no other."""
        return f"{self.connection_id}:{self.sync_id or self.succeeded}"

    def is_as(self, sync_id: str | None, succeeded: int) -> bool:
        """Whether this is the sync that somebody else knows by these."""
        if sync_id is not None and self.sync_id is not None:
            return sync_id == self.sync_id
        return abs(self.succeeded - succeeded) <= TOLERANCE


@dataclass(frozen=True)
class Failure:
    """The newest sync of a connection that failed.

    Attributes:
        connection_id: whose.
        failed: when, microseconds since 1970.
        item: of the history.
    """

    connection_id: str
    failed: int
    item: SyncItem | None = None

    @property
    def key(self) -> str:
        """Names this failure and no other."""
        return f"{self.connection_id}:failed:{self.failed}"

    def is_last(self, connection: Watched) -> bool:
        """Whether no sync of the connection has succeeded since."""
        succeeded = micros(connection.succeeded_at)
        return succeeded is None or succeeded < self.failed


def completions(
    connection_id: str, step: Step, history: Iterable[SyncItem] | None
) -> list[Completion]:
    """The successes of a step, oldest first; at least one.

    Args:
        connection_id: of the connection.
        step: of its `succeeded_at`.
        history: items that may be of this step; None where they are not known.
    """
    ended = sorted(_ended(history or (), COMPLETED, step), key=lambda pair: pair[0])
    found = [Completion(connection_id, end, item.sync_id, item) for end, item in ended]
    if lacks_newest(found, step.now):
        return [*found, Completion(connection_id, step.now)]
    last = found[-1]
    return [*found[:-1], Completion(connection_id, step.now, last.sync_id, last.item)]


def lacks_newest(found: Sequence[Completion], succeeded: int) -> bool:
    """Whether the success the connection names is not among those the history has.

    The history may be behind. The success is then known by its moment; its item, once it is
    there, ends within the tolerance of what was reported and counts as that.
    """
    return not found or found[-1].succeeded < succeeded - TOLERANCE


def failure(connection_id: str, step: Step, history: Iterable[SyncItem] | None) -> Failure:
    """The failure a connection names, with its item of the history where that is there."""
    near = [
        (abs(end - step.now), item)
        for end, item in _ended(history or (), FAILURE, step)
        if abs(end - step.now) <= TOLERANCE
    ]
    item = min(near, key=lambda pair: pair[0])[1] if near else None
    return Failure(connection_id, step.now, item)


def _ended(history: Iterable[SyncItem], status: str, step: Step) -> Iterable[tuple[int, SyncItem]]:
    """The items that ended in a step, each once, with their end."""
    seen: set[str] = set()
    for item in history:
        if item.status != status or item.sync_id in seen:
            continue
        if (end := micros(item.end)) is None:
            continue
        if (step.before is None or end > step.before + TOLERANCE) and end <= step.now + TOLERANCE:
            seen.add(item.sync_id)
            yield end, item
