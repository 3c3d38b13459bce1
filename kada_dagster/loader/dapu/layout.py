"""Where dapu's files are: 0.0.2 with `sql.yaml` and `pull/`, 0.8 with `conf/` and `routes/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kada_dagster.config.document import Document, read_text
from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.errors import ConfigError
from kada_dagster.loader.dapu.notes import Fields, Notes, mapping

TARGET = "target"
_DEFINITION = "haulwork.yaml"
_DELETED = "tasks_to_delete.txt"


@dataclass(frozen=True)
class OldTask:
    """A task of dapu.

    Attributes:
        route, schema, table: its names, in lower case: dapu wrote them without quotes.
        folder: where its files are.
        document: its definition.
    """

    route: str
    schema: str
    table: str
    folder: Path
    document: Document

    @property
    def old_id(self) -> str:
        """`route.schema.table`."""
        return f"{self.route}.{self.schema}.{self.table}"

    @property
    def id(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class OldProject:
    """A project of dapu.

    Attributes:
        root: its folder.
        tasks_folder: of the routes.
        target: name of the target's profile.
        profile_files: where profiles are.
        settings: of `conf/conf.yaml`.
        notes: gets what becomes of its files.
    """

    root: Path
    tasks_folder: Path
    target: str
    profile_files: tuple[Path, ...]
    settings: dict[str, Any]
    notes: Notes

    def document(self, file: Path) -> Document | None:
        """A YAML file of it; None, with a note, where it cannot be read."""
        try:
            return read_yaml(file)
        except ConfigError as error:
            self.notes.add("draft", str(file), "", f"is left out: {error}")
            return None

    def profiles(self) -> Iterator[tuple[str, Fields]]:
        """The connection profiles, by their names in the new project."""
        for file in self.profile_files:
            document = self.document(file)
            data: Any = document.data if document else None
            if document and isinstance(data, list):
                listed = {"profiles": cast("list[object]", data)}
                whole = Document(file, listed, _below("profiles", document))
                for fields in Fields.of(whole, self.notes).each("profiles"):
                    yield self.named(str(fields.take("name"))), fields
            elif document:
                fields = Fields.of(document, self.notes)
                for name in fields.left:
                    yield self.named(name), _profile(fields, name)

    def named(self, profile: str) -> str:
        """What a profile is called in the new project."""
        return TARGET if profile == self.target else profile

    def routes(self) -> list[Path]:
        """The folders of the routes."""
        return sorted(path for path in self.tasks_folder.iterdir() if path.is_dir())

    def tasks(self) -> Iterator[OldTask]:
        """All tasks but those that are to be deleted."""
        name = str(self.settings.get("FILENAME_DEFINITION_FILE") or _DEFINITION)
        deleted = self.deleted()
        for file in sorted(self.tasks_folder.glob(f"*/*/*/{name}")):
            parts = file.parent.relative_to(self.tasks_folder).parts
            route, schema, table = (part.lower() for part in parts)
            document = self.document(file)
            if f"{route}.{schema}.{table}" in deleted:
                self.notes.add("lost", str(file), "", f"{_DELETED} says that the task goes")
            elif document is not None:
                yield OldTask(route, schema, table, file.parent, document)

    def deleted(self) -> set[str]:
        """Ids of the tasks that are to be deleted."""
        name = str(self.settings.get("FILENAME_FOR_DELETION") or _DELETED)
        file = self.tasks_folder / name
        return set(read_text(file).lower().split()) if file.is_file() else set()


def open_old_project(root: Path, notes: Notes) -> OldProject:
    """Look at a folder.

    Args:
        root: the folder.
        notes: get what becomes of its files.

    Raises:
        ConfigError: it is no project of dapu.
    """
    conf = root / "conf"
    if (root / "pull").is_dir():
        return OldProject(root, root / "pull", "dapu", (root / "sql.yaml",), {}, notes)
    if not (root / "routes").is_dir():
        raise ConfigError(f"{root}: is no project of dapu: it has neither pull/ nor routes/")
    named = [conf / "sql.yaml", conf / "profiles.yaml"]
    files = [next((file for file in named if file.is_file()), named[0])]
    files += [file for file in (conf / "file.yaml",) if file.is_file()]
    settings: dict[str, Any] = {}
    if (conf / "conf.yaml").is_file():
        data = read_yaml(conf / "conf.yaml").data
        settings = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    return OldProject(root, root / "routes", "target", tuple(files), settings, notes)


def _profile(fields: Fields, name: str) -> Fields:
    """The mapping of a profile; of a folder that is given as a mere path, one with it."""
    value = fields.take(name)
    data: Any = {"path": value} if isinstance(value, str) else value
    return Fields(fields.document, (name,), mapping(data), fields.notes)


def _below(key: str, document: Document) -> dict[tuple[str | int, ...], int]:
    return {(key, *path): line for path, line in document.lines.items()}
