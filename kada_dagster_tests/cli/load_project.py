"""`kada load` in this process, on two real databases that the tests of a module share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.cli import main
from kada_dagster.loader.definition.project import Project
from kada_dagster_tests.loader.databases import Ends


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Standard output as lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    def cells(self) -> list[list[str]]:
        """Standard output as a table in a pipe: its rows, with the head."""
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Load:
    """Runs `kada load` on a project between two databases.

    Attributes:
        ends: the databases.
        folder: of the project.
    """

    ends: Ends
    folder: Path
    captured: pytest.CaptureFixture[str] = field(repr=False)

    def write(self, files: Mapping[str, str]) -> Project:
        """Write a project of these files below routes/, and read it."""
        named = {f"routes/{path}": text for path, text in files.items()}
        return Ends(self.ends.server, self.ends.source, self.ends.target, self.folder).read(named)

    def __call__(self, command: str, *arguments: str) -> Said:
        """Run a command with `--project`."""
        return self.plain("load", command, "--project", str(self.folder), *arguments)

    def plain(self, *arguments: str) -> Said:
        """Run `kada`."""
        self.captured.readouterr()
        code = main(arguments)
        out, err = self.captured.readouterr()
        return Said(code, out, err)


def tables(*names: str) -> str:
    """SQL that makes tables of a number and a text, with three rows each."""
    return "".join(
        f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id int PRIMARY KEY, note text);"
        f"INSERT INTO {name} SELECT i, 'row ' || i FROM generate_series(1, 3) i;"
        for name in names
    )


def emptied(ends: Ends) -> Ends:
    """The same databases, without a table in them."""
    for run in (ends.at_source, ends.at_target):
        for (schema,) in run(
            "SELECT quote_ident(nspname) FROM pg_namespace "
            "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ):
            run(f"DROP SCHEMA {schema} CASCADE")
        run("CREATE SCHEMA public")
    return ends
