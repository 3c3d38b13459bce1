"""What runs before what: names of `depends` resolved, cycles found."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from kada_dagster.config.problems import suggestion
from kada_dagster.loader.definition.reading import Reader
from kada_dagster.loader.definition.task_folder import Task


def dependencies(tasks: Mapping[str, Task], reader: Reader) -> dict[str, tuple[str, ...]]:
    """The tasks each task waits for; unknown names and cycles become problems.

    Args:
        tasks: by id.
        reader: notes what is wrong.
    """
    found = {task.id: _masters(task, tasks, reader) for task in tasks.values()}
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        shown = " -> ".join(reversed(cycle))
        reader.add(tasks[cycle[0]].document, ("depends",), f"tasks wait for each other: {shown}")
        return {}
    return found


def in_order(found: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All tasks, each behind those it waits for."""
    return list(TopologicalSorter(found).static_order())


def _masters(task: Task, tasks: Mapping[str, Task], reader: Reader) -> tuple[str, ...]:
    masters: list[str] = []
    by_route = {f"{other.route}.{other.id}": other.id for other in tasks.values()}
    for place, name in enumerate(task.definition.depends):
        master = name if name in tasks else by_route.get(name)
        if master is None or master == task.id:
            near = suggestion(name, [*tasks, *by_route])
            what = "a task cannot wait for itself" if master else f"there is no such task{near}"
            reader.add(task.document, ("depends", place), what)
        else:
            masters.append(master)
    return tuple(dict.fromkeys(masters))
