"""What is in the way of a sync, and getting it out of the way as the policies say.

The connection is read again after every change, so that the last read, which becomes the baseline,
is from right before the sync is asked for.
"""

from __future__ import annotations

from collections.abc import Collection

from kada_dagster.api.errors import ApiError, ApiUnavailableError
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.errors import (
    ConnectionBrokenError,
    ConnectionPausedError,
    SyncRunningError,
)
from kada_dagster.fivetran.outcomes import TestOutcome
from kada_dagster.fivetran.run import Run, is_passing, waits
from kada_dagster.fivetran.verdicts import is_paused

_ATTEMPTS = 3


class SkippedError(Exception):
    """The connection is paused, and the policy is to leave it at that."""


def make_ready(run: Run, *, waits_for_running: bool) -> Connection:
    """The connection, with nothing in the way any more but perhaps a sync that runs.

    Args:
        run: the action.
        waits_for_running: whether a sync that runs is waited for before this returns.

    Raises:
        SkippedError: see there.
        ConnectionPausedError: it is paused.
        ConnectionBrokenError: it is broken, and its setup tests did not mend that.
        SyncRunningError: a sync runs, and the policy is to fail.
        SyncTimeoutError: a sync runs, and did not end in time.
        KadaError: see `FivetranClient`.
    """
    mended: set[str] = set()
    while True:
        found = run.read()
        _check_paused(run, found, mended)
        if not found.is_usable:
            _mend(run, found, mended)
        elif run.options.manual and found.schedule_type != "manual" and "schedule" not in mended:
            _take_over(run, found, mended)
        elif is_paused(found):
            _resume(run, mended)
        elif found.is_syncing and run.options.on_running == "fail":
            raise _running(found)
        elif found.is_syncing and waits_for_running:
            _wait_for_running(run)
        else:
            return found


def set_paused(run: Run, paused: bool) -> None:
    """Pause or resume the connection; a call that failed may have worked, so look.

    Raises:
        KadaError: it did not work.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            run.client.set_paused(run.connection_id, paused)
            return
        except ApiUnavailableError as error:
            run.report(f"{error}")
            failure = error
        if run.client.connection(run.connection_id).paused == paused:
            return
        if attempt == _ATTEMPTS:
            raise failure


def _check_paused(run: Run, found: Connection, mended: Collection[str]) -> None:
    if not is_paused(found):
        return
    if run.options.on_paused == "skip":
        raise SkippedError
    if run.options.on_paused == "fail" or "pause" in mended:
        raise ConnectionPausedError(
            f"{found.name} is paused, so that it does not sync; resume it, or set on_paused to "
            "unpause or skip",
            connection_id=found.id,
        )


def _mend(run: Run, found: Connection, mended: set[str]) -> None:
    """Have the setup tests run: where they pass, the connection is right again."""
    if run.options.on_broken == "fail" or "setup" in mended:
        raise broken(found)
    mended.add("setup")
    run.report(f"{found.name} is {found.setup_state}; its setup tests are run")
    try:
        outcome = TestOutcome.read(run.client.test(run.connection_id, within=run.left))
    except ApiError as error:
        if not is_passing(error):
            raise
        run.report(f"{error}")  # the connection says next whether they mended it
        return
    for title, message in outcome.failed:
        run.report(f"failed: {title}: {message}")


def broken(found: Connection) -> ConnectionBrokenError:
    """The error of a connection that cannot sync."""
    tasks = f": {'; '.join(found.tasks)}" if found.tasks else ""
    message = f"{found.name} is {found.setup_state}{tasks}; set it right at {found.url}"
    return ConnectionBrokenError(message, connection_id=found.id)


def _take_over(run: Run, found: Connection, mended: set[str]) -> None:
    mended.add("schedule")
    run.schedule_before = run.schedule_before or found.schedule_type
    run.client.set_schedule(run.connection_id, "manual")
    run.report(f"{found.name}: schedule_type set from {found.schedule_type} to manual")


def _resume(run: Run, mended: set[str]) -> None:
    mended.add("pause")
    set_paused(run, False)
    run.report(f"{run.name} was paused and is resumed")


def _running(found: Connection) -> SyncRunningError:
    return SyncRunningError(
        f"{found.name}: a sync runs already; wait for its end, or set on_running to attach, queue "
        "or force",
        connection_id=found.id,
    )


def _wait_for_running(run: Run) -> None:
    """Until no sync runs: which moments it leaves behind does not matter."""
    run.report(f"{run.name}: a sync runs already; it is waited for")
    for wait in waits():
        if not run.left:
            raise run.timed_out("a sync that ran before still does, and none was started")
        run.sleep(wait)
        if (found := run.glance()) and not found.is_syncing:
            return
