"""`history`: every version of a row (slowly changing dimension 2)."""

from __future__ import annotations

from kada_dagster.loader.dapu.layout import TARGET
from kada_dagster.loader.dapu.notes import Fields, names
from kada_dagster.loader.dapu.task_draft import TaskDraft, filled


def map_history(fields: Fields, draft: TaskDraft) -> None:
    """A table of the target with the present rows makes their versions."""
    table = fields.take("imp", "source.table") or fields.take("curr", "source.table")
    key = names(fields.take("key_columns", "key"))
    track = names(fields.take("data_columns", "history.track"))
    if not table or not key:
        draft.need_hand(fields, "imp", "imp (or curr) and key_columns are needed")
    name, _ = filled(str(table or "missing"), {"target_schema": draft.old.schema})
    parts = name.split(".")
    place = ".".join(parts if len(parts) > 1 else [draft.old.schema, *parts])
    history = {"style": "dwh", **({"track": track} if track else {})}
    source = {"connection": TARGET, "table": place}
    if draft.fill(fields, "history", source=source, key=key or ["missing"], history=history):
        fields.say(
            "changed",
            "do",
            "columns dwh_reason_start, dwh_reason_end, dwh_worker_start and dwh_worker_end are not "
            "written: they must take NULL. Deletions and changes are told by dwh_effective_to",
        )
