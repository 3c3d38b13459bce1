"""Asking for a sync, and finding out whether it was heard where the answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from kada_dagster.api.errors import ApiCallError
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.history import LONGEST
from kada_dagster.fivetran.readiness import make_ready
from kada_dagster.fivetran.run import Run, waits
from kada_dagster.fivetran.verdicts import Baseline, has_begun

_SECOND = timedelta(seconds=1)
_MOST = 4  # times that it is asked for when nobody seems to hear
CONFLICT = 409
"""The status of a re-sync that is refused because a sync runs."""

Ask = Callable[[float], "datetime | None"]
"""Asks for it, with attempts beginning in so many seconds; returns the server's time."""


@dataclass(frozen=True)
class Asked:
    """A sync that was asked for, or was found running.

    Attributes:
        base: what its end is told by.
        floor: a moment before it was asked for, by the server's clock; None if not known.
        answered_at: when the server said yes; None where it was found running.
        attached: whether it was found running.
    """

    base: Baseline
    floor: datetime | None = None
    answered_at: datetime | None = None
    attached: bool = False


def ask_for_sync(run: Run) -> Asked:
    """Ask for a sync once nothing is in the way, as the policies say.

    Raises:
        KadaError: see `make_ready` and `FivetranClient.sync`.
    """
    before = make_ready(run, waits_for_running=run.options.on_running == "queue")
    if before.is_syncing and run.options.on_running == "attach":
        run.report(f"{before.name}: a sync runs already; its end is waited for")
        return Asked(Baseline.of(before), before.seen_at, attached=True)

    def post(within: float) -> datetime | None:
        force = run.last is not None and run.last.is_syncing  # also when it is asked for again
        return run.client.sync(before.id, force=force, repeatable=False, within=within)

    answered = surely(run, before, post)
    instead = " in place of the one that ran" if before.is_syncing else ""
    run.report(f"{before.name}: a sync was asked for{instead}")
    replaces = (answered or before.seen_at) if before.is_syncing else None
    return Asked(Baseline.of(before, replaces), before.seen_at, answered)


def surely(run: Run, before: Connection, ask: Ask, *, looking: float = 0.0) -> datetime | None:
    """Ask, and where the answer was lost, look whether it was heard before asking again.

    Args:
        run: the action.
        before: the connection as it was read right before.
        ask: sends the request.
        looking: seconds to go on looking for a sync that may begin late; 0 for one look.

    Returns:
        When the server answered; None where that is not known.

    Raises:
        SyncTimeoutError: there is no time left to ask in.
        ApiCallError: it was refused; or the answer was lost, and it cannot be told whether the
            sync that runs is the one that was asked for (`maybe_done`).
    """
    doubt: ApiCallError | None = None
    for attempt, pause in enumerate(waits(), start=1):
        if not run.left:
            break
        ours, run.is_ours = run.is_ours, True
        try:
            return ask(run.left)
        except ApiCallError as error:
            run.is_ours = ours or error.maybe_done
            if doubt is not None and error.status == CONFLICT:
                run.report(f"{error}; it began after all: it was asked for before")
                return None
            if not error.maybe_done or attempt > _MOST:
                raise
            doubt = error
        run.report(f"{doubt}; looking whether it was")
        if _was_heard(run, before, doubt, pause, looking):
            return None
    raise run.timed_out("no sync was started")


def _was_heard(
    run: Run, before: Connection, doubt: ApiCallError, pause: float, looking: float
) -> bool:
    """Whether the sync that was asked for began, or does so while it is looked for.

    Raises:
        ApiCallError: `doubt`, where that cannot be told.
    """
    end = run.clock.now() + looking
    for wait in chain((pause,), waits()):
        run.sleep(wait)
        if _has_begun(run, before, doubt):
            return True
        if run.clock.now() >= end or not run.left:
            break
    return False


def _has_begun(run: Run, before: Connection, doubt: ApiCallError) -> bool:
    found = run.read_patiently("it is not known whether a sync was started")
    heard = has_begun(found, before)
    if heard is None:
        heard = _is_in_history(run, before, found)
    if heard is None:
        raise doubt
    return heard


def _is_in_history(run: Run, before: Connection, found: Connection) -> bool | None:
    """Whether the sync that runs took the place of another after `before`; None: not known.

    `before` is known to the second: in that second, it is the end of the other that tells.
    """
    at = before.seen_at
    if at is None or found.seen_at is None:
        return None
    end = found.seen_at + _SECOND
    try:
        records = run.client.history(before.id, end - LONGEST, end, within=run.left)
    except ApiCallError as error:
        run.report(f"{error}")
        return None
    if records is None:
        return None
    began = any(one.start is not None and one.start >= at + _SECOND for one in records)
    return began or any(one.end is not None and one.end >= at for one in records)
