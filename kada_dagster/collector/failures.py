"""How an error of the plain layer ends a Dagster step: another attempt, or a plain failure.

Only what may succeed when it is simply made again is retried. The step's error is the message
alone: the exceptions behind it are cut off, so that nothing a driver may have put into them
reaches the event log.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import KadaError

if TYPE_CHECKING:
    from kada_dagster.config import RetrySettings

StepContext = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


@contextmanager
def step_errors(context: StepContext, retries: RetrySettings) -> Generator[None]:
    """Turn a `KadaError` into what Dagster understands.

    Args:
        context: of the step; its retry number decides how long the next wait is.
        retries: `max_retries` further attempts, `delay_seconds` before the first of them,
            twice as long before each next one.

    Raises:
        RetryRequested: the error is transient and attempts are left.
        Failure: any other `KadaError`; it is not tried again.
    """
    try:
        yield
    except KadaError as error:
        attempt = context.op_execution_context.retry_number
        if error.transient and attempt < retries.max_retries:
            raise _retry(context, error, retries, attempt) from None
        raise _failure(error, attempt) from None


def _retry(
    context: StepContext, error: KadaError, retries: RetrySettings, attempt: int
) -> dg.RetryRequested:
    wait = retries.pause(attempt)
    context.log.warning(
        f"{error} - trying again in {wait:g} s (attempt {attempt + 1} of {retries.max_retries})"
    )
    return dg.RetryRequested(max_retries=retries.max_retries, seconds_to_wait=wait)


def _failure(error: KadaError, attempt: int) -> dg.Failure:
    return dg.Failure(
        description=str(error),
        metadata={"error": type(error).__name__, "attempts": attempt + 1},
        allow_retries=False,
    )
