"""A target that goes from generation to generation, whatever happens to the loads."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kada_dagster.errors import KadaError
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import run_task
from kada_dagster_tests.copies import original
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.faults.generations import Case
from kada_dagster_tests.loader.faults.proxy import Network

COUNT = 10**9
"""A kill point that is never reached: all calls are counted."""


@dataclass(frozen=True)
class _Held(Ends):
    """Two databases over connections that are kept as long as they last."""

    raws: dict[str, Any] = field(default_factory=dict[str, Any])

    def _run(self, database: str, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        raw = self.raws.get(database)
        if raw is None or raw.closed:
            raw = self.raws[database] = self.server.connect(database)
        with raw.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []


class Course:
    """The loads of one case.

    Args:
        ends: source, target and folder.
        case: how to load.

    Attributes:
        generation: the source is in.
        survived: kills and cuts after which the target was whole, and right after another load.
        tried: kills and cuts that took place.
    """

    def __init__(self, ends: Ends, case: Case) -> None:
        self.ends = _Held(ends.server, ends.source, ends.target, ends.folder)
        self.case = case
        self.generation = -1
        self.survived = self.tried = 0
        self._numbers = {(0, 0, 0): -1}
        case.begin(self.ends)

    def number_of(self, row: tuple[int, ...]) -> int:
        """The generation a row of `case.query` is of."""
        return self._numbers[row[0], row[1], row[2]]

    def turn(self) -> None:
        """Bring the source to its next generation."""
        self._numbers[self.case.expected(self.generation + 1)] = self.generation + 1
        self.generation += 1
        self.case.turn(self.ends, self.generation)

    def project(self, target: int | None = None, source: int | None = None) -> Project:
        """The project, with the servers behind these ports."""
        ports = {"target": target, "erp": source}
        names = {"target": self.ends.target, "erp": self.ends.source}
        profiles = [
            f"{end}: {{type: postgres, host: 127.0.0.1, port: {port or self.ends.server.port}, "
            f"database: {names[end]}, username: postgres}}\n"
            for end, port in ports.items()
        ]
        folder = f"folder: {{type: folder, path: {self.ends.folder / 'in'}}}\n"
        return self.ends.read(
            {"connections.yaml": "".join([*profiles, folder]), **self.case.files()}
        )

    def run(self, kill_at: int | None = None) -> int:
        """Load in a process of its own; its return code."""
        folder = self.ends.folder
        arguments = [str(folder), f"load {self.generation}"]
        done = original("kada_dagster_tests.loader.faults.runner:main").run(
            [*arguments, str(kill_at)] if kill_at else arguments, cwd=folder, env=os.environ
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode

    def calls(self) -> tuple[list[str], float]:
        """What an unharmed process called, and how many seconds it took."""
        kept = json.loads((Path(self.ends.folder) / "calls.json").read_text())
        return kept["calls"], kept["seconds"]

    def kill(self, kill_at: int) -> None:
        """A load that is killed, and another one."""
        self.turn()
        was_killed = self.run(kill_at) != 0
        self.check_whole()
        assert self.run() == 0
        self.check_right()
        self.tried += was_killed
        self.survived += was_killed

    def cut(self, network: Network, project: Project) -> None:
        """A load over a network that is cut, and another one."""
        self.turn()
        with suppress(KadaError):
            self.load(project)
        network.calm()
        self.check_whole()
        self.load(project)
        self.check_right()
        self.tried += network.was_cut
        self.survived += network.was_cut

    def load(self, project: Project) -> None:
        """Load in this process."""
        (task,) = project.tasks.values()
        run_task(task, project, load_id=f"load {self.generation}")

    def hang_up(self) -> None:
        """Close what the server has ended, or will."""
        for raw in self.ends.raws.values():
            raw.close()

    def check_whole(self) -> None:
        """The target is in this generation or in the last one."""
        now = self.number_of(self.ends.at_target(self.case.query)[0])
        assert now in (self.generation - 1, self.generation)

    def check_right(self) -> None:
        """It is in this one, and nothing else is there."""
        digest = "md5(string_agg(ROW(id, g, pad)::text, ';' ORDER BY id, g))"
        query = self.case.query.replace(" FROM", f", {digest} FROM")
        *row, target = self.ends.at_target(query)[0]
        assert self.number_of(tuple(row)) == self.generation
        if self.case.reads == "table":
            assert [(target,)] == self.ends.at_source(f"SELECT {digest} FROM t")
        if self.case.shown != "true":
            self.check_history()

    def check_history(self) -> None:
        """All versions there were, each once, one behind the other."""
        held = self.ends.at_target("SELECT id, g FROM t ORDER BY id, valid_from")
        assert held == self._versions()
        overlaps = (
            "SELECT count(*) FROM (SELECT valid_to > lead(valid_from) OVER (PARTITION BY id "
            "ORDER BY valid_from) AS o, valid_to IS NULL <> is_current AS c FROM t) x WHERE o OR c"
        )
        assert self.ends.at_target(overlaps) == [(0,)]

    def _versions(self) -> list[tuple[int, int]]:
        rows = [self.case.rows(number) for number in range(self.generation + 1)]
        made: list[tuple[int, int]] = []
        for at in sorted(set().union(*rows)):
            before = None
            for one in rows:
                now = one.get(at)
                if now is not None and now != before:
                    made.append((at, now))
                before = now
        return made
