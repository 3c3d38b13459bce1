"""A task of dapu as a task here."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from kada_dagster.config.problems import error_message, error_path, field_name
from kada_dagster.loader.dapu.actions import map_action
from kada_dagster.loader.dapu.api_headers import headers_of
from kada_dagster.loader.dapu.layout import OldTask
from kada_dagster.loader.dapu.notes import Fields, Notes, names
from kada_dagster.loader.dapu.routes import NewRoute
from kada_dagster.loader.dapu.task_draft import TaskDraft
from kada_dagster.loader.dapu.times import run_settings
from kada_dagster.loader.dapu.versions import copy_versions
from kada_dagster.loader.definition.task import TaskDefinition

_UPGRADES = ("upgrade", "upgrade_after", "upgrade_nondata")


def translate_task(old: OldTask, route: NewRoute, notes: Notes) -> TaskDraft:
    """Map all of a task; `depends` still names dapu's tasks.

    Args:
        old: the task.
        route: it is part of, in the new project.
        notes: get what becomes of each key.
    """
    draft = TaskDraft(old)
    fields = Fields.of(old.document, notes)
    _status(fields, draft)
    depends = names(fields.take("depends"))
    run = fields.below("run")
    made = run_settings(run, depends=bool(depends))
    run.leave()
    for key in _UPGRADES:
        if fields.take(key) is not None:
            fields.say(
                "lost", key, "files of ver/ are applied once; `-- kada: reload` in one reloads"
            )
    for action in fields.each("actions"):
        map_action(action, draft)
    fields.leave()
    _finish(fields, draft, route)
    draft.definition.update({"depends": depends} if depends else {})
    draft.definition.update({"run": made} if made else {})
    copy_versions(draft, notes)
    return draft


def check_draft(draft: TaskDraft, notes: Notes) -> bool:
    """Whether task.yaml would be right as it is; what is not is noted."""
    try:
        TaskDefinition.model_validate(draft.definition)
    except ValidationError as error:
        found = error.errors(include_url=False)
    else:
        return True
    for one in found:
        message = error_message(one, TaskDefinition)
        notes.add("draft", str(draft.old.document.file), field_name(error_path(one)), message)
    return False


def ordered(definition: dict[str, Any]) -> dict[str, Any]:
    """The keys as people write them."""
    known = list(TaskDefinition.model_fields)
    first = ["status", "description", "mode", "source", "sql", "columns", "key", "cursor"]
    places = {key: place for place, key in enumerate(dict.fromkeys([*first, *known]))}
    return dict(sorted(definition.items(), key=lambda pair: places.get(pair[0], len(places))))


def _status(fields: Fields, draft: TaskDraft) -> None:
    status = str(fields.take("status") or "active")
    if status == "active":
        return
    draft.definition["status"] = "old" if status == "old" else "draft"
    fields.say(
        "mapped",
        "status",
        f"status: {draft.definition['status']}; a task dapu knew before went on running",
    )


def _finish(fields: Fields, draft: TaskDraft, route: NewRoute) -> None:
    """Files alone are a task of mode sql; an API is its route's."""
    definition = draft.definition
    if "mode" not in definition and definition.get("before"):
        definition["mode"] = "sql"
    http = definition.get("source", {}).get("http")
    if http is not None:
        _finish_http(fields, draft, route, http)
    if draft.api is not None and http is None:
        draft.need_hand(fields, "actions", "restapi: no `json` says what the answers mean")
    if "mode" not in definition:
        fields.say("draft", "actions", "nothing in it fills a table, so there is no task")


def _finish_http(fields: Fields, draft: TaskDraft, route: NewRoute, http: dict[str, Any]) -> None:
    """What a request has of the route's API, and what the API's profile has of it."""
    source = draft.definition["source"]
    name = source.get("connection") or ""
    for key, value in route.shared.get(name, {}).items():
        http[key] = {**value, **http.get(key, {})}
    if name in route.lacking:
        draft.need_hand(fields, "actions", f"a part of what {name} is sent is left out")
    if draft.headers and (kept := headers_of(draft.headers, draft, route, name)):
        http["headers"] = kept
    source["connection"] = route.apis.get(name, name or "missing")
    if http.get("body"):
        http["method"] = "POST"
