"""Waiting for the end of a sync: reads, ever rarer, until it ended or the time is up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kada_dagster.api.errors import ApiCallError
from kada_dagster.fivetran.asking import Asked
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.errors import (
    ConnectionPausedError,
    SyncFailedError,
    SyncRescheduledError,
)
from kada_dagster.fivetran.readiness import broken
from kada_dagster.fivetran.run import Run, is_passing, waits
from kada_dagster.fivetran.verdicts import Verdict, seconds_until_resumed, verdict

_SETTLING = 20.0
"""Seconds after it was asked for in which a connection may still be as it was put off before."""

_MARGIN, _LEAST_MARGIN = 60.0, 5.0
"""Seconds after the moment a sync was put off to, before it is asked for: asked for too early, it
may be put off again, and clocks differ. The lesser one where the time would not suffice."""

IDLE = 120.0
"""Seconds without a sign of a sync after which it is asked for once more."""


@dataclass
class Waiting:
    """One wait.

    Attributes:
        run: the action.
        asked: what was asked for.
        idle_limit: seconds without a sign of the sync, after which it is asked for once more.
        put_off_to: the last moment that Fivetran put it off to; None: it did not.
    """

    run: Run
    asked: Asked
    idle_limit: float = IDLE
    put_off_to: datetime | None = None
    _resumed: set[datetime | None] = field(default_factory=set["datetime | None"])
    _is_kicked: bool = False

    def __post_init__(self) -> None:
        self._began = self._idle_since = self.run.clock.now()
        self._resumes_in: float | None = None

    def end(self) -> Connection:
        """The connection, read when the sync had succeeded. The last read is at the deadline.

        Raises:
            SyncFailedError: it failed. The message is short of what the history knows.
            SyncTimeoutError: the time is up.
            SyncRescheduledError: it was put off, beyond the deadline or against the policy.
            ConnectionPausedError: the connection was paused meanwhile.
            ConnectionBrokenError: it broke meanwhile.
            ApiCallError: it is gone, or the key is not valid any more.
        """
        for wait in waits():
            if not self.run.left:
                break
            self.run.sleep(self._until_next(wait))
            found = self.run.glance()
            if found and self._is_done(found):
                return found
        raise self.run.timed_out(self._state())

    def _until_next(self, wait: float) -> float:
        """Nothing happens before a sync that was put off is due, but somebody may step in."""
        until, self._resumes_in = self._resumes_in or 0.0, None
        return max(wait, min(until, _MARGIN))

    def _is_done(self, found: Connection) -> bool:
        now = verdict(found, self.asked.base)
        if now is not Verdict.IDLE:
            self._idle_since = self.run.clock.now()
        if now is Verdict.FAILED:
            raise failed(found)
        if now is Verdict.PAUSED:
            raise _paused(found)
        if now is Verdict.BROKEN:
            raise broken(found)
        if now is Verdict.RESCHEDULED:
            self._put_off(found)
        if now is Verdict.IDLE:
            self._kick(found)
        return now is Verdict.SUCCEEDED

    def _put_off(self, found: Connection) -> None:
        """It is to run later: by itself, or when it is asked for on a manual schedule."""
        as_before = found.rescheduled_for == self.asked.base.rescheduled_for
        if as_before and self.run.clock.now() - self._began < _SETTLING:
            return
        until = seconds_until_resumed(found)
        if found.rescheduled_for != self.put_off_to:
            self.put_off_to = found.rescheduled_for
            self.run.report(f"{found.name}: Fivetran put the sync off until {_said(found)}")
        due = self._due(found, until)
        if self.run.options.on_reschedule == "fail" or (due is not None and due > self.run.left):
            raise _put_off_too_long(self.run, found, until)
        self._resumes_in = due
        if found.schedule_type == "manual" and (due is None or due <= 0):
            self._resume(found)

    def _due(self, found: Connection, until: float | None) -> float | None:
        """Seconds until the sync is expected to run, or is to be asked for."""
        if until is None or found.schedule_type != "manual":
            return until
        suffices = until + 2 * _MARGIN <= self.run.left
        return until + (_MARGIN if suffices else _LEAST_MARGIN)

    def _resume(self, found: Connection) -> None:
        """Ask for a sync that was put off, once for each moment it was put off to."""
        moment = found.rescheduled_for
        if moment not in self._resumed and self._ask_again(found, "it is due"):
            self._resumed.add(moment)

    def _kick(self, found: Connection) -> None:
        """Ask once more where there is no sign of a sync."""
        if self.run.clock.now() - self._idle_since < self.idle_limit:
            return
        if self._is_kicked:
            self.run.report(f"{found.name}: there is still no sign of a sync")
            self._idle_since = self.run.clock.now()
        elif self._ask_again(found, f"no sign of a sync for {self.idle_limit:g} s"):
            self._is_kicked, self._idle_since = True, self.run.clock.now()

    def _ask_again(self, found: Connection, why: str) -> bool:
        """Whether Fivetran said yes. If not, the next read says whether it is worth another try."""
        self.run.is_ours = True
        try:
            self.run.client.sync(found.id, repeatable=False, within=0)
        except ApiCallError as error:
            if not is_passing(error):
                raise
            self.run.report(f"{error}")
            return False
        self.run.report(f"{found.name}: {why}; a sync was asked for again")
        return True

    def _state(self) -> str:
        last = self.run.last
        state = f"its sync_state is {last.sync_state or 'unknown'}" if last else "no answer"
        return f"{state}, after {self.run.polls} reads"


def failed(found: Connection, reason: str = "", sync_id: str | None = None) -> SyncFailedError:
    """The error of a sync that failed.

    Args:
        found: the connection after that.
        reason: of the history.
        sync_id: of the history.
    """
    said = "; ".join(filter(None, (reason, *found.tasks))) or "Fivetran gave no reason"
    message = f"{found.name}: the sync failed at {found.failed_at}: {said}; see {found.url}"
    return SyncFailedError(
        message,
        connection_id=found.id,
        succeeded_at=found.succeeded_at,
        failed_at=found.failed_at,
        sync_id=sync_id,
        reason=reason,
    )


def _paused(found: Connection) -> ConnectionPausedError:
    return ConnectionPausedError(
        f"{found.name} was paused while its sync was waited for; resume it and start again",
        connection_id=found.id,
    )


def _put_off_too_long(run: Run, found: Connection, until: float | None) -> SyncRescheduledError:
    if run.options.on_reschedule == "fail":
        cure = "start it again then, or set on_reschedule to wait"
    else:
        cure = f"that is beyond timeout ({run.options.timeout:g} s): raise it, or start again then"
    return SyncRescheduledError(
        f"{found.name}: Fivetran put the sync off until {_said(found)}; {cure}",
        connection_id=found.id,
        rescheduled_for=found.rescheduled_for,
        seconds=until,
    )


def _said(found: Connection) -> str:
    return f"{found.rescheduled_for}" if found.rescheduled_for else "a moment it does not name"
