"""The files of one task, made of a table of a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kada_dagster.loader.generate.create_table import create_table
from kada_dagster.loader.generate.request import Request
from kada_dagster.loader.generate.yaml_lines import yaml_text
from kada_dagster.loader.source.base import Column, TableInfo

CREATE_FILE = "ver/001_create.sql"
_LONGEST_NAME = 63  # bytes of a name in PostgreSQL
_ORDERED = re.compile(r"(smallint|integer|bigint|numeric|date|timestamp)\b")


@dataclass(frozen=True)
class TaskFiles:
    """What the folder of a task holds.

    Attributes:
        schema, table: of the target.
        definition: what task.yaml says.
        files: texts by their path in the folder.
        note: what is not as it was asked for; '' where all is.
    """

    schema: str
    table: str
    definition: dict[str, Any]
    files: dict[str, str]
    note: str = ""


def reason_against(table: TableInfo, schema: str) -> str:
    """Why there can be no task for a table; '' where there can.

    Args:
        table: of the source.
        schema: of the target.
    """
    name = table.name[-1]
    for folder in (schema, name):
        if "/" in folder or "\0" in folder or folder in (".", ".."):
            return f"{folder!r} cannot be the name of a folder"
    names = [schema, name, *(column.name for column in table.columns)]
    if long := [one for one in names if len(one.encode()) > _LONGEST_NAME]:
        return f"{long[0]}: longer than PostgreSQL's {_LONGEST_NAME} bytes"
    return table.problem or ("" if table.columns else "it has no columns")


def task_files(table: TableInfo, request: Request) -> TaskFiles:
    """The files of a table's task.

    Args:
        table: of the source; nothing is against it.
        request: how it is made.
    """
    name = table.name[-1]
    mode, note = _mode(table, request)
    definition: dict[str, Any] = {}
    if _is_plain(table.comment):
        definition["description"] = table.comment
    definition["mode"] = mode
    definition["source"] = _source(table, request)
    if table.key:
        definition["key"] = list(table.key)
    if mode == "incremental":
        definition["cursor"] = request.cursor
    if request.empty:
        definition["empty"] = request.empty
    files: dict[str, str] = {}
    if request.has_ddl_files:
        files[CREATE_FILE] = create_table(request.into, name, table)
    else:
        definition["target"] = {"ddl": "auto"}
    files["task.yaml"] = yaml_text(definition)
    return TaskFiles(request.into, name, definition, files, note)


def _source(table: TableInfo, request: Request) -> dict[str, Any]:
    spelt = any("." in part for part in table.name)
    name = list(table.name) if spelt else ".".join(table.name)
    given = {"connection": request.connection} if request.connection else {}
    return {**given, "table": name}


def _mode(table: TableInfo, request: Request) -> tuple[str, str]:
    """The mode asked for, or the next one a table allows, and why."""
    if request.mode == "full":
        return "full", ""
    if request.mode == "incremental":
        for column in table.columns:
            if _can_be_cursor(column, request.cursor):
                is_sure = column.nullable is False
                return "incremental", "" if is_sure else f"rows without {column.name} come once"
        why = f"has no column {request.cursor} that is a moment or a number"
    else:
        why = ""
    if table.key:
        return "upsert", why and f"upsert: {why}"
    return "full", f"full: {f'{why}, and ' if why else 'has '}no primary key"


def _can_be_cursor(column: Column, name: str | None) -> bool:
    return column.name == name and bool(_ORDERED.match(column.target_type))


def _is_plain(comment: str) -> bool:
    """Whether task.yaml takes it as it is: it would look for a variable."""
    return bool(comment) and "${" not in comment
