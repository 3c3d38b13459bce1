"""How an error of the plain layer ends a Dagster step: another attempt, or a plain failure.

Only what may succeed when it is simply made again is retried. The step's error is the message
alone: the exceptions behind it are cut off, so that nothing a driver may have put into them
reaches the event log. An error nobody foresaw has its traceback there, unless a secret is in it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import KadaError
from kada_dagster.secrets import Secret, known_spellings, redact

if TYPE_CHECKING:
    from kada_dagster.config import RetrySettings

StepContext = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


@contextmanager
def step_errors(
    context: StepContext, retries: RetrySettings, secrets: Callable[[], Iterable[Secret]]
) -> Generator[None]:
    """Turn a `KadaError` into what Dagster understands.

    Args:
        context: of the step; its retry number decides how long the next wait is.
        retries: `max_retries` further attempts, `delay_seconds` before the first of them,
            twice as long before each next one.
        secrets: those the step may come to hold.

    Raises:
        RetryRequested: the error is transient and attempts are left.
        Failure: any other `KadaError`, or an error that holds a secret; it is not tried again.
    """
    try:
        yield
    except KadaError as error:
        attempt = context.op_execution_context.retry_number
        if error.transient and attempt < retries.max_retries:
            raise _retry(context, error, retries, attempt) from None
        raise _failure(error, str(error), attempt) from None
    except Exception as error:
        hidden = known_spellings(secrets())
        told = "".join(traceback.format_exception(error))
        if redact(told, hidden) == told:
            raise
        said = redact(str(error), hidden)
        raise _failure(error, said, context.op_execution_context.retry_number) from None


def _retry(
    context: StepContext, error: KadaError, retries: RetrySettings, attempt: int
) -> dg.RetryRequested:
    wait = retries.pause(attempt)
    context.log.warning(
        f"{error} - trying again in {wait:g} s (attempt {attempt + 1} of {retries.max_retries})"
    )
    return dg.RetryRequested(max_retries=retries.max_retries, seconds_to_wait=wait)


def _failure(error: Exception, said: str, attempt: int) -> dg.Failure:
    return dg.Failure(
        description=said,
        metadata={"error": type(error).__name__, "attempts": attempt + 1},
        allow_retries=False,
    )
