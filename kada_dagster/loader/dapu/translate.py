"""A whole project of dapu, written as a project of this loader."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kada_dagster.config.problems import error_message, error_path, field_name
from kada_dagster.errors import ConfigError
from kada_dagster.loader.dapu.adoption import FILE_NAME as ADOPTION
from kada_dagster.loader.dapu.adoption import adoption_sql
from kada_dagster.loader.dapu.depends import settle
from kada_dagster.loader.dapu.layout import TARGET, OldProject, open_old_project
from kada_dagster.loader.dapu.notes import Note, Notes, mapping
from kada_dagster.loader.dapu.profiles import profile_of
from kada_dagster.loader.dapu.routes import NewRoute, route_of
from kada_dagster.loader.dapu.settings import defaults_of, note_other_files
from kada_dagster.loader.dapu.task_draft import TaskDraft
from kada_dagster.loader.dapu.tasks import check_draft, ordered, translate_task
from kada_dagster.loader.definition.profiles import PROFILE, Profile
from kada_dagster.loader.definition.project import CONNECTIONS, read_project
from kada_dagster.loader.definition.task_folder import FILE_NAME
from kada_dagster.loader.generate.yaml_lines import yaml_text

DRAFT_FILE = "task.draft.yaml"
"""A definition that is not right yet; no task is read from it."""


@dataclass(frozen=True)
class Translation:
    """What came of it.

    Attributes:
        active, drafts: ids of the tasks.
        notes: what became of each key.
    """

    active: tuple[str, ...]
    drafts: tuple[str, ...]
    notes: tuple[Note, ...]


def translate(old: Path, new: Path) -> Translation:
    """Translate a project of dapu. Only files are read and written.

    Args:
        old: its folder.
        new: folder of the new project; must not be there yet, or be empty.

    Raises:
        ConfigError: the old folder is no project, or the new one is not empty; nothing is written.
    """
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise ConfigError(f"{new}: is there already; name a folder that is not")
    passing = new.absolute().with_name(f".{new.name}.{os.getpid()}.tmp")
    try:
        found = _write(open_old_project(old.absolute(), Notes()), passing)
        read_project(passing)
        if new.exists():
            new.rmdir()
        passing.rename(new)
    finally:
        shutil.rmtree(passing, ignore_errors=True)
    return found


def _write(project: OldProject, new: Path) -> Translation:
    notes = project.notes
    connections = _connections(project)
    made = [route_of(folder, project, connections) for folder in project.routes()]
    routes = {route.name: route for route in made}
    drafts = [translate_task(old, routes[old.route], notes) for old in project.tasks()]
    _check_profiles(connections, made, notes)
    _require_target(connections, project)
    active = _sorted_out(drafts, connections, routes, notes)
    settle(active, notes)
    (new / "routes").mkdir(parents=True)
    _save(new / CONNECTIONS, connections)
    usual = defaults_of(project.settings, notes)
    for route in routes.values():
        _save(new / "routes" / route.name / "route.yaml", {**route.definition, **usual})
    for draft in drafts:
        _write_task(draft, new / "routes", notes)
    if adopted := adoption_sql(drafts, project.settings, new / "routes"):
        (new / ADOPTION).write_text(adopted, encoding="utf-8")
    note_other_files(project)
    ids = {draft.old.id for draft in active.values()}
    others = tuple(draft.old.old_id for draft in drafts if draft.old.old_id not in active)
    return Translation(tuple(sorted(ids)), others, tuple(notes.found))


def _connections(project: OldProject) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, fields in project.profiles():
        if (made := profile_of(name, fields, project.root)) is not None:
            found[name] = made
    _require_target(found, project)
    return found


def _require_target(connections: dict[str, dict[str, Any]], project: OldProject) -> None:
    """A target there must be; variables can say which."""
    if connections.get(TARGET, {}).get("type") != "postgres":
        where = str(project.profile_files[0])
        project.notes.add("set", where, project.target, "DAPU_TARGET_HOST, DAPU_TARGET_DATABASE")
        variables = {key: f"${{DAPU_TARGET_{key.upper()}}}" for key in ("host", "database")}
        connections[TARGET] = {"type": "postgres", **variables}


def _check_profiles(
    connections: dict[str, dict[str, Any]], routes: Sequence[NewRoute], notes: Notes
) -> None:
    """Profiles that are not right cannot stay, nor can what names them."""
    for name, data in list(connections.items()):
        try:
            PROFILE.validate_python(data, context={"base": Path()})
        except ValidationError as error:
            for one in error.errors(include_url=False):
                what = error_message(one, Profile)
                notes.add("lost", f"profile {name}", field_name(error_path(one)), what)
            del connections[name]
            for route in routes:
                if route.definition.get("source") == name != TARGET:
                    del route.definition["source"]


def _sorted_out(
    drafts: list[TaskDraft],
    connections: dict[str, dict[str, Any]],
    routes: dict[str, NewRoute],
    notes: Notes,
) -> dict[str, TaskDraft]:
    """The tasks that can run, by dapu's id; the others become drafts."""
    active: dict[str, TaskDraft] = {}
    taken: dict[str, str] = {}
    for draft in drafts:
        definition, where = draft.definition, str(draft.old.document.file)
        source = definition.get("source")
        usual = routes[draft.old.route].definition.get("source")
        profile: str | None = mapping(source).get("connection", usual)
        if source is not None and (why := _unreadable(source, connections.get(profile or ""))):
            draft.is_draft = True
            notes.add("draft", where, "source", why)
        if draft.old.id in taken and "status" not in definition:
            draft.is_draft = True
            notes.add("draft", where, "", f"{taken[draft.old.id]} fills {draft.old.id} already")
        if draft.is_draft:
            definition["status"] = definition.get("status", "draft")
        if "status" not in definition and "mode" in definition and check_draft(draft, notes):
            active[draft.old.old_id] = draft
            taken[draft.old.id] = draft.old.old_id
    return active


def _unreadable(source: dict[str, Any], profile: dict[str, Any] | None) -> str:
    """Why a task cannot read its profile; '' where it can."""
    if profile is None:
        return "there is no profile it could read"
    kind = next((key for key in ("files", "http") if key in source), "query")
    wanted = {"folder": "files", "http": "http"}.get(profile["type"], "query")
    return "" if kind == wanted else f"its profile is of type {profile['type']}"


def _write_task(draft: TaskDraft, routes: Path, notes: Notes) -> None:
    old = draft.old
    folder = routes / old.route / old.schema / old.table
    for path, text in draft.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    if not draft.definition:
        return
    is_right = check_draft(draft, notes)
    _save(folder / (FILE_NAME if is_right else DRAFT_FILE), ordered(draft.definition))


def _save(file: Path, data: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml_text(data) if data else "{}\n", encoding="utf-8", newline="\n")
