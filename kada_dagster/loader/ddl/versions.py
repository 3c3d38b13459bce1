"""Files of `ver/`, applied once each, in the order of their numbers.

Each is one transaction with the note that it was applied, under a lock: a file that fails leaves
nothing behind, and is tried again the next time. A file that was applied must stay as it was.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from kada_dagster.config.document import read_text
from kada_dagster.loader.definition.task_folder import Task, version_of
from kada_dagster.loader.engine.commits import load_lock
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.server import Server

_PATIENCE = 600.0  # seconds another process may take to apply them
_RELOAD = re.compile(r"^\s*--\s*kada:\s*reload\s*$", re.MULTILINE)
"""A line of a file after which the marks of the task are forgotten, so that all rows come again."""


def migrate(task: Task, server: Server, tables: StateTables) -> list[str]:
    """Apply the files of a task that were not applied yet.

    Args:
        task: whose files they are.
        server: the target.
        tables: where it is noted.

    Returns:
        Names of those that were applied now.

    Raises:
        SchemaMismatchError: a file that was applied has changed, or a number was skipped.
        LoaderError: the server refuses a file; those before it stay applied.
    """
    done: list[str] = []
    if task.version_files:
        tables.prepare(server, task.schema)
    while task.version_files:
        with transaction(server) as target:
            target.lock(f"kada_dagster loader: {task.id} ver", _PATIENCE)
            file = _next(task, tables.versions(target, task.id))
            if file is None:
                return done
            _apply(task, file, target, tables)
        done.append(file.name)
    return done


def pending(task: Task, server: Server, tables: StateTables) -> list[str]:
    """Names of the files that `migrate` would apply.

    Raises:
        SchemaMismatchError: see `migrate`.
    """
    with transaction(server) as target:
        applied = tables.versions(target, task.id) if tables.are_in(target) else {}
    _next(task, applied)
    return [file.name for file in task.version_files if version_of(file) not in applied]


def accept(task: Task, server: Server, tables: StateTables) -> list[str]:
    """Take the files that changed after they were applied as they are now, without applying them.

    Returns:
        Names of those that had changed.
    """
    with transaction(server) as target:
        target.lock(f"kada_dagster loader: {task.id} ver", _PATIENCE)
        applied = tables.versions(target, task.id)
        changed = [file for file in task.version_files if _has_changed(file, applied)]
        for file in changed:
            tables.note_version(target, task.id, version_of(file), file.name, checksum(file))
    return [file.name for file in changed]


def checksum(file: Path) -> str:
    """Of a file's bytes; line ends do not count."""
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _next(task: Task, applied: dict[int, str]) -> Path | None:
    changed = [file for file in task.version_files if _has_changed(file, applied)]
    if changed:
        raise SchemaMismatchError(
            f"{changed[0]}: has changed after it was applied. Undo the change and write a new file "
            f"for it, or accept it as it is: kada load migrate --accept {task.id}"
        )
    waiting = [file for file in task.version_files if version_of(file) not in applied]
    if waiting and applied and version_of(waiting[0]) < max(applied):
        raise SchemaMismatchError(
            f"{waiting[0]}: number {max(applied)} was applied already; give the file a higher one"
        )
    return waiting[0] if waiting else None


def _has_changed(file: Path, applied: dict[int, str]) -> bool:
    known = applied.get(version_of(file))
    return known is not None and known != checksum(file)


def _apply(task: Task, file: Path, target: Target, tables: StateTables) -> None:
    text = read_text(file)
    is_reload = _RELOAD.search(text) is not None
    if is_reload:  # a load at work would write its mark behind this
        target.lock(load_lock(task), _PATIENCE)
    target.script(str(file), text)
    if is_reload:
        tables.forget(target, task.id)
    tables.note_version(target, task.id, version_of(file), file.name, checksum(file))
