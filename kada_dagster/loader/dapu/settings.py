"""What stands beside profiles and tasks: `conf/conf.yaml`, migrations of the project, plug-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kada_dagster.api.values import whole
from kada_dagster.loader.dapu.layout import OldProject
from kada_dagster.loader.dapu.notes import Notes

_CONF = "conf/conf.yaml"
_USUAL_LIMIT = 3
_READ = ("FILENAME_DEFINITION_FILE", "FILENAME_FOR_DELETION")
_IN_ADOPTION = ("DAPU_SCHEMA", "DAPU_PREFIX")
_OTHERS = {
    "conf/drivers.yaml": "kinds of source are those of this package",
    "conf/agents.yaml": "there are no plug-ins; such actions make their task a draft",
    "ver/changes.yaml": "migrations of the project: nothing runs them here; schemas are made when "
    "they are needed, the rest is for a DBA or for version files",
}


def defaults_of(settings: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """What `conf.yaml` says for all tasks, as part of every route.yaml."""
    made: dict[str, Any] = {}
    for key, value in settings.items():
        if key == "FAILURE_LIMIT":
            notes.add("mapped", _CONF, key, "defaults.retries.max_retries, one less")
            limit = min(max((whole(value) or _USUAL_LIMIT) - 1, 0), 100)
            made = {"defaults": {"retries": {"max_retries": limit}}}
        elif key in _READ:
            notes.add("mapped", _CONF, key, "was looked at")
        elif key in _IN_ADOPTION:
            notes.add("mapped", _CONF, key, "adopt.sql reads there")
        else:
            notes.add("lost", _CONF, key, "has no meaning here")
    return made


def note_other_files(project: OldProject) -> None:
    """Note the files that are read by nothing here."""
    for name, why in _OTHERS.items():
        if (project.root / name).is_file():
            project.notes.add("lost", str(project.root / name), "", why)
