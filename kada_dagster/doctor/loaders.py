"""A loader: its project as a whole, and every connection its tasks use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.connections import Connection
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.targets import rights_verdicts
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import Project, read_project

if TYPE_CHECKING:
    from kada_dagster.config import LoaderSettings


@dataclass(frozen=True)
class LoaderPlan:
    """The checks of a loader.

    Attributes:
        checks: in their order.
        project: as read; None where that failed.
    """

    checks: list[Check]
    project: Project | None = None


def loader_plan(settings: LoaderSettings, shared: Shared) -> LoaderPlan:
    """The checks of a loader; its project is read for them, and no more than its files.

    Args:
        settings: of the loader.
        shared: see there.
    """
    try:
        project = read_project(settings.project, settings.target)
    except ConfigError as error:
        return LoaderPlan(_broken(settings, error))
    checks = [Check(settings.name, "project", lambda: [_told(project)])]
    for name in _used(project, settings.target):
        tasks = [task for task in project.tasks.values() if task.connection == name]
        sent = tuple(variable for task in tasks for variable in task.variables)
        one = Connection(settings.name, name, project.connections[name], shared, sent)
        checks += one.checks()
        if name == settings.target:
            checks.append(_rights(settings, project, one, checks[-1]))
    return LoaderPlan(checks, project)


def _rights(settings: LoaderSettings, project: Project, target: Connection, login: Check) -> Check:
    makes = [task for task in project.tasks.values() if task.definition.target.ddl == "auto"]
    schemas = sorted({task.schema for task in makes})

    def probe() -> Iterator[Verdict]:
        return rights_verdicts(target.server_address(), settings.state_schema, schemas)

    return Check(settings.name, f"{settings.target} permissions", probe, (login,), remote=True)


def _broken(settings: LoaderSettings, error: ConfigError) -> list[Check]:
    def probe() -> Iterator[Verdict]:
        raise error

    project = Check(settings.name, "project", probe)
    return [project, Check(settings.name, "connections", lambda: [], needs=(project,))]


def _told(project: Project) -> Verdict:
    tasks, routes = len(project.tasks), len(project.routes)
    said = f"{tasks:,} task{'' if tasks == 1 else 's'} in {routes:,} "
    return ok(f"{said}route{'' if routes == 1 else 's'}, in {project.folder}")


def _used(project: Project, target: str) -> list[str]:
    """The target, and the profiles that tasks read from."""
    named = [task.connection for task in project.tasks.values() if task.connection is not None]
    return list(dict.fromkeys([target, *sorted(named)]))
