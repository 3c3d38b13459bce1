"""From a task's definition to the plan of one load."""

from __future__ import annotations

from kada_dagster.loader.definition.sources import TaskSource
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import LoadPlan
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.source.base import Bound, Selection

_LOCK_SECONDS = 600.0


def plan_of(task: Task, mark: str | None, part: Part | None) -> LoadPlan:
    """The plan.

    Args:
        task: what to load.
        mark: where its last load ended.
        part: the range to load; None for all.

    Raises:
        ConfigError: a file of the task cannot be read.
    """
    definition, target = task.definition, task.definition.target
    lock = target.lock_timeout
    return LoadPlan(
        schema=task.schema,
        table=task.table,
        selection=_selection(task, part),
        columns=tuple(definition.columns.items()),
        key=tuple(definition.key),
        cursor=definition.cursor,
        lag="" if definition.lag is None else str(definition.lag),
        mark=mark,
        on_empty=definition.empty or _usual_empty(task, part),
        swap=target.swap,
        lock_seconds=lock.total_seconds() if lock else _LOCK_SECONDS,
        is_part=part is not None,
    )


def _selection(task: Task, part: Part | None) -> Selection:
    source = task.definition.source or TaskSource(table=(task.schema, task.table))
    bounds: tuple[Bound, ...] = ()
    split = task.definition.split
    if part is not None and split is not None:
        bounds = (Bound(split.by, part.lower, part.upper, part.includes_null),)
    query = None if source.query is None else task.sql_text(source.query)
    return Selection(source.table, query, bounds)


def _usual_empty(task: Task, part: Part | None) -> str:
    """Nothing in a range is not odd; nothing in a whole table is."""
    if part is not None:
        return "replace"
    return "fail" if task.definition.mode == "full" else "keep"
