"""`ver/NNN_*.sql`: the same files here; those with one number become one."""

from __future__ import annotations

import re

from kada_dagster.config.document import read_text
from kada_dagster.errors import ConfigError
from kada_dagster.loader.dapu.notes import Notes
from kada_dagster.loader.dapu.task_draft import TaskDraft, filled

_NUMBERED = re.compile(r"(\d+)(?:[_-].*)?\.sql\Z")


def copy_versions(draft: TaskDraft, notes: Notes) -> None:
    """Add the version files of a task to its draft."""
    by_number: dict[int, str] = {}
    values = {"target_schema": draft.old.schema, "target_table": draft.old.table}
    for file in sorted((draft.old.folder / "ver").glob("*")):
        match = _NUMBERED.match(file.name)
        if match is None:
            notes.add("lost", str(file), "", "its name begins with no number; dapu passed over it")
            continue
        try:
            text = filled(read_text(file), values)[0]
        except ConfigError as error:
            notes.add("lost", str(file), "", str(error))
            continue
        first = by_number.setdefault(int(match[1]), f"ver/{file.name}")
        if first in draft.files:
            draft.files[first] = f"{draft.files[first].rstrip()};\n{text}"
            notes.add("changed", str(file), "", f"is the end of {first}, which has its number")
        else:
            draft.files[first] = text
            notes.add("mapped", str(file), "", first)
    _add_once(draft, max(by_number, default=0))


def _add_once(draft: TaskDraft, last: int) -> None:
    """SQL for a new table, behind dapu's own files; those have made the table, if there are any."""
    for name, text in draft.once[1 if last else 0 :]:
        last += 1
        path = f"ver/{last:03}_{name}"
        draft.files[path] = text
        draft.made.append(path)
