"""The checks of tasks as Dagster shows them; what is checked is plain code in `quality`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from kada_dagster.loader.definition.task_folder import Task
    from kada_dagster.loader.quality import Quality

_DESCRIPTIONS = {
    "row_count": "The target has as many rows as the source, within the tolerance.",
    "unique": "The key of each row comes once.",
    "not_null": "Every row has a value in these columns.",
    "schema_drift": "Source and target have the same columns.",
}


def check_names(task: Task) -> list[str]:
    """The checks that are made behind each load. That a load is not too old is a freshness policy:
    right behind a load it says nothing."""
    if not task.has_table:
        return []
    return [name for name in task.definition.checks.wanted if name in _DESCRIPTIONS]


def check_specs(task: Task, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of a task; they are made by the op that loads it."""
    blocking = task.definition.checks.blocking
    return [
        dg.AssetCheckSpec(name, asset=key, description=_DESCRIPTIONS[name], blocking=blocking)
        for name in check_names(task)
    ]


def check_results(
    task: Task, key: dg.AssetKey, results: Sequence[Quality]
) -> Iterator[dg.AssetCheckResult]:
    """The results as Dagster takes them. What could not be checked warns, unless others wait."""
    is_strict = task.definition.checks.blocking
    for result in results:
        facts: dict[str, Any] = {**result.facts} if result.is_certain else {"certain": False}
        yield dg.AssetCheckResult(
            passed=result.passed,
            asset_key=key,
            check_name=result.name,
            severity=(
                dg.AssetCheckSeverity.ERROR
                if result.is_certain or is_strict
                else dg.AssetCheckSeverity.WARN
            ),
            description=result.message,
            metadata=facts,
        )
