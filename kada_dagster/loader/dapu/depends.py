"""What waits for what, by the names of the new project; circles are opened."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from kada_dagster.loader.dapu.notes import Notes
from kada_dagster.loader.dapu.task_draft import TaskDraft


def settle(drafts: Mapping[str, TaskDraft], notes: Notes) -> None:
    """Let active tasks depend on active tasks only, and on none in a circle.

    Args:
        drafts: active tasks by dapu's id.
        notes: get what was left out.
    """
    for draft in drafts.values():
        _known(draft, drafts, notes)
    while (pair := _in_circle(drafts)) is not None:
        task, master = pair
        _drop(drafts[task], master, "tasks wait for each other; dapu ran them for ever", notes)


def _known(draft: TaskDraft, drafts: Mapping[str, TaskDraft], notes: Notes) -> None:
    for master in dict.fromkeys(draft.definition.get("depends", [])):
        if master not in drafts:
            _drop(draft, master, f"{master}: there is no such active task", notes)
        elif master == draft.old.old_id:
            _drop(draft, master, "a task cannot wait for itself", notes)
        else:
            place = str(draft.old.document.where(("depends",)))
            notes.add("mapped", place, "depends", master)


def _drop(draft: TaskDraft, master: str, why: str, notes: Notes) -> None:
    left = [name for name in draft.definition["depends"] if name != master]
    draft.definition["depends"] = left
    if not left:
        del draft.definition["depends"]
    notes.add("changed", draft.old.document.where(("depends",)), "depends", f"left out: {why}")


def _in_circle(drafts: Mapping[str, TaskDraft]) -> tuple[str, str] | None:
    """A task and one it waits for, in a circle; None where there is none."""
    graph = {name: draft.definition.get("depends", []) for name, draft in drafts.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle[1], cycle[0]
    return None
