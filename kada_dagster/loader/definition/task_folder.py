"""A task: its definition, and the files of its folder."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kada_dagster.config.document import Document, read_text
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sent_values import variables_in
from kada_dagster.loader.definition.task import TaskDefinition

FILE_NAME = "task.yaml"
_VERSION = re.compile(r"(\d+)(?:[_-].*)?\.sql\Z")


@dataclass(frozen=True)
class Task:
    """One table of the target, and how it is filled.

    Attributes:
        route: name of its route.
        schema, table: of the target.
        folder: where its files are.
        definition: what task.yaml says.
        connection: profile its rows come from; None for mode sql.
        document: task.yaml; its lines only as long as the project is read.
    """

    route: str
    schema: str
    table: str
    folder: Path
    definition: TaskDefinition
    connection: str | None
    document: Document

    @property
    def id(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.table}"

    def without_lines(self) -> Task:
        """The same for good: a thousand files with a line for each value take room and time."""
        return replace(self, document=Document(self.document.file, None))

    @property
    def has_table(self) -> bool:
        """Whether it fills a table; mode sql without a SELECT just runs files."""
        return self.definition.mode != "sql" or bool(self.definition.sql)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that its calls of an API name."""
        http = self.definition.source.http if self.definition.source else None
        return (*variables_in(http.params), *variables_in(http.body)) if http else ()

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the definition does, or a file it names, or a version file."""
        digest = hashlib.sha256(self.definition.model_dump_json().encode())
        for file in (*self.sql_files, *self.version_files):
            digest.update(f"\0{file.name}\0".encode())
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    @property
    def sql_files(self) -> tuple[Path, ...]:
        """The SQL files the definition names, in their order."""
        definition = self.definition
        query = definition.source.query if definition.source else None
        named = [
            *([query] if query else []),
            *definition.sql,
            *definition.before,
            *definition.after,
        ]
        return tuple(self.folder / name for name in named)

    @cached_property
    def version_files(self) -> tuple[Path, ...]:
        """The files of `ver/` that make and change the table, by their number."""
        folder = self.folder / "ver"
        if not folder.is_dir():
            return ()
        return tuple(sorted(folder.glob("*.sql"), key=lambda file: (version_of(file), file.name)))

    def sql_text(self, name: str) -> str:
        """The text of one of its SQL files.

        Raises:
            ConfigError: it cannot be read.
        """
        return read_text(self.folder / name)

    def __str__(self) -> str:
        return self.id


def version_of(file: Path) -> int:
    """The number a version file begins with.

    Raises:
        ConfigError: it begins with none.
    """
    match = _VERSION.match(file.name)
    if match is None:
        raise ConfigError(f"{file}: must be named by its number, as 001_create.sql")
    return int(match[1])
