"""`stream` and `export`: a query of the source fills the table."""

from __future__ import annotations

from typing import Any

from kada_dagster.loader.dapu.notes import Fields, names, texts
from kada_dagster.loader.dapu.task_draft import TaskDraft


def map_stream(fields: Fields, draft: TaskDraft) -> None:
    """All rows of a query take the place of the old ones; none leave them."""
    query = _query(fields, draft, {})
    draft.fill(fields, "full", source=query, empty="keep")
    fields.say("mapped", "do", "empty: keep, as a query without rows left the table alone")


def map_export(fields: Fields, draft: TaskDraft) -> None:
    """Rows are merged by their key, all of them or those since the last moment."""
    key = names(fields.take("pkcols", "key") or fields.take("pkcol", "key"))
    columns = names(fields.take("cols"))
    cursor = next(iter(names(fields.take("ts_col", "cursor"))), None)
    by_moment = str(fields.take("changedetection", "mode") or "").lower() == "ts"
    if fields.take("to"):
        fields.say("lost", "to", "rows always go from the source to the target")
    query = _query(fields, draft, {"ts_column": cursor or ""})
    mapped = _columns(fields, draft, query, columns)
    given: dict[str, Any] = {"source": query, "columns": mapped, "key": key}
    if not key:
        draft.need_hand(fields, "pkcols", "names no columns: write `key`")
    if not by_moment:
        draft.fill(fields, "upsert", **given)
        return
    if draft.fill(fields, "incremental", **given, cursor=cursor):
        _check_cursor(fields, draft, cursor, columns)


def _check_cursor(fields: Fields, draft: TaskDraft, cursor: str | None, columns: list[str]) -> None:
    if cursor is None:
        draft.need_hand(fields, "ts_col", "is missing: write `cursor`")
        draft.definition["cursor"] = "unknown"
    elif columns and cursor not in columns:
        draft.need_hand(
            fields, "ts_col", f"{cursor} is no column of the target; add it, as `cursor` must be"
        )
    else:
        fields.say("changed", "ts_col", "the loader itself asks for rows from the last mark on")


def _query(fields: Fields, draft: TaskDraft, values: dict[str, str]) -> dict[str, Any]:
    """The first file that is there, as a source."""
    files = texts(fields.take("file", "source.query"))
    there = [name for name in files if (draft.old.folder / name).is_file()]
    found = draft.sql_files(fields, "file", there[:1] or files[:1], values)
    if not found:
        draft.need_hand(fields, "file", "names no file that is there")
        return {"query": "missing.sql"}
    return {"query": found[0]}


def _columns(
    fields: Fields, draft: TaskDraft, query: dict[str, Any], columns: list[str]
) -> dict[str, str]:
    """The columns of the target, in dapu by their place in the SELECT, as names of both sides."""
    if not columns:
        return {}
    text = draft.files.get(query["query"], "")
    read = selected_names(text)
    if read is None or len(read) != len(columns):
        fields.say(
            "changed", "cols", "matched by name, not by place: the SELECT must call them like this"
        )
        return {name: name for name in columns}
    fields.say("mapped", "cols", "columns")
    if [name.lower() for name in read] == columns:
        return {}
    return dict(zip(columns, read))


def selected_names(text: str) -> list[str] | None:
    """The names of the columns of a SELECT, in order; None where they cannot be told."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(text)
    except SqlglotError:
        return None
    if not isinstance(parsed, exp.Query) or parsed.is_star:
        return None
    selected = parsed.selects
    if not all(isinstance(one, (exp.Column, exp.Alias)) for one in selected):
        return None  # each server names an expression in its own way
    return [one.alias_or_name for one in selected]
