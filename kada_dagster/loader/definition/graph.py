"""What runs before what: names of `depends` resolved, cycles found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from kada_dagster.config.problems import suggestion
from kada_dagster.loader.definition.reading import Reader
from kada_dagster.loader.definition.task_folder import FILE_NAME, Task


def dependencies(
    tasks: Mapping[str, Task], reader: Reader, target: str
) -> dict[str, tuple[str, ...]]:
    """The tasks each task waits for; unknown names and cycles become problems.

    A task that reads a table another task fills waits for that one, whether it says so or not.

    Args:
        tasks: by id.
        reader: notes what is wrong.
        target: name of the target's profile.
    """
    names = {f"{task.route}.{name}": name for name, task in tasks.items()}
    names |= {name: name for name in tasks}
    found = {
        name: tuple(dict.fromkeys([*_masters(task, names, reader), *_read(task, tasks, target)]))
        for name, task in tasks.items()
    }
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        shown = " -> ".join(reversed(cycle))
        reader.add(tasks[cycle[0]].document, ("depends",), f"tasks wait for each other: {shown}")
        return {}
    return found


def in_order(found: Mapping[str, Sequence[str]]) -> list[str]:
    """All tasks, each behind those it waits for."""
    return list(TopologicalSorter(found).static_order())


def _masters(task: Task, names: Mapping[str, str], reader: Reader) -> Iterator[str]:
    """The tasks it names, by id; `names` holds all ways to name one."""
    for place, name in enumerate(task.definition.depends):
        master = names.get(name)
        if master is None:
            if what := _unknown(task, name, names, reader):
                reader.add(task.document, ("depends", place), what)
        elif master == task.id:
            reader.add(task.document, ("depends", place), "a task cannot wait for itself")
        else:
            yield master


def _unknown(task: Task, name: str, names: Mapping[str, str], reader: Reader) -> str:
    """What is wrong with a name that is no active task's; '' where that was said already."""
    for file in task.folder.parents[2].glob(f"*/*/*/{FILE_NAME}"):
        route, schema, table, _ = file.parts[-4:]
        if name in (f"{schema}.{table}", f"{route}.{schema}.{table}"):
            is_said = any(problem.where.startswith(f"{file}:") for problem in reader.problems)
            return "" if is_said else f"{name} is not active"
    return f"there is no such task{suggestion(name, names)}"


def _read(task: Task, tasks: Mapping[str, Task], target: str) -> Iterator[str]:
    """The task that fills the table it reads, where it reads the target."""
    source = task.definition.source
    if source is not None and source.table is not None and task.connection == target:
        name = ".".join(source.table)
        if name in tasks and name != task.id:
            yield name
