"""Loads without databases: a project on disk, and work that ends when a test lets it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from threading import Event, Lock

from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.engine.context import Counts, Report
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.runs.choice import Load, PartChoice, loads_of
from kada_dagster_tests.loader.folders import write

NOW = datetime(2026, 1, 10, tzinfo=timezone.utc)
TASK = "mode: full\nsource: {table: public.t}\nretries: {max_retries: 0}\n"


def project(folder: Path, tasks: Mapping[str, str], routes: Mapping[str, str] = {}) -> Project:
    """A project of tasks `route/schema/table`, each TASK and what the mapping adds."""
    files = {f"routes/{name}/task.yaml": TASK + more for name, more in tasks.items()}
    files |= {f"routes/{name}/route.yaml": text for name, text in routes.items()}
    return read_project(write(folder, files))


def all_loads(made: Project) -> list[Load]:
    """The loads of all tasks."""
    tasks = [made.tasks[name] for name in made.order()]
    return loads_of(tasks, PartChoice(), NOW)


def result(load: Load) -> LoadResult:
    """What a load of no rows came to."""
    part = load.part.name if load.part else ""
    return LoadResult(load.task.id, "full", part, Counts(), 0, 0.0, None, None, {})


@dataclass
class Work:
    """Stands in for loading; says what ran, and how many at a time.

    Attributes:
        fails: errors by the name of the load.
        held: what these loads wait for before they end.
        begun, ended: names, in order.
        most: loads that ran at the same time, at most.
    """

    fails: Mapping[str, Exception] = field(default_factory=dict[str, Exception])
    held: Mapping[str, Event] = field(default_factory=dict[str, Event])
    begun: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    most: int = 0
    seconds: float = 0.0
    _running: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, load: Load, report: Report) -> LoadResult:
        """Load."""
        name = str(load)
        with self._lock:
            self.begun.append(name)
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            if (event := self.held.get(name)) is not None:
                assert event.wait(10)
            time.sleep(self.seconds)
            if (error := self.fails.get(name)) is not None:
                raise error
            return result(load)
        finally:
            with self._lock:
                self._running -= 1
                self.ended.append(name)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something other threads do."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
