"""Loads of sources that keep something with the state: which files were loaded, and what is left.

What is kept is written with the rows; what is to be done to the files waits for the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.prepared import load_prepared
from kada_dagster.loader.source.base import Remembering


def nothing() -> None:
    """Nothing is to be done."""


@dataclass(frozen=True)
class Remembered:
    """What a load comes to.

    Attributes:
        outcome: of its mode.
        facts: to write with the state.
        committed: to be called when the transaction is committed.
    """

    outcome: LoadOutcome
    facts: dict[str, Any]
    committed: Callable[[], None] = nothing


def load_remembering(task: Task, context: LoadContext, facts: dict[str, Any]) -> Remembered:
    """Load a task, unless its source has nothing that the last load did not know.

    Args:
        task: to load.
        context: of the load.
        facts: kept by the last load.

    Raises:
        KadaError: the caller must roll back.
    """
    source, plan, definition = context.source, context.plan, task.definition
    if not isinstance(source, Remembering):
        return Remembered(load_prepared(task, context), facts)
    is_history = definition.mode == "history"  # versions are told from what all files hold
    is_whole = definition.replaces_all or plan.deletes != "none" or is_history
    is_new = source.recall(plan.selection, facts, replaces=is_whole)
    outcome = load_prepared(task, context) if is_new else LoadOutcome(Counts())
    outcome = replace(outcome, notes={**outcome.notes, **source.notes})
    return Remembered(outcome, source.facts(), source.committed)
