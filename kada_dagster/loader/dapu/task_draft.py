"""A task on its way from dapu's definition to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kada_dagster.config.document import FieldPath, read_text
from kada_dagster.errors import ConfigError
from kada_dagster.loader.dapu.layout import OldTask
from kada_dagster.loader.dapu.notes import Fields

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FIRST_MOMENT = "1990-01-01 00:00:00"  # dapu's own mark before the first load


@dataclass
class TaskDraft:
    """What is known of a new task so far.

    Attributes:
        old: the task of dapu.
        definition: what task.yaml says.
        files: texts by their path in its folder.
        is_draft: whether it needs a hand before it can run.
        api: what `restapi` asks for, until `json` says what the answers mean.
        headers: of that request, until its route is known.
        once: SQL that runs once, when the table is new: names and texts.
        made: version files that dapu did not have.
    """

    old: OldTask
    definition: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, str] = field(default_factory=dict[str, str])
    is_draft: bool = False
    api: dict[str, Any] | None = None
    headers: Fields | None = None
    once: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    made: list[str] = field(default_factory=list[str])

    def fill(self, fields: Fields, mode: str, **keys: Any) -> bool:
        """Say how the table is filled; only the first action can."""
        if "mode" in self.definition:
            self.need_hand(
                fields, "do", f"fills the table a second time; mode {self.definition['mode']} does"
            )
            return False
        fields.say("mapped", "do", f"mode: {mode}")
        self.definition["mode"] = mode
        self.definition.update({key: value for key, value in keys.items() if value})
        return True

    def need_hand(self, fields: Fields, key: str | FieldPath, what: str) -> None:
        """Make it a draft, and note why."""
        fields.say("draft", key, what)
        self.is_draft = True

    def run_files(self, names: list[str]) -> None:
        """Run SQL files before or after the rows come, as it stands in the order of actions."""
        if not names:
            return
        moment = "after" if "mode" in self.definition else "before"
        self.definition.setdefault(moment, []).extend(names)

    def sql_files(
        self, fields: Fields, key: str, names: list[str], values: Mapping[str, str] | None = None
    ) -> list[str]:
        """Copy SQL files; those that are not there are ignored, as dapu does.

        Args:
            fields: of the action.
            key: that names them.
            names: relative to the task's folder.
            values: of placeholders beside the names of the target.

        Returns:
            Their names in the new folder.
        """
        found: list[str] = []
        for name in names:
            file = self.old.folder / name.replace("\0", "?")  # which no name of a file holds
            if not file.resolve().is_relative_to(self.old.folder.parents[2].resolve()):
                self.need_hand(
                    fields, key, f"{name}: is outside of the routes, so it is not copied"
                )
                continue
            if not file.is_file():
                fields.say("lost", key, f"{name}: there is no such file; dapu ignored that")
                continue
            text = self._text(fields, key, file, values or {})
            if text is not None:
                found.append(self._keep(file, text))
        return found

    def _text(self, fields: Fields, key: str, file: Path, values: Mapping[str, str]) -> str | None:
        try:
            text = read_text(file)
        except ConfigError as error:
            self.need_hand(fields, key, str(error))
            return None
        text, unknown = filled(text, {**self._names(), **values})
        for name in unknown:
            self.need_hand(fields, key, f"{file.name}: {{{{{name}}}}} has no meaning here")
        return text

    def _names(self) -> dict[str, str]:
        return {
            "target_schema": self.old.schema,
            "target_table": self.old.table,
            "target_table_shadow": f"{self.old.table}__shadow",
            "last_ts_value": _FIRST_MOMENT,
        }

    def _keep(self, file: Path, text: str) -> str:
        """Keep a file under its own name, or the next one that is free."""
        name = file.name
        number = 2
        while self.files.get(name, text) != text:
            name, number = f"{file.stem}_{number}{file.suffix}", number + 1
        self.files[name] = text
        return name


def filled(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """A text with its placeholders filled, and those that have no value.

    Args:
        text: of an SQL file.
        values: by the names of the placeholders.
    """
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            unknown.append(match[1])
            return match[0]
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text), list(dict.fromkeys(unknown))
