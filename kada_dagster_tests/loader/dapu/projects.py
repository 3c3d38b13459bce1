"""Small projects of dapu as its users have them, in both layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.loader.dapu.translate import Translation, translate
from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.definition.task_folder import Task

PROFILES = """\
target: {driver: pg, host: dwh.example, database: dwh, username: loader, password: "%DWH_PASS%"}
erp: {driver: pg, host: erp.example, port: 5433, database: erp, username: reader, password: "%ERP%"}
"""
EXPORT = """\
actions:
  - do: export
    file: input.sql
    cols: [id, name]
    pkcols: [id]
    to: direct
"""


@dataclass(frozen=True)
class Translated:
    """A translation, and the project it made."""

    folder: Path
    said: Translation
    project: Project

    def task(self, name: str) -> Task:
        """An active task."""
        return self.project.tasks[name]

    def data(self, path: str) -> Any:
        """What a YAML file of the new project holds."""
        return read_yaml(self.folder / path).data

    def text(self, path: str) -> str:
        """A file of the new project."""
        return (self.folder / path).read_text()

    def notes(self, kind: str) -> list[tuple[str, str]]:
        """Keys and what became of them."""
        return [(note.key, note.what) for note in self.said.notes if note.kind == kind]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a project."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    return folder


def translated(folder: Path, files: Mapping[str, str]) -> Translated:
    """Translate a project of these files, and read what came of it."""
    new = folder / "new"
    said = translate(write(folder / "old", files), new)
    return Translated(new, said, read_project(new))


def of_08(folder: Path, task: str, **files: str) -> Translated:
    """A project of 0.8 with one task, `erp.dwh.customer`.

    Args:
        folder: to work in.
        task: its haulwork.yaml.
        files: of its folder; `.` in a name is written `__`.
    """
    place = "routes/erp/dwh/customer"
    named = {f"{place}/{name.replace('__', '.')}": text for name, text in files.items()}
    return translated(
        folder,
        {
            "conf/sql.yaml": PROFILES,
            "conf/file.yaml": "sheets: {path: /data/sheets}\n",
            "routes/erp/route.yaml": "name: The ERP\ntype: sql\nalias: erp\n",
            f"{place}/haulwork.yaml": task,
            **named,
        },
    )
