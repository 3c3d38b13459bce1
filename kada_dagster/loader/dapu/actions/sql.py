"""`runsql` and `shadow`: SQL in the target."""

from __future__ import annotations

from kada_dagster.loader.dapu.notes import Fields, texts
from kada_dagster.loader.dapu.task_draft import TaskDraft


def map_runsql(fields: Fields, draft: TaskDraft) -> None:
    """Files that run before the rows come, or after."""
    moment = "after" if "mode" in draft.definition else "before"
    names = texts(fields.take("file", moment))
    found = draft.sql_files(fields, "file", names, _listed(draft))
    draft.run_files(found)
    if not found:
        draft.need_hand(fields, "file", "names no file that is there; dapu failed then")


def map_shadow(fields: Fields, draft: TaskDraft) -> None:
    """A SELECT of the target makes the table, which is replaced where rows differ."""
    before = draft.sql_files(fields, "before", texts(fields.take("before", "before")))
    select = draft.sql_files(fields, "input", texts(fields.take("input", "sql"))[:1])
    is_compared = bool(texts(fields.take("pkcol", "compare: true")))
    update = draft.sql_files(fields, "update", texts(fields.take("update")), _itself(draft))
    if update:
        is_compared = False
        fields.say("changed", "update", "runs behind the rows, so that nothing can be compared")
    once = draft.sql_files(fields, "afternew", texts(fields.take("afternew")), _itself(draft))
    after = draft.sql_files(fields, "after", texts(fields.take("after", "after")), _itself(draft))
    for key in ("hash_before", "hash_after"):
        if fields.take(key):
            fields.say("lost", key, "rows are compared as they are")
    if fields.take("afterold"):
        draft.need_hand(fields, "afterold", "nothing runs only where the table stayed as it was")
    draft.run_files(before)
    if not select:
        draft.need_hand(fields, "input", "names no file that is there")
    given = {"sql": select or ["missing.sql"], "compare": is_compared, "empty": "replace"}
    if draft.fill(fields, "sql", **given, target={"ddl": "auto"}):
        draft.run_files([*update, *after])
        _make_once(fields, draft, select, once)
        fields.say(
            "changed", "do", "the table stays: its views, privileges and indexes are not lost"
        )


def _make_once(fields: Fields, draft: TaskDraft, select: list[str], once: list[str]) -> None:
    """What dapu did to each new table: the table stays here, so its indexes and grants do, too."""
    if not select or not once:
        return
    query = draft.files[select[0]].strip().rstrip(";")
    place = f'"{draft.old.schema}"."{draft.old.table}"'
    create = f"CREATE TABLE IF NOT EXISTS {place} AS\n{query}\nWITH NO DATA;\n"
    draft.once = [("create.sql", create), *((name, draft.files.pop(name)) for name in once)]
    fields.say("changed", "afternew", "files of ver/: they run once, as the table is not replaced")


def _itself(draft: TaskDraft) -> dict[str, str]:
    """Behind the rows there is no shadow any more."""
    return {"target_table_shadow": draft.old.table}


def _listed(draft: TaskDraft) -> dict[str, str]:
    """The lists of columns dapu knows of a task with history."""
    key = texts(draft.definition.get("key"))
    track = texts(draft.definition.get("history", {}).get("track"))
    lists = {"key_columns": key, "data_columns": track}
    return {name: ", ".join(columns) for name, columns in lists.items() if columns}
