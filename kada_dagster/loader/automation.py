"""The sensor of a loader: at each look it launches a run for each task that is due.

Which are due is decided in `due`, of what `run_records` gathers. A run for each task, not one for
all: each has its own priority and time limit, and waits for its own pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.collector.partitions import range_tags
from kada_dagster.errors import ConfigError
from kada_dagster.loader.assets import PRIORITY_TAG
from kada_dagster.loader.due import Verdict, verdicts
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.loader.pools import set_limits
from kada_dagster.loader.run_records import due_stretches, seen_tasks

if TYPE_CHECKING:
    from kada_dagster.loader.definition.task_folder import Task
    from kada_dagster.loader.engine.split import Part

TASK_TAG = "kada/load"
"""Run tag with the id of the task a sensor launched the run for."""

_LIMIT_TAG = "dagster/max_runtime"
_PARTITION_TAG = "dagster/partition"
_MARGIN = 300  # seconds, for what is not the load itself
_SHOWN = 20  # tasks a look explains


def build_sensor(instance: LoaderInstance) -> dg.SensorDefinition | None:
    """The sensor; None where no task ever runs by itself."""
    settings, project = instance.settings, instance.project
    targets = [
        instance.keys[task.id]
        for task in project.tasks.values()
        if task.definition.run.cron or task.definition.run.pause or project.waits_for[task.id]
    ]
    if not targets:
        return None

    @dg.sensor(  # pyright: ignore[reportUnknownMemberType]
        name=settings.sensor_name,
        asset_selection=targets,
        minimum_interval_seconds=settings.sensor.interval_seconds,
        description=f"Launches a run for each task of the loader {settings.name} that is due.",
        default_status=(
            dg.DefaultSensorStatus.RUNNING
            if settings.sensor.enabled
            else dg.DefaultSensorStatus.STOPPED
        ),
    )
    def due_tasks(context: dg.SensorEvaluationContext) -> Any:
        return look(context, instance, datetime.now(timezone.utc))

    return due_tasks


def look(
    context: dg.SensorEvaluationContext, instance: LoaderInstance, now: datetime
) -> list[dg.RunRequest] | dg.SkipReason:
    """The runs for what is due, or why there are none.

    Args:
        context: of the sensor.
        instance: the loader.
        now: the present moment, aware.
    """
    for pool in set_limits(context.instance, instance.pool_limits):
        context.log.info(f"pool {pool}: {instance.pool_limits[pool]} at the same time")
    project = instance.project
    runs = {name: task.definition.run for name, task in project.tasks.items()}
    found = verdicts(runs, project.waits_for, seen_tasks(context.instance, instance), now)
    chosen = _first(_requests(context, instance, found, now), instance.settings.sensor.max_runs)
    said = explanation(found)
    if not chosen:
        return dg.SkipReason(f"{instance.name}: {said}")
    context.log.info(said)
    return chosen


def explanation(found: Mapping[str, Verdict]) -> str:
    """How many tasks are how, and what the first of those that are held back wait for."""
    counts = Counter(verdict.state for verdict in found.values())
    parts = [f"{len(found)} tasks"] + [f"{count} {state}" for state, count in counts.most_common()]
    held = [f"{n}: {v.state}, {v.why}" for n, v in found.items() if v.why and v.state != "due"]
    more = [f"and {len(held) - _SHOWN} more"] if len(held) > _SHOWN else []
    return "; ".join([", ".join(parts), *held[:_SHOWN], *more])


def _first(requests: Iterable[list[dg.RunRequest]], most: int) -> list[dg.RunRequest]:
    """As many runs as a look may ask for. A task whose runs do not all fit waits for the next look:
    when one of them has begun, its cause is gone, and the others would wait for another."""
    chosen: list[dg.RunRequest] = []
    for of_task in requests:
        if chosen and len(chosen) + len(of_task) > most:
            break
        chosen += of_task[:most]
    return chosen


def _requests(
    context: dg.SensorEvaluationContext,
    instance: LoaderInstance,
    found: Mapping[str, Verdict],
    now: datetime,
) -> Iterator[list[dg.RunRequest]]:
    """Runs for each of the tasks that are due, those of the highest priority first."""
    tasks = instance.project.tasks
    due = [tasks[name] for name, verdict in found.items() if verdict.state == "due"]
    for task in sorted(due, key=lambda task: -task.definition.run.priority):
        key = f"{instance.name}:{task.id}:{found[task.id].why}"
        if task.definition.split is None:
            yield [_request(instance, task, key, [])]
            continue
        try:
            parts = due_stretches(context.instance, instance, task.id, now)
        except ConfigError as error:  # too many ranges by now, or none yet: of this task alone
            context.log.error(f"{task.id}: {error}")
            continue
        yield [_request(instance, task, f"{key}:{one[0].name}", one) for one in parts]


def _request(
    instance: LoaderInstance, task: Task, key: str, parts: Sequence[Part]
) -> dg.RunRequest:
    run = task.definition.run
    tags = {TASK_TAG: task.id}
    if run.priority:
        tags[PRIORITY_TAG] = str(run.priority)
    if run.time_limit is not None:
        tags[_LIMIT_TAG] = str(longest_run(task, len(parts) or 1))
    if len(parts) == 1:
        tags[_PARTITION_TAG] = parts[0].name
    elif parts:
        tags |= range_tags(parts[0].name, parts[-1].name)
    return dg.RunRequest(key, asset_selection=[instance.keys[task.id]], tags=tags)


def longest_run(task: Task, loads: int) -> int:
    """Seconds after which a run that should have ended long ago is stopped by Dagster.

    The limit of each load is kept by the load itself; this is for one that hears nothing any more.

    Args:
        task: with a time limit.
        loads: of the run, one after the other.
    """
    retries, limit = task.definition.retries, task.definition.run.time_limit
    seconds = limit.total_seconds() if limit else 0
    waits = map(retries.pause, range(retries.max_retries))
    return int(seconds * loads * (retries.max_retries + 1) + sum(waits) + _MARGIN)
