"""From a task's definition to the plan of one load."""

from __future__ import annotations

from kada_dagster.loader.definition.parts import SoftDeletes
from kada_dagster.loader.definition.sources import TaskSource
from kada_dagster.loader.definition.task import TaskDefinition
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
        deletes=_deletes(definition),
        soft_column=getattr(definition.deletes, "column", None),
        history=definition.history,
        compare=definition.compare,
        block=definition.block,
        write=definition.write,
        dates=_dates(definition),
    )


def _selection(task: Task, part: Part | None) -> Selection:
    source = task.definition.source or TaskSource(table=(task.schema, task.table))
    bounds: tuple[Bound, ...] = ()
    split = task.definition.split
    if part is not None and split is not None:
        bounds = (Bound(split.by, part.lower, part.upper, part.includes_null),)
    query = None if source.query is None else task.sql_text(source.query)
    if task.definition.sql:
        query = task.sql_text(task.definition.sql[0])
    options = {"files": source.files, "http": source.http}
    given = {name: value for name, value in options.items() if value is not None}
    return Selection(None if query else source.table, query, bounds, options=given)


def _dates(definition: TaskDefinition) -> str:
    """Sources that know dates write the year first."""
    files = definition.source.files if definition.source else None
    return files.dates if files else "ymd"


def _deletes(definition: TaskDefinition) -> str:
    """Modes diff and history take out what is gone, unless told otherwise."""
    if isinstance(definition.deletes, SoftDeletes):
        return "soft"
    is_usual = definition.mode in ("diff", "history")
    if is_usual and "deletes" not in definition.model_fields_set:
        return "hard"
    return definition.deletes


def _usual_empty(task: Task, part: Part | None) -> str:
    """Nothing in a range is not odd; nothing where rows would go for it is."""
    if part is not None:
        return "replace"
    definition = task.definition
    is_odd = definition.replaces_all or _deletes(definition) != "none"
    return "fail" if is_odd else "keep"
