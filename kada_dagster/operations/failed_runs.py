"""From a failed run of Dagster to what is told of it: whose it is, which step, why, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.collector.partitions import run_windows
from kada_dagster.errors import ConfigError
from kada_dagster.operations.cures import LOST, next_step
from kada_dagster.operations.notices import Failure
from kada_dagster.operations.watched import Subject, Watched
from kada_dagster.secrets import known_spellings, redact

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import StepFailureData
    from dagster_shared.error import SerializableErrorInfo

_EVENTS = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
_CHECK_FAILED = "DagsterAssetCheckFailedError"
_LONGEST_CAUSE = 1500
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@dataclass(frozen=True)
class FailureReader:
    """Reads what failed in runs.

    Attributes:
        dagster: holds their events.
        watched: whose they may be.
    """

    dagster: dg.DagsterInstance
    watched: Watched

    @cached_property
    def _secrets(self) -> list[str]:
        """All secrets that can be had in this process, in every spelling, looked up once."""
        return known_spellings(self.watched.secrets())

    def failures(self, run: dg.DagsterRun) -> list[Failure]:
        """What failed in a run: a failure for each step, or one where no step did."""
        events = self._events(run)
        steps = [event for event in events if event.is_step_failure]
        checks = [event for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
        at = self._ended(run)
        if not steps:
            return [self._without_step(run, events, at)]
        return [self._of_step(run, event, checks, at) for event in steps]

    def _of_step(
        self,
        run: dg.DagsterRun,
        event: dg.DagsterEvent,
        checks: Sequence[dg.DagsterEvent],
        at: datetime,
    ) -> Failure:
        op = (event.step_key or "").partition("[")[0]
        subject, step = self.watched.steps.get(op) or (self.watched.subject_of(run), op)
        error, cause = _step_error(event.step_failure_data)
        if error == _CHECK_FAILED:
            error, cause = "CheckFailedError", _failed_checks(checks) or cause
        return self._failure(run, subject, step, (error, cause, next_step(error)), at)

    def _without_step(
        self, run: dg.DagsterRun, events: Sequence[dg.DagsterEvent], at: datetime
    ) -> Failure:
        """A run that failed before or beside its steps: its process is gone, or never came."""
        ended = [event for event in events if event.is_run_failure]
        # Runs that were marked as failed from outside have no data.
        info = getattr(ended[-1].event_specific_data, "error", None) if ended else None
        said = (ended[-1].message if ended else None) or "it ended without a word"
        if info is None:
            found = ("", said, LOST)
        else:
            name, cause = _innermost(info)
            found = (name, cause, next_step(name))
        return self._failure(run, self.watched.subject_of(run), "", found, at)

    def _failure(
        self,
        run: dg.DagsterRun,
        subject: Subject,
        step: str,
        found: tuple[str, str, str],
        at: datetime,
    ) -> Failure:
        error, cause, cure = found
        return Failure(
            run_id=run.run_id,
            subject=subject.name,
            step=step,
            windows=self._windows(run, subject),
            error=error,
            cause=_cut(redact(_characters(cause.strip()), self._secrets)),
            next_step=cure,
            at=at,
        )

    def _windows(self, run: dg.DagsterRun, subject: Subject) -> str:
        """The span a run was about; of tags that name none, the tags."""
        source = self.watched.sources.get(subject.source or "")
        if source is not None:
            with suppress(ConfigError):
                windows = run_windows(run, source.partitions)
                return f"{windows.window} UTC" if windows else ""
        bounds = [run.tags.get(tag) for tag in _RANGE]
        return run.tags.get("dagster/partition") or " ... ".join(filter(None, bounds))

    def _events(self, run: dg.DagsterRun) -> list[dg.DagsterEvent]:
        records = self.dagster.get_records_for_run(run.run_id, of_type=_EVENTS).records
        events = (record.event_log_entry.dagster_event for record in records)
        return [event for event in events if event is not None]

    def _ended(self, run: dg.DagsterRun) -> datetime:
        record = self.dagster.get_run_record_by_id(run.run_id)
        if record is None or record.end_time is None:
            return datetime.now(timezone.utc)
        return datetime.fromtimestamp(record.end_time, timezone.utc)


def _step_error(data: StepFailureData) -> tuple[str, str]:
    """Class and words of what a step failed with; errors of this package say them themselves."""
    said = data.user_failure_data
    if said is not None and said.description:
        return _noted(said.metadata.get("error")) or "Failure", said.description
    return _innermost(data.error) if data.error else ("", "the step gives no cause")


def _innermost(info: SerializableErrorInfo) -> tuple[str, str]:
    """The error others were raised from. A message begins with the name of its class."""
    while info.cause is not None:
        info = info.cause
    name = info.cls_name or ""
    return name, (info.message.partition(f"{name}: ")[2] if name else "") or info.message


def _noted(value: Any) -> str:
    return str(getattr(value, "value", "") or "")


def _failed_checks(events: Iterable[dg.DagsterEvent]) -> str:
    found: list[str] = []
    for event in events:
        check: Any = event.event_specific_data
        if not check.passed and check.blocking:
            found.append(f"check {check.check_name}: {check.description or 'failed'}")
    return "\n".join(found)


def _characters(text: str) -> str:
    """The text without halves of surrogate pairs, as Python writes bytes of a file name that are
    no UTF-8: neither a mail nor the cursor takes them."""
    return text.encode("utf-8", "replace").decode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CAUSE else text[: _LONGEST_CAUSE - 1] + "…"
