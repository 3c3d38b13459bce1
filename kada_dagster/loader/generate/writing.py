"""Task folders written where there are none; what is there was perhaps edited, and stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.loader.definition.reading import data_of
from kada_dagster.loader.definition.task_folder import FILE_NAME
from kada_dagster.loader.generate.task_files import TaskFiles


@dataclass(frozen=True)
class Written:
    """What became of one task.

    Attributes:
        task: its id.
        status: `new`, `unchanged`, `differs`, `overwritten` or `skipped`.
        what: keys and files that differ, why it was skipped, or what is not as asked for.
    """

    task: str
    status: str
    what: str = ""


def write_task(route: Path, made: TaskFiles, *, overwrite: bool, dry_run: bool) -> Written:
    """Write the folder of a task, if there is none.

    Version files are never overwritten: one that was applied must stay as it was.

    Args:
        route: folder of the route.
        made: the files.
        overwrite: write a task.yaml that differs.
        dry_run: only compare.
    """
    task, folder = f"{made.schema}.{made.table}", route / made.schema / made.table
    if other := _elsewhere(route, made):
        return Written(task, "skipped", f"route {other} fills it already")
    if not (folder / FILE_NAME).exists():
        if not dry_run:
            for path in sorted(made.files, reverse=True):  # without its task.yaml it is no task
                if not (folder / path).exists():
                    _write(folder / path, made.files[path])
        return Written(task, "new", made.note)
    if not (differing := list(_differing(folder, made))):
        return Written(task, "unchanged", made.note)
    if overwrite and not dry_run:
        _write(folder / FILE_NAME, made.files[FILE_NAME])
    return Written(task, "overwritten" if overwrite else "differs", ", ".join(differing))


def write_route(route: Path, text: str, *, dry_run: bool) -> bool:
    """Write route.yaml where there is none; says whether it is new."""
    file = route / "route.yaml"
    if file.exists():
        return False
    if not dry_run:
        _write(file, text)
    return True


def _elsewhere(route: Path, made: TaskFiles) -> str:
    """Another route that has the task; two may not."""
    for other in route.parent.glob("*"):  # a dry run of a new project has no routes/
        file = other / made.schema / made.table / FILE_NAME
        if other.name != route.name and file.exists():
            return other.name
    return ""


def _differing(folder: Path, made: TaskFiles) -> Iterator[str]:
    """Keys of task.yaml, and version files; comments in YAML do not count."""
    have = data_of(read_yaml(folder / FILE_NAME))
    for key in {**made.definition, **have}:
        if have.get(key) != made.definition.get(key):
            yield key
    for path, text in made.files.items():
        file = folder / path
        if path == FILE_NAME:
            continue
        if not file.exists():
            yield f"{path} is not there"
        elif file.read_bytes() != text.encode():
            yield path


def _write(file: Path, text: str) -> None:
    """All of it or nothing, however it ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    passing = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        passing.write_text(text, encoding="utf-8", newline="\n")
        passing.replace(file)
    finally:
        passing.unlink(missing_ok=True)
