"""What surrounds a mode: the task's own SQL, the table, its indexes and privileges.

All of it is in the load's transaction: an error anywhere leaves everything as it was.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from kada_dagster.loader.ddl.create import prepare_table
from kada_dagster.loader.ddl.grants import apply_grants
from kada_dagster.loader.ddl.indexes import rebuilt_indexes
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import LoadContext, LoadOutcome
from kada_dagster.loader.engine.modes import mode_of
from kada_dagster.loader.engine.replacement import obstacles
from kada_dagster.loader.engine.table import describe


def load_prepared(task: Task, context: LoadContext) -> LoadOutcome:
    """Run `before`, make the table ready, load, run `after`, grant.

    Args:
        task: to load.
        context: of the load.

    Raises:
        KadaError: the caller must roll back.
    """
    definition, plan = task.definition, context.plan
    notes: dict[str, str] = {}
    _run_files(task, context, definition.before)
    if task.has_table and definition.target.ddl == "auto":
        notes |= prepare_table(context, definition.mode, definition.target, definition.description)
    is_asked = task.has_table and definition.target.indexes == "rebuild"
    rebuilds = is_asked and _is_in_place(task, context)
    with rebuilt_indexes(context) if rebuilds else nullcontext([]) as indexes:
        outcome = mode_of(definition.mode)(context)
    if indexes:
        notes["indexes"] = ", ".join(indexes)
    _run_files(task, context, definition.after)
    if task.has_table and (
        definition.target.grants or definition.target.schema_grants or definition.target.revoke
    ):
        table = describe(context.target, plan.schema, plan.table)
        notes |= apply_grants(context.target, table, definition.target)
    return replace(outcome, notes={**notes, **outcome.notes})


def _run_files(task: Task, context: LoadContext, files: list[str]) -> None:
    for name in files:
        context.report(f"run {name}")
        context.target.script(str(task.folder / name), task.sql_text(name))


def _is_in_place(task: Task, context: LoadContext) -> bool:
    """Whether rows come into the table itself; a new table gets its indexes behind its rows."""
    plan = context.plan
    if not task.definition.replaces_all or plan.is_part or plan.swap in ("delete", "truncate"):
        return True
    table = describe(context.target, plan.schema, plan.table)
    return bool(obstacles(context.target, table))
