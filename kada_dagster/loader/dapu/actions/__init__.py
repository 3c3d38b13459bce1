"""What dapu's agents do, each as the part of a task that does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kada_dagster.loader.dapu.actions.files import map_excel, map_filecopy
from kada_dagster.loader.dapu.actions.history import map_history
from kada_dagster.loader.dapu.actions.http import map_json, map_restapi
from kada_dagster.loader.dapu.actions.loads import map_export, map_stream
from kada_dagster.loader.dapu.actions.sql import map_runsql, map_shadow
from kada_dagster.loader.dapu.notes import Fields
from kada_dagster.loader.dapu.task_draft import TaskDraft

Mapper = Callable[[Fields, TaskDraft], None]

MAPPERS: Mapping[str, Mapper] = {
    "stream": map_stream,
    "export": map_export,
    "runsql": map_runsql,
    "map": map_runsql,
    "shadow": map_shadow,
    "history": map_history,
    "excel": map_excel,
    "filecopy": map_filecopy,
    "restapi": map_restapi,
    "json": map_json,
}
_WITHOUT = {
    "drop": "nothing here drops a table",
    "import": "was never finished in dapu",
    "gen": "`kada load generate` makes tasks",
    "dig": "`kada load generate` makes tasks",
}


def map_action(fields: Fields, draft: TaskDraft) -> None:
    """Map one action of a task.

    Args:
        fields: of the action.
        draft: gets what it comes to.
    """
    name = fields.take("do")
    if name is None:
        fields.say("lost", "", "an action without `do`; dapu skipped it")
        return
    mapper = MAPPERS.get(str(name))
    if mapper is not None:
        mapper(fields, draft)
        fields.leave()
        return
    why = _WITHOUT.get(str(name), "there is no such action here; it was a plug-in of the project")
    draft.need_hand(fields, "do", f"{name}: {why}")
