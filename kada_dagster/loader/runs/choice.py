"""Which tasks, and which ranges of them, are to be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from kada_dagster.config.problems import suggestion
from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.split import Part, parts_of


@dataclass(frozen=True, eq=False)
class Load:
    """One task, or one range of it; or the checks of its table, behind all of them.

    Attributes:
        task: to load.
        part: the range; None for the whole table.
        checks: names of the checks, where nothing is loaded.
        load_id: names it in all attempts to do it.
    """

    task: Task
    part: Part | None = None
    checks: tuple[str, ...] = ()
    load_id: str = field(default_factory=lambda: uuid4().hex)

    def __str__(self) -> str:
        if self.checks:
            return f"checks of {self.task.id}"
        return f"{self.task.id} {self.part.name}" if self.part else self.task.id


@dataclass(frozen=True)
class PartChoice:
    """Ranges of tasks with `split`.

    Attributes:
        name: the only one; None for several.
        span: `FROM:TO`, both of them names and both included; an empty one is the first or last.
    """

    name: str | None = None
    span: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether all ranges are meant."""
        return self.name is None and self.span is None

    def of(self, parts: Sequence[Part], task: Task) -> Sequence[Part]:
        """Those of a task's ranges that are meant.

        Raises:
            ConfigError: there is no range of a name, or the first comes after the last.
        """
        names = [part.name for part in parts]
        if self.name is not None:
            return [parts[_place(self.name, names, f"--part {self.name}", task)]]
        if self.span is None:
            return parts
        first, last = self._ends(names, task)
        if first > last:
            raise ConfigError(
                f"--parts {self.span}: {names[first]} comes after {names[last]} in {task.id}; "
                "write FROM:TO"
            )
        return parts[first : last + 1]

    def _ends(self, names: Sequence[str], task: Task) -> tuple[int, int]:
        """Names of ranges may hold colons, so every colon is tried."""
        span = self.span or ""
        cuts = [place for place, char in enumerate(span) if char == ":"]
        if not cuts:
            raise ConfigError(f"--parts {span}: write FROM:TO")
        known = {*names, ""}
        fits = [at for at in cuts if span[:at] in known and span[at + 1 :] in known]
        at = fits[0] if fits else cuts[len(cuts) // 2]
        first, last = span[:at], span[at + 1 :]
        return (
            _place(first, names, f"--parts {span}", task) if first else 0,
            _place(last, names, f"--parts {span}", task) if last else len(names) - 1,
        )


def _place(name: str, names: Sequence[str], what: str, task: Task) -> int:
    if name not in names:
        raise ConfigError(
            f"{what}: {task.id} has no range {name!r}{suggestion(name, names)}; its ranges are "
            f"{names[0]} to {names[-1]}"
        )
    return names.index(name)


def find_task(project: Project, name: str) -> Task:
    """The task of a name, `schema.table` or `route.schema.table`.

    Raises:
        ConfigError: there is none.
    """
    by_route = {f"{task.route}.{task.id}": task for task in project.tasks.values()}
    task = project.tasks.get(name) or by_route.get(name)
    if task is None:
        near = suggestion(name, [*project.tasks, *by_route])
        raise ConfigError(f"{name}: there is no such active task{near}")
    return task


def find_tasks(
    project: Project,
    names: Sequence[str],
    *,
    everything: bool = False,
    route: str | None = None,
    downstream: bool = False,
) -> list[Task]:
    """The tasks that are meant, each behind those it waits for.

    Args:
        project: they are in.
        names: of tasks.
        everything: all tasks, or all of the route.
        route: only tasks of this route.
        downstream: also all tasks that wait for one of them, through others, too.

    Raises:
        ConfigError: there is no such task or route, none is meant, or some and all are.
    """
    if route is not None and route not in project.routes:
        raise ConfigError(f"--route {route}: no such route{suggestion(route, project.routes)}")
    if names and everything:
        raise ConfigError("give tasks, or --all, not both")
    if not names and not everything and route is None:
        raise ConfigError("say which tasks, as schema.table, or give --all or --route")
    found = {find_task(project, name).id for name in names}
    if not names:
        found = {task.id for task in project.tasks.values() if route in (None, task.route)}
    elif others := [name for name in found if route not in (None, project.tasks[name].route)]:
        raise ConfigError(f"{others[0]}: is not in the route {route}")
    order = project.order()
    if downstream:
        for name in order:
            if found & set(project.waits_for[name]):
                found.add(name)
    return [project.tasks[name] for name in order if name in found]


def loads_of(
    tasks: Sequence[Task], parts: PartChoice, now: datetime, *, has_checks: bool = False
) -> list[Load]:
    """The loads of tasks: one each, or one for each of their ranges.

    Args:
        tasks: in their order.
        parts: which ranges; of tasks without `split` the whole is loaded.
        now: the present moment, UTC.
        has_checks: whether what `checks` asks for is checked behind them.

    Raises:
        ConfigError: a range is meant that no task has.
    """
    if not parts.is_open and not any(task.definition.split for task in tasks):
        raise ConfigError("--part and --parts are for tasks with `split`; none of these has it")
    found: list[Load] = []
    for task in tasks:
        found += _of_task(task, parts, now)
        if has_checks and (names := _checks_of(task)):
            found.append(Load(task, checks=names))
    return found


def _of_task(task: Task, choice: PartChoice, now: datetime) -> Iterator[Load]:
    split = task.definition.split
    if split is None:
        yield Load(task)
        return
    try:
        parts = parts_of(split, now)
    except ConfigError as error:
        where = read_yaml(task.document.file).where(("split",))  # its lines are not kept
        raise ConfigError(f"{where}: {error}") from None
    yield from (Load(task, part) for part in choice.of(parts, task))


def _checks_of(task: Task) -> tuple[str, ...]:
    """Names of its checks; a task that only runs files has no table to check."""
    return tuple(task.definition.checks.wanted) if task.has_table else ()
