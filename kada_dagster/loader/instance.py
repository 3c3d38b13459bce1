"""One loader as Dagster sees it: keys, groups and pools of its tasks.

Every name the Dagster face gives is made here, so that assets, checks and sensor agree. Not here:
what any of them does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from kada_dagster.config import LoaderSettings
    from kada_dagster.loader.definition.project import Project
    from kada_dagster.loader.definition.route import RouteDefinition
    from kada_dagster.loader.definition.task_folder import Task

_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True)
class LoaderInstance:
    """A loader of kada.yaml with its project, as it was read.

    Attributes:
        settings: the loader as configured.
        project: what its folder holds.
    """

    settings: LoaderSettings
    project: Project

    @property
    def name(self) -> str:
        """Name of the loader."""
        return self.settings.name

    @cached_property
    def keys(self) -> Mapping[str, dg.AssetKey]:
        """The asset key of each task, by its id: `[schema, table]` behind the prefix."""
        prefix = self.settings.key_prefix
        tasks = self.project.tasks.values()
        return {task.id: dg.AssetKey([*prefix, task.schema, task.table]) for task in tasks}

    @cached_property
    def tasks(self) -> Mapping[dg.AssetKey, Task]:
        """The tasks by their asset keys."""
        return {key: self.project.tasks[name] for name, key in self.keys.items()}

    def route(self, task: Task) -> RouteDefinition:
        """The route a task is part of."""
        return self.project.routes[task.route]

    def op_name(self, task: Task) -> str:
        """Name of the op that loads a task: its key, as Dagster spells names."""
        path = self.keys[task.id].path
        name = "__".join(map(_name, path))
        if [*path] == name.split("__"):
            return name
        return f"{name}_{hashlib.sha256(repr(path).encode()).hexdigest()[:8]}"

    def pool(self, task: Task) -> str | None:
        """Concurrency pool: of the profile it reads from, else of the route; None without limit."""
        prefix, profile = self.settings.pool_prefix, self._limit_of_profile(task)
        if profile is not None:
            return f"{prefix}_from_{_name(task.connection or '')}"
        return f"{prefix}_{_name(task.route)}" if self.route(task).max_concurrent else None

    @cached_property
    def pool_limits(self) -> Mapping[str, int]:
        """How many loads each pool lets run at the same time."""
        limits: dict[str, int] = {}
        for task in self.project.tasks.values():
            limit = self._limit_of_profile(task) or self.route(task).max_concurrent
            if limit is not None:
                limits[self.pool(task) or ""] = limit
        return limits

    def _limit_of_profile(self, task: Task) -> int | None:
        if task.connection is None:
            return None
        return self.project.connections[task.connection].max_concurrent


def group_name(task: Task) -> str:
    """The group of a task: its route, as Dagster spells names."""
    return _name(task.route)


def _name(text: str) -> str:
    return _NO_NAME.sub("_", text)
