"""The sensor that tells: it sends what waits, looks at what failed and at how everything is.

What to tell is decided in `decision`; here the facts are gathered and the outcome is put into the
cursor. A notice is sent at the tick after the one that found it, from what the cursor then holds:
a tick that is broken off sends the same message again, by the same id, and never loses one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.errors import KadaError
from kada_dagster.operations.channel import channel_of
from kada_dagster.operations.conditions import conditions
from kada_dagster.operations.decision import decide
from kada_dagster.operations.delivery import deliver
from kada_dagster.operations.failed_runs import FailureReader
from kada_dagster.operations.memory import Memory
from kada_dagster.operations.notices import Condition, Failure, Notice, Seen
from kada_dagster.operations.outbox import Attempt, Outbox, after_sending, posted
from kada_dagster.operations.records import last_worked
from kada_dagster.operations.retried import outcome
from kada_dagster.operations.watched import Watched

if TYPE_CHECKING:
    from kada_dagster.config import AlertSettings

SENSOR = "kada_alert_sensor"
_MOST_EVENTS = 100
"""Failed runs of one look; more wait for the next."""


def build_sensor(settings: AlertSettings, watched: Watched) -> dg.SensorDefinition:
    """The sensor.

    Args:
        settings: the channels.
        watched: the code location it tells of.
    """

    @dg.sensor(  # pyright: ignore[reportUnknownMemberType]
        name=SENSOR,
        minimum_interval_seconds=settings.interval_seconds,
        description="Tells operators which runs failed, which marks lag, and when that is over.",
        default_status=(
            dg.DefaultSensorStatus.RUNNING if settings.enabled else dg.DefaultSensorStatus.STOPPED
        ),
    )
    def alerts(context: dg.SensorEvaluationContext) -> Any:
        return look(context, settings, watched, datetime.now(timezone.utc))

    return alerts


def look(
    context: dg.SensorEvaluationContext,
    settings: AlertSettings,
    watched: Watched,
    now: datetime,
) -> dg.SensorResult:
    """One tick.

    Args:
        context: of the sensor.
        settings: the channels.
        watched: the code location.
        now: the present moment, aware.
    """
    memory, remarks = _remembered(context)
    channels = {one.label: channel_of(one, settings.base_url) for one in settings.channels}
    attempts, more = deliver(channels, memory.outbox)
    left = after_sending(memory.outbox, attempts, channels)
    notices: list[Notice] = []
    try:
        notices, after, trouble = _looked(context, settings, watched, memory, now)
        remarks += [trouble] if trouble else []
        outbox = posted(left, notices, attempts, channels)
    except Exception as error:  # what was sent must be remembered, or each tick sends it again
        remarks.append(f"not looked at anything: {_why(error)}")
        after, outbox = memory, left
    said = _said(attempts, [*remarks, *more], outbox, notices)
    context.log.info(said)
    return dg.SensorResult(skip_reason=said, cursor=replace(after, outbox=outbox).to_json())


def _remembered(context: dg.SensorEvaluationContext) -> tuple[Memory, list[str]]:
    """What the cursor holds; without one, that nothing was told. What failed before the sensor was
    first switched on is old."""
    known = Memory.from_json(context.cursor) if context.cursor else None
    if known is not None:
        return known, []
    found = context.instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1)
    after = found.records[0].storage_id if found.records else -1
    return Memory(after), ["the cursor could not be read: begun anew"] if context.cursor else []


def _looked(
    context: dg.SensorEvaluationContext,
    settings: AlertSettings,
    watched: Watched,
    memory: Memory,
    now: datetime,
) -> tuple[list[Notice], Memory, str]:
    """What is to be told, what is then remembered, and what could not be looked at."""
    runs = _look_at_runs(context, watched, memory, now)
    states, trouble = None, ""
    try:
        states = _look_at_states(context, settings, watched, memory, now)
    except Exception as error:  # runs that failed are told all the same
        trouble = f"not looked at marks, loads and syncs: {_why(error)}"
    subjects = {problem.subject for problem in memory.state.problems.values()}
    worked = last_worked(context.instance, watched, subjects)
    seen = Seen(runs.failures, worked, states)
    notices, state = decide(memory.state, seen, now, settings.remind_after)
    looked = memory.looked if states is None else now
    return notices, Memory(runs.after, runs.undecided, looked, state), trouble


def _why(error: Exception) -> str:
    """What the error says where it is ours; the words of others may hold anything."""
    return str(error) if isinstance(error, KadaError) else type(error).__name__


@dataclass(frozen=True)
class _Runs:
    """What was found in the log of runs."""

    failures: Sequence[Failure]
    undecided: Mapping[str, datetime]
    after: int


def _look_at_runs(
    context: dg.SensorEvaluationContext, watched: Watched, memory: Memory, now: datetime
) -> _Runs:
    """The runs that have failed for good since the last look."""
    dagster = context.instance
    wanted = dg.RunStatusChangeRecordsFilter(
        event_type=dg.DagsterEventType.RUN_FAILURE, after_storage_id=memory.after
    )
    events = dagster.fetch_run_status_changes(wanted, limit=_MOST_EVENTS, ascending=True).records
    since = {**memory.undecided, **dict.fromkeys((event.run_id for event in events), now)}
    reader, enabled = FailureReader(dagster, watched), dagster.run_retries_enabled
    failures: list[Failure] = []
    undecided: dict[str, datetime] = {}
    for run in _runs(dagster, since, context):
        waited = now - since[run.run_id]
        state = outcome(run.tags, retries_enabled=enabled, waited=waited)
        if state == "open":
            undecided[run.run_id] = since[run.run_id]
        elif state == "final":
            failures += reader.failures(run)
    after = max([memory.after, *(event.storage_id for event in events)])
    return _Runs(failures, undecided, after)


def _runs(
    dagster: dg.DagsterInstance,
    numbers: Mapping[str, datetime],
    context: dg.SensorEvaluationContext,
) -> list[dg.DagsterRun]:
    """The runs of this code location among some that failed, those that failed first, first."""
    if not numbers:
        return []
    records = dagster.get_run_records(dg.RunsFilter(run_ids=[*numbers]))
    place = context.code_location_origin
    here = (None if place is None else place.location_name, context.repository_name)
    mine = [record for record in records if _place(record.dagster_run, here) == here]
    return [one.dagster_run for one in sorted(mine, key=lambda record: record.end_time or 0.0)]


def _place(
    run: dg.DagsterRun, here: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """Code location and repository of a run; a run in process has none and counts as ours."""
    if run.remote_job_origin is None:
        return here
    origin = run.remote_job_origin.repository_origin
    return origin.code_location_origin.location_name, origin.repository_name


def _look_at_states(
    context: dg.SensorEvaluationContext,
    settings: AlertSettings,
    watched: Watched,
    memory: Memory,
    now: datetime,
) -> list[Condition] | None:
    """How marks, loads and syncs are; None where the last look was not long ago."""
    pause = settings.look_after - timedelta(seconds=1)  # ticks are not exact
    if memory.looked is not None and now - memory.looked < pause:
        return None
    return conditions(context.instance, watched, now)


def _said(
    attempts: Mapping[str, Attempt],
    remarks: Sequence[str],
    outbox: Outbox,
    notices: Sequence[Notice],
) -> str:
    """What a tick came to."""
    sent = sum(len(attempt.delivered) for attempt in attempts.values())
    parts = [f"{sent} messages sent" if sent else "", *remarks]
    for label, attempt in attempts.items():
        if attempt.trouble:
            waiting = len(outbox.get(label, ()))
            parts.append(f"not sent: {label}: {attempt.trouble}; {waiting} wait, next try soon")
    parts += [f"to send: {notice.title}" for notice in notices]
    return "; ".join(filter(None, parts)) or "nothing to tell"
