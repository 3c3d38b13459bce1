"""What Dagster knows of earlier runs: which windows they work on, which they began to send."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import narrowed, run_windows
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import Window

FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
"""A run of these did not come to its end as it should."""

_IDLE = {*FAILED, *map(dg.DagsterRunStatus, ("NOT_STARTED", "MANAGED", "SUCCESS"))}
"""NOT_STARTED: a run stays there when whoever made it died before launching it."""

AT_WORK = [status for status in dg.DagsterRunStatus if status not in _IDLE]
"""A run of these has not come to its end."""

_TO_BE_RETRIED, _RETRIED = "dagster/will_retry", "dagster/auto_retry_run_id"
"""Tags Dagster gives a failed run that its daemon launches once more (`run_retries`): when it
failed, and when the new run is there."""

_BACKFILL = "dagster/backfill"

_RETRY_WITHIN = timedelta(hours=1)
"""The daemon does it in seconds; a retry that did not come in so long is not waited for."""

_LAST_FAILED = 500
"""How many of the last failed runs that were sending are looked at."""


def sending_tag(name: str) -> str:
    """Tag of the runs that began to send files of a source: some may be in the landing.

    A tag for each source: a backfill over several is one run.
    """
    return f"kada.sending/{name}"


def spans_at_work(dagster: dg.DagsterInstance, instance: CollectorInstance) -> list[Window]:
    """The spans unfinished runs extract, whoever launched them, and runs about to be retried.

    A run whose process is gone without a word is unfinished until Dagster's run monitoring says
    otherwise.
    """
    runs = [*dagster.get_runs(dg.RunsFilter(statuses=AT_WORK)), *_before_retry(dagster)]
    return _spans((run for run in runs if _extracts(run, instance)), instance)


def is_run_queued(dagster: dg.DagsterInstance, instance: CollectorInstance, mark: datetime) -> bool:
    """Whether a run that extracts something after the mark has not begun yet.

    Backfills do not count: they may have to wait for their turn much longer than others.
    """
    runs = dagster.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
    queued = (run for run in runs if _extracts(run, instance) and _BACKFILL not in run.tags)
    return any(span.end > mark for span in _spans(queued, instance))


def spans_begun(dagster: dg.DagsterInstance, instance: CollectorInstance) -> list[Window]:
    """The spans that failed runs had begun to send, newest run first."""
    wanted = dg.RunsFilter(statuses=FAILED, tags={sending_tag(instance.name): "true"})
    return _spans(dagster.get_runs(wanted, limit=_LAST_FAILED), instance)


def note_sending(context: dg.AssetExecutionContext, instance: CollectorInstance) -> None:
    """Note that this run begins to send files."""
    context.instance.add_run_tags(context.run.run_id, {sending_tag(instance.name): "true"})


def _before_retry(dagster: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Failed runs whose retry is not there yet: it will extract the same windows again."""
    wanted = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={_TO_BE_RETRIED: "true"},
        updated_after=datetime.now(timezone.utc) - _RETRY_WITHIN,
    )
    return [run for run in dagster.get_runs(wanted) if _RETRIED not in run.tags]


def _extracts(run: dg.DagsterRun, instance: CollectorInstance) -> bool:
    """Whether the extract is among what a run executes; a job's runs choose nothing."""
    if run.asset_selection:
        return instance.extract_key in run.asset_selection
    return run.job_name == instance.job_name


def _spans(runs: Iterable[dg.DagsterRun], instance: CollectorInstance) -> list[Window]:
    found = (_span(run, instance) for run in runs)
    return [span for span in found if span is not None]


def _span(run: dg.DagsterRun, instance: CollectorInstance) -> Window | None:
    """What a run is about; None where that cannot be said, for such a run fails."""
    try:
        if (noted := _launched_for(run)) is not None:
            return narrowed(run.tags, noted, noted)
        windows = run_windows(run, instance.partitions)
    except ConfigError:
        return None
    return None if windows is None else windows.window


def _launched_for(run: dg.DagsterRun) -> Window | None:
    """The windows of a run as Dagster noted them when it was launched: the settings may be
    others now. It does not note them for every run."""
    spans = getattr(run.partitions_subset, "included_time_windows", ())
    return Window(spans[0].start, spans[-1].end) if spans else None
