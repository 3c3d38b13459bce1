"""What a page is run in: a folder, variables, and what happens beside the commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster_tests.docs.copied import run_copied
from kada_dagster_tests.docs.pages import ROOT
from kada_dagster_tests.docs.shown import SHOWN_FOLDER

Step = Callable[[], str | None]
"""Something that happens before a block; gives what the block shows, if it shows that."""
_SECONDS = 240
_PROGRESS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*\n", re.MULTILINE)


@dataclass
class World:
    """Where the blocks of a page are run, in order.

    Attributes:
        folder: in which commands run; pages call it /srv/kada.
        variables: of the environment, beside PATH and HOME; there are no others.
        places: what pages write, such as addresses, and what it is here.
        names: what is called otherwise on pages, and how.
        steps: what marks may name beside commands.
        quiet_steps: steps show no progress.
        copied: `kada` runs in copies of a process; else each time in one of its own.
        database: in which statements run.
        before_sql: statements that the page takes as done.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    steps: Mapping[str, Step] = field(default_factory=dict[str, Step])
    quiet_steps: bool = False
    copied: bool = True
    database: str = "dwh"
    before_sql: tuple[str, ...] = ()
    _code: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """All of it; the commands are those of the Python that runs the tests."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        fixed = {"PATH": path, "HOME": str(self.folder), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        return fixed | {"LANG": "C.UTF-8"} | dict(self.variables)

    def write(self, name: str, text: str) -> None:
        """Write a file of a page."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._real(text), encoding="utf-8")

    def step(self, name: str) -> str | None:
        """Do what a mark names: a step of this world, or a command that is not shown."""
        if name in self.steps:
            return self.steps[name]()
        printed = self.run(name)[1]
        return _PROGRESS.sub("", printed) if self.quiet_steps else printed

    def run(self, command: str) -> tuple[int, str]:
        """Run a command as a shell does.

        Returns:
            Its exit code and what it printed, as the page would show it.
        """
        command = self._real(command)
        done = run_copied(command, self.folder, self.environment) if self.copied else None
        before = self._code  # `echo $?` asks for it
        self._code, printed = done or self._shell(f"(exit {before}); {command}")
        named = {real: shown for shown, real in self.places.items()}
        for real, shown in {**named, str(self.folder): SHOWN_FOLDER, **self.names}.items():
            printed = printed.replace(real, shown)
        return self._code, printed

    def _shell(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout

    def _real(self, text: str) -> str:
        for shown, real in self.places.items():
            text = text.replace(shown, real)
        return text
