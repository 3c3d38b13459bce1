"""The blocks of a page, done one after the other."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from configparser import ConfigParser
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.pages import LANGUAGES, Block, Page
from kada_dagster_tests.docs.shown import difference
from kada_dagster_tests.docs.world import World
from kada_dagster_tests.docs.yaml_blocks import YamlReader

_SIDE_BY_SIDE = " --jobs "


@dataclass
class Execution:
    """What came of the blocks of a page.

    Attributes:
        faults: what is not as the page has it.
        done: how many blocks of each kind, and `commands`.
        not_run: blocks that cannot be run here, and why.
        texts: what blocks would have to show instead of what they do.
    """

    faults: list[str] = field(default_factory=list[str])
    done: Counter[str] = field(default_factory=Counter[str])
    not_run: list[str] = field(default_factory=list[str])
    texts: list[tuple[Block, str]] = field(default_factory=list[tuple[Block, str]])

    def compare(self, block: Block, shown: str, printed: str, what: str = "") -> str:
        """Note what differs; gives what the page should show."""
        if not (found := difference(shown, printed, any_order=_SIDE_BY_SIDE in what)):
            return shown
        self.faults.append(f"{block}: {what}\n{found}")
        return printed


@dataclass(frozen=True)
class Runner:
    """Does what the blocks of a page say.

    Attributes:
        world: where.
        yaml: reads files.
        server: a PostgreSQL for statements; what they do is undone.
        patch: undoes what blocks in Python do to this process.
    """

    world: World
    yaml: YamlReader
    server: PostgresServer
    patch: pytest.MonkeyPatch

    def run(self, page: Page) -> Execution:
        """Do all blocks of a page, in order."""
        execution = Execution()
        for block in page.blocks:
            if block.language not in LANGUAGES:
                execution.faults.append(f"{block}: nobody knows how to run {block.language!r}")
            elif why := block.left_out:
                execution.not_run.append(f"{block}: {why}")
            else:
                execution.done[block.language or "console"] += 1
                self._do(block, execution)
        self._sql([block.text for block in page.blocks if block.language == "sql"])
        return execution

    def _do(self, block: Block, execution: Execution) -> None:
        for name in block.files:
            self.world.write(name, block.text)
        printed = [text for name in block.steps if (text := self.world.step(name)) is not None]
        if block.commands:
            self._commands(block, execution)
        elif block.language:
            self._read(block)
        elif printed:
            text = execution.compare(block, block.text, "".join(printed))
            execution.texts.append((block, text))
        else:
            execution.faults.append(f"{block}: no command; say by a mark what shows it")

    def _commands(self, block: Block, execution: Execution) -> None:
        shown = ""
        is_list = not any(command.output for command in block.commands)
        for command in block.commands:
            execution.done["commands"] += 1
            code, printed = self.world.run(command.text)
            what = f"exit code {code} of: {command.text}"
            if is_list:  # commands one may give; what they print is shown elsewhere
                execution.faults += [f"{block}: {what}\n{printed}"] * bool(code)
                continue
            shown += f"$ {command.text}\n{execution.compare(block, command.output, printed, what)}"
        execution.texts.append((block, shown or block.text))

    def _read(self, block: Block) -> None:
        if block.language == "yaml":
            self.yaml.read(block)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "ini":
            ConfigParser(strict=False, interpolation=None).read_string(block.text)
        elif block.language == "sh":
            subprocess.run(["/bin/sh", "-n"], input=block.text, text=True, check=True)
        elif block.language == "python":
            self._python(block)

    def _python(self, block: Block) -> None:
        self.patch.chdir(self.world.folder)
        for name, value in self.world.variables.items():
            self.patch.setenv(name, value)
        exec(compile(block.text, str(block), "exec"), {"__name__": "page"})

    def _sql(self, statements: list[str]) -> None:
        """All of a page in one transaction: a later block needs what an earlier one made."""
        with closing(self.server.connect(self.world.database)) as connection:
            connection.autocommit = False
            with connection.cursor() as cursor:
                for text in (*self.world.before_sql, *statements):
                    cursor.execute(text)
            connection.rollback()


def write_shown(page: Page, execution: Execution) -> None:
    """Write into a page what its commands print now, where that differs from what it shows."""
    lines = page.file.read_text(encoding="utf-8").splitlines(keepends=True)
    for block, text in reversed(execution.texts):
        if text != block.text:
            lines[block.line : block.line + block.text.count("\n")] = [text]
    page.file.write_text("".join(lines), encoding="utf-8")
