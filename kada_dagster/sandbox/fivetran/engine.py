"""The life of connections: when syncs start, how they end, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from kada_dagster.sandbox.fivetran.connection import Connection, Notice, Start
from kada_dagster.sandbox.fivetran.outcomes import EXPIRED, STATUSES, Outcome
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster.sandbox.fivetran.timeline import Timeline
from kada_dagster.sandbox.fivetran.times import SECOND, to_milliseconds

Tell = Callable[[str, Connection, "Sync | None"], None]
"""Hears of events by the name that webhooks have for them."""

RECONNECT = Notice("reconnect", "Reconnect the connection to resume syncs")


class Engine:
    """Starts and ends syncs. Every method expects the timeline to be settled.

    Args:
        timeline: when things happen.
        quirks: of the API.
        seed: of what is drawn: identities of syncs.
        tell: hears of what happens.
    """

    def __init__(self, timeline: Timeline, quirks: Quirks, seed: int, tell: Tell) -> None:
        self._timeline, self._quirks, self.tell = timeline, quirks, tell
        self._random = Random(seed)

    def start(self, connection: Connection, start: Start) -> None:
        """Start a sync now, if the connection is in a state to."""
        if not connection.can_start:
            return
        now, outcome = self._timeline.now, self._outcome(connection, start)
        sync = Sync(
            self._new_id(),
            to_milliseconds(now),
            to_milliseconds(now + round(outcome.seconds * SECOND)),
            outcome,
            start.started_by,
            start.scope,
            connection.is_historical,
        )
        connection.running, connection.due, connection.rescheduled_for = sync, None, None
        connection.last_start = sync.started
        connection.syncs.append(sync)
        connection.has_schemas = True
        connection.changed()
        self._timeline.at(sync.ends, partial(self._end_in_time, connection, sync, sync.ends))
        self.tell("sync_start", connection, sync)

    def _new_id(self) -> str:
        drawn = f"{self._random.getrandbits(128):032x}"
        return "-".join((drawn[:8], drawn[8:12], drawn[12:16], drawn[16:20], drawn[20:]))

    def _outcome(self, connection: Connection, start: Start) -> Outcome:
        """How it will go; a broken connection fails whatever was scripted."""
        if connection.setup_state == "broken":
            return Outcome.failure(EXPIRED, 5.0)
        early = (connection.rescheduled_for or 0) - self._timeline.now
        if start.started_by == "request" and early > 0 and self._quirks.early_sync != "runs":
            return Outcome.reschedule(max(early / SECOND - 1.0, 0.0), 1.0)
        return connection.next_outcome()

    def _end_in_time(self, connection: Connection, sync: Sync, ends: int) -> None:
        if connection.running is sync and sync.ends == ends:
            self.end(connection, sync.outcome)

    def end_at(self, connection: Connection, moment: int, outcome: Outcome) -> None:
        """Let the sync that runs end otherwise than it would have."""
        sync = connection.running
        if sync:
            sync.ends, sync.outcome = to_milliseconds(moment), outcome
            self._timeline.at(sync.ends, partial(self._end_in_time, connection, sync, sync.ends))

    def end(self, connection: Connection, outcome: Outcome) -> None:
        """End the sync that runs, now, and see to the next."""
        sync = connection.running
        if sync is None:
            return
        sync.ends = max(to_milliseconds(self._timeline.now), sync.started)
        sync.outcome, sync.status, sync.reason = outcome, STATUSES[outcome.kind], outcome.reason
        connection.running = None
        self._settle_outcome(connection, sync)
        connection.changed()
        self.tell("sync_end", connection, sync)
        self.plan(connection)

    def _settle_outcome(self, connection: Connection, sync: Sync) -> None:
        """What a sync that has ended leaves behind."""
        kind = sync.outcome.kind
        if kind == "success":
            connection.succeeded_at, connection.update_state = sync.ends, "on_schedule"
            connection.is_historical = connection.is_historical and not sync.is_historical
        elif kind in ("failure", "breaks"):
            connection.failed_at, connection.update_state = sync.ends, "delayed"
        elif kind == "reschedule":
            connection.rescheduled_for = sync.ends + round(sync.outcome.wait * SECOND)
            connection.update_state = "delayed"
        elif kind == "pauses":
            connection.paused = True
        if kind == "breaks":
            connection.setup_state = "broken"
            connection.tasks.append(Notice(sync.outcome.task, RECONNECT.message))

    def plan(self, connection: Connection) -> None:
        """Decide when the next sync starts; one that is late starts now."""
        if connection.due and connection.due[1].started_by != "schedule":
            return
        connection.due = None
        if not connection.can_start:
            return
        now, queued = self._timeline.now, connection.queued
        if queued and (connection.schedule_type == "auto" or self._quirks.resync_starts):
            connection.queued = None
            self.start(connection, queued)
        elif connection.schedule_type == "auto":
            moment = connection.rescheduled_for
            self.start_at(connection, self._slot(connection, now) if moment is None else moment)

    def _slot(self, connection: Connection, now: int) -> int:
        """The next moment of the schedule; now, if the last one was not made use of."""
        last = connection.last_start
        missed = last is None or connection.next_slot(last) <= now
        return now if missed else connection.next_slot(now)

    def start_at(self, connection: Connection, moment: int, start: Start | None = None) -> None:
        """Start a sync at a moment, or now if it has passed, unless the plans change."""
        due = (moment, start or Start())
        if moment <= self._timeline.now:
            self.start(connection, due[1])
            return
        connection.due = due
        self._timeline.at(moment, partial(self._start_in_time, connection, due))

    def _start_in_time(self, connection: Connection, due: tuple[int, Start]) -> None:
        if connection.due is due:
            self.start(connection, due[1])
