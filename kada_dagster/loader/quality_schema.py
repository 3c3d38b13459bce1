"""How the columns of a task's table differ from those of its source."""

from __future__ import annotations

from kada_dagster.loader.ddl.create import wanted_columns
from kada_dagster.loader.ddl.widening import is_wider
from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.run import opened_source
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.quality_counts import CheckedTable


def drift(checked: CheckedTable) -> list[str]:
    """What differs, in words.

    Columns the task does not map are none of its business, at the source as in the target; where
    it maps none, all are.

    Raises:
        LoaderError: the source refuses.
    """
    task, plan, mode = checked.task, checked.plan, checked.task.definition.mode
    with opened_source(task, checked.project, checked.target) as source:
        context = LoadContext(plan, source, checked.target)
        try:
            wanted = {column.name: column for column in wanted_columns(context, mode)}
        except SchemaMismatchError as error:
            return [str(error)]
    have = {column.name: column for column in checked.table.columns}
    found = [f"{name} is not in the target" for name in wanted.keys() - have.keys()]
    if not plan.columns:
        found += [f"{name} is not in the source" for name in have.keys() - wanted.keys()]
    for name in wanted.keys() & have.keys():
        is_type, was_type = have[name].type, wanted[name].target_type
        if is_type != was_type and not is_wider(is_type, was_type):
            found.append(f"{name} is {is_type}, at the source {was_type}")
    return sorted(found)
