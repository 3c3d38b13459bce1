"""What is done at the end of an action, however it ends: the sync stopped, the schedule put back.

There is no call that cancels a sync: stopping one is pausing its connection, and resuming it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from kada_dagster.api.stopping import Stop, StoppedError, current
from kada_dagster.errors import KadaError
from kada_dagster.fivetran.errors import SyncRescheduledError, SyncTimeoutError
from kada_dagster.fivetran.readiness import set_paused
from kada_dagster.fivetran.run import Run, waits

_LONGEST_STOP = 180.0
"""Seconds for a sync to end after its connection was paused; Fivetran itself tries for 60."""


@contextmanager
def tidied(run: Run) -> Generator[None]:
    """Do what the options say when the time is up, or on an interrupt, and in the end.

    What goes wrong with that is reported, and does not hide how the action itself ended.
    """
    try:
        with _stopped_if_wanted(run):
            yield
    finally:
        if run.options.restore_schedule and run.schedule_before:
            _undisturbed(run, _restore)


@contextmanager
def _stopped_if_wanted(run: Run) -> Generator[None]:
    try:
        yield
    except SyncRescheduledError:
        raise  # nothing runs
    except (SyncTimeoutError, StoppedError):
        _apply_policy(run)
        raise
    except Exception:
        raise
    except BaseException:  # the caller is interrupted
        _apply_policy(run)
        raise


def _apply_policy(run: Run) -> None:
    if run.options.on_timeout == "stop" and run.is_ours:
        _undisturbed(run, _stop)
    elif run.is_ours or (run.last and run.last.is_syncing):
        run.report(f"{run.name}: the sync is left as it is")


def _undisturbed(run: Run, act: Callable[[Run], None]) -> None:
    """Do something although the work of this thread was stopped; tell what goes wrong."""
    before, run.stop = current.set(Stop()), Stop()
    try:
        act(run)
    except KadaError as error:
        run.report(f"{run.name}: this was left undone: {error}")
    finally:
        current.reset(before)


def _stop(run: Run) -> None:
    """Pause the connection, see that nothing runs, and resume it."""
    try:
        set_paused(run, True)
        is_over = _is_over(run)
    finally:
        set_paused(run, False)
    said = "was stopped" if is_over else f"still runs {_LONGEST_STOP:g} s after it was stopped"
    run.report(f"{run.name}: the sync {said}; the connection is not paused")


def _is_over(run: Run) -> bool:
    end = run.clock.now() + _LONGEST_STOP
    for wait in waits():
        found = run.glance()
        if found and not found.is_syncing:
            return True
        if run.clock.now() >= end:
            break
        run.stop.sleep(run.clock, wait)
    return False


def _restore(run: Run) -> None:
    if run.schedule_before:
        run.client.set_schedule(run.connection_id, run.schedule_before)
        run.report(f"{run.name}: schedule_type put back to {run.schedule_before}")
