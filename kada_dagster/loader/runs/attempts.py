"""One load with its retries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kada_dagster.errors import KadaError
from kada_dagster.loader.engine.context import Report
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.engine.stopping import LoadStoppedError, Stop
from kada_dagster.loader.quality import Quality
from kada_dagster.loader.runs.choice import Load
from kada_dagster.loader.runs.outcome import Outcome

Do = Callable[[Load, Report], LoadResult | Sequence[Quality]]
"""Loads once, or makes the checks."""


def attempt(load: Load, do: Do, report: Report, stop: Stop) -> Outcome:
    """Load; after an error that may pass, again, as the task's `retries` say.

    Args:
        load: what to load.
        do: loads once.
        report: told what begins and what is tried again.
        stop: ends it, pauses included.

    Returns:
        What came of it; no exception comes out of here.
    """
    retries = load.task.definition.retries
    for number in range(retries.max_retries + 1):
        try:
            stop.check()
            return _outcome(load, do(load, report), number + 1)
        except Exception as error:
            if stop.is_set:
                return Outcome(load, error=LoadStoppedError("stopped"), attempts=number + 1)
            is_last = number == retries.max_retries
            if is_last or not (isinstance(error, KadaError) and error.transient):
                return Outcome(load, error=error, attempts=number + 1)
            seconds = retries.pause(number)
            report(f"{error} - again in {seconds:g} s ({number + 1} of {retries.max_retries})")
        try:
            stop.wait(seconds)
        except LoadStoppedError as error:
            return Outcome(load, error=error, attempts=number + 1)
    raise AssertionError  # the last number returns


def _outcome(load: Load, found: LoadResult | Sequence[Quality], attempts: int) -> Outcome:
    if isinstance(found, LoadResult):
        return Outcome(load, found, attempts=attempts)
    return Outcome(load, checks=tuple(found), attempts=attempts)
