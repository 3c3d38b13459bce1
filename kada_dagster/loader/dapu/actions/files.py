"""`excel` and `filecopy`: files of a folder."""

from __future__ import annotations

from typing import Any

from kada_dagster.loader.dapu.notes import Fields
from kada_dagster.loader.dapu.task_draft import TaskDraft


def map_excel(fields: Fields, draft: TaskDraft) -> None:
    """A sheet of a workbook, its columns by their letters."""
    source = fields.below("source")
    files: dict[str, Any] = {
        "pattern": str(source.take("name", "source.files.pattern") or "missing.xlsx"),
        "format": "xlsx",
        "sheet": source.number("sheet", 1, "source.files.sheet"),
        "header": False,
        "missing": "empty",
    }
    skipped = source.number("start_row", 1, "source.files.skip_rows") - 1
    if skipped > 0:
        files["skip_rows"] = skipped
    source.leave()
    files |= _management(fields)
    columns = _columns(fields, draft)
    write, empty = _deletes(fields, draft)
    given: dict[str, Any] = {"source": {"files": files}, "columns": columns, "write": write}
    draft.fill(fields, "file", **given, empty=empty)
    if insert := fields.take("insert"):
        fields.say("mapped", "insert", f"{insert}: rows are added")


def map_filecopy(fields: Fields, draft: TaskDraft) -> None:
    """Copying a file fills no table."""
    for key in ("origin", "destination"):
        fields.take(key)
    draft.need_hand(
        fields, "do", "filecopy: nothing here copies files; read them where they are (mode file)"
    )


def _management(fields: Fields) -> dict[str, Any]:
    word = str(fields.take("management") or "")
    if word == "hash":
        fields.say("mapped", "management", "source.files.once")
        return {"once": True}
    if word == "delete":
        fields.say("mapped", "management", "source.files.after: delete")
        return {"after": "delete"}
    return {}


def _columns(fields: Fields, draft: TaskDraft) -> dict[str, str]:
    """Names of the target and letters of the sheet."""
    found: dict[str, str] = {}
    for column in fields.each("cols"):
        name, letter = column.take("name", "columns"), column.take("from", "columns")
        transform = str(column.take("transform") or "")
        if name is None or letter is None:
            draft.need_hand(column, "", "a column without a letter; dapu loaded NULL")
        elif transform == "to_hash":
            draft.need_hand(
                column, "transform", f"to_hash: {name} was hashed, so it is not loaded in clear"
            )
        else:
            found[str(name).lower()] = str(letter).upper()
            if transform:
                column.say("mapped", "transform", "dates of a sheet are dates")
        column.leave()
    return found


def _deletes(fields: Fields, draft: TaskDraft) -> tuple[str, str]:
    """Which rows go before those of the file come: `write`, and what no rows mean."""
    word = str(fields.take("delete") or "none")
    column = fields.take("delete_date_column")
    if word == "all":
        fields.say("mapped", "delete", "write: full")
        return "full", "keep"
    if word != "none":
        draft.need_hand(
            fields, "delete", f"{word}: rows of a period of {column} are not replaced by mode file"
        )
    return "append", "keep"
