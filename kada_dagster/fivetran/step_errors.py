"""How an error of an action ends a Dagster step: another attempt, or a failure with its facts.

As `collector.failures`, and the words of Fivetran besides: reason, tasks, moments, the dashboard.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import KadaError
from kada_dagster.fivetran.errors import SyncRescheduledError, SyncRunningError
from kada_dagster.fivetran.sync_facts import error_facts

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings

_AFTER_RESCHEDULE = 60.0
"""Seconds after the moment a sync was put off to, for Fivetran to begin with it."""


@contextmanager
def action_errors(
    context: dg.OpExecutionContext,
    settings: FivetranAccountSettings,
    connection_id: str = "",
    *,
    repeatable: bool = True,
    forces: bool = False,
) -> Generator[None]:
    """Turn a `KadaError` into what Dagster understands.

    Args:
        context: of the step; its retry number decides how long the next wait is.
        settings: the account: how often, and whether a sync that was put off is tried again.
        connection_id: for the failure's facts.
        repeatable: whether the action may be done twice; a re-sync may not.
        forces: whether it stops a sync that runs. Where it may have been heard, the next attempt
            would stop its own.

    Raises:
        RetryRequested: it may do better later, and attempts are left.
        Failure: any other `KadaError`; it is not tried again.
    """
    try:
        yield
    except KadaError as error:
        again = repeatable and not (forces and getattr(error, "maybe_done", False))
        wait = _wait(error, settings, context.retry_number) if again else None
        if wait is None or context.retry_number >= settings.retries.max_retries:
            raise _failure(error, connection_id, context.retry_number) from None
        context.log.warning(f"{error} - trying again in {wait:.0f} s")
        raise dg.RetryRequested(settings.retries.max_retries, seconds_to_wait=wait) from None


def _wait(error: KadaError, settings: FivetranAccountSettings, attempt: int) -> float | None:
    """Seconds to wait before the next attempt; None when there shall be none."""
    if isinstance(error, SyncRescheduledError):
        known = settings.start.retry_rescheduled and error.seconds is not None
        return (error.seconds or 0.0) + _AFTER_RESCHEDULE if known else None
    if not error.transient or isinstance(error, SyncRunningError):  # there: the policy is to fail
        return None
    asked: float = getattr(error, "retry_after", None) or 0.0
    return max(asked, settings.retries.pause(attempt))


def _failure(error: KadaError, connection_id: str, attempt: int) -> dg.Failure:
    facts = {**error_facts(error, connection_id), "attempts": attempt + 1}
    return dg.Failure(description=str(error), metadata=facts, allow_retries=False)
