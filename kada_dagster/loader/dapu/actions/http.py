"""`restapi` and `json`: answers of an API as rows."""

from __future__ import annotations

import json
import re
from typing import Any

from kada_dagster.loader.dapu.api_values import path_of, values_of
from kada_dagster.loader.dapu.notes import Fields, names
from kada_dagster.loader.dapu.task_draft import TaskDraft
from kada_dagster.loader.dapu.variables import timeout_of

_SERIES = {
    "repeat": "a request for each set of parameters",
    "repeat_sql": "a request for each row of a query",
    "repeat_index": "a list of the files that were written",
}


def map_restapi(fields: Fields, draft: TaskDraft) -> None:
    """What is asked; `json` says what the answers mean."""
    source = fields.below("api_source")
    path, is_less = path_of(source)
    if is_less:
        draft.need_hand(source, "path", "a part of it is left out")
    if "{{" in path or "{%" in path:
        draft.need_hand(source, "path", "is a template; one task makes one request")
        path = re.sub(r"\{[{%].*?[%}]\}", "x", path)
    method = str(source.take("method") or "").upper()
    api: dict[str, Any] = {"path": path, **_given(source, draft)}
    if method == "POST":
        api["method"] = "POST"
        source.say("mapped", "method", "source.http.method")
    headers = source.below("headers")
    draft.api = {"name": source.take("api", "source.connection"), "http": api, "headers": headers}
    _retries(source)
    source.leave()
    for key, what in _SERIES.items():
        if fields.take(key) is not None:
            draft.need_hand(fields, key, f"{what}: one task makes one request, and its pages")
    fields.take("continue_on_error")
    fields.take("single_destination")


def map_json(fields: Fields, draft: TaskDraft) -> None:
    """Which values of an answer are rows, and which are columns."""
    fields.below("origin").leave("answers go into the table without files between")
    key = names(fields.take("pkcols", "key"))
    rows = _rows(fields, draft)
    if draft.api is None:
        draft.need_hand(fields, "do", "json: files that no `restapi` wrote: see mode file")
    api = draft.api or {"name": None, "http": {"path": "/"}}
    name, http = api["name"], {**api["http"], **({"rows": rows} if rows else {})}
    source = {**({"connection": str(name)} if name else {}), "http": http}
    write = "upsert" if key else "append"
    if not key:
        draft.need_hand(fields, "pkcols", "names no columns: write `key`")
    if draft.fill(fields, "http", source=source, key=key, write=write):
        draft.headers = api.get("headers")


def _given(source: Fields, draft: TaskDraft) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in ("params", "body", *(() if source.is_mapping("headers") else ("headers",))):
        kept, is_less = values_of(source, key)
        made.update({key: kept} if kept else {})
        if is_less:
            draft.need_hand(source, key, "a part of it is left out")
    if seconds := timeout_of(source):
        made["timeout"] = seconds
    return made


def _retries(source: Fields) -> None:
    if source.take("retry"):
        source.say("changed", "retry", "requests are tried again by themselves, with Retry-After")


def _rows(fields: Fields, draft: TaskDraft) -> str:
    """A JMESPath that gives the rows with the target's names."""
    extract = str(fields.take("extract", "source.http.rows") or "@")
    values: list[str] = []
    for column in fields.each("cols"):
        name, place = column.take("name", "source.http.rows"), column.take("data")
        origin, kind = str(column.take("from") or "extract"), str(column.take("type") or "")
        if origin == "extract" and name is not None:
            values.append(f"{json.dumps(str(name).lower())}: {place or name}")
        else:
            draft.need_hand(
                column, "from", f"{name}: {origin} is not part of the row, so it is not loaded"
            )
        if kind in ("raw", "sql"):
            draft.need_hand(column, "type", f"{name}: {kind} put answers into SQL as they came")
        column.leave()
    if not values:
        return "" if extract == "@" else extract
    return f"{extract} | [@][].{{{', '.join(values)}}}"
