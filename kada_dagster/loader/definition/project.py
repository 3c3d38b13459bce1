"""A loader project: the folder, read whole. Everything that is wrong in it is said at once.

connections.yaml
routes/<route>/route.yaml
routes/<route>/<schema>/<table>/task.yaml, *.sql, ver/NNN_text.sql
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.api.values import object_of
from kada_dagster.config.problems import Problem, suggestion
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.graph import dependencies, in_order
from kada_dagster.loader.definition.profiles import Connections, Profile
from kada_dagster.loader.definition.reading import Reader, data_of, filled
from kada_dagster.loader.definition.route import RouteDefinition
from kada_dagster.loader.definition.task import TaskDefinition
from kada_dagster.loader.definition.task_folder import FILE_NAME, Task, version_of

CONNECTIONS = "connections.yaml"
_LONGEST_NAME = 63  # bytes of a name in PostgreSQL


@dataclass(frozen=True)
class Project:
    """What a folder defines.

    Attributes:
        folder: of the project, absolute.
        connections: profiles by name.
        routes: by name.
        tasks: active ones by id, `schema.table`.
        waits_for: ids of the tasks each task waits for.
    """

    folder: Path
    connections: Mapping[str, Profile]
    routes: Mapping[str, RouteDefinition]
    tasks: Mapping[str, Task]
    waits_for: Mapping[str, tuple[str, ...]]

    def order(self) -> list[str]:
        """The ids of all tasks, each behind those it waits for."""
        return in_order(self.waits_for)


def read_project(folder: Path, target: str = "target", *, may_be_new: bool = False) -> Project:
    """Read a project. Only its files are read: no environment, no network.

    Args:
        folder: of the project.
        target: name of the target's profile.
        may_be_new: whether connections alone are a project, too: one without a task.

    Raises:
        ConfigError: something in it is not usable; names file, line and field of each problem.
    """
    folder = folder.absolute()
    has_routes = (folder / "routes").is_dir()
    if not has_routes and not (may_be_new and (folder / CONNECTIONS).is_file()):
        raise ConfigError(
            f"{folder}: is no loader project; it needs {CONNECTIONS} and a folder routes/"
        )
    reader = Reader()
    connections = _connections(folder, target, reader)
    routes: dict[str, RouteDefinition] = {}
    tasks: dict[str, Task] = {}
    for place in sorted(path for path in (folder / "routes").glob("*") if path.is_dir()):
        route = _read_route(place, connections, reader)
        routes[place.name] = route.definition
        route.look_for_strays(reader)
        for task in route.tasks(reader):
            _add(task, tasks, connections, reader)
    waits_for = dependencies(tasks, reader, target)
    reader.finish()
    kept = {name: task.without_lines() for name, task in tasks.items()}
    return Project(folder, connections, routes, kept, waits_for)


def read_connections(folder: Path, target: str = "target") -> Mapping[str, Profile]:
    """The profiles of a project alone, as far as they can be read; none where they cannot."""
    return _connections(folder.absolute(), target, Reader())


@dataclass(frozen=True)
class _Route:
    folder: Path
    definition: RouteDefinition
    defaults: Mapping[str, object]

    def tasks(self, reader: Reader) -> Iterator[Task]:
        """The active tasks below the folder."""
        for file in sorted(self.folder.glob(f"*/*/{FILE_NAME}")):
            document = reader.document(file)
            if document is None:
                continue
            fields = filled(data_of(document), self.defaults)
            definition = reader.model(document, TaskDefinition, fields)
            if definition is not None and definition.status == "active":
                source = definition.source
                named = source.connection if source and source.connection else None
                connection = (named or self.definition.source) if source else None
                schema, table = file.parent.parent.name, file.parent.name
                yield Task(
                    self.folder.name, schema, table, file.parent, definition, connection, document
                )

    def look_for_strays(self, reader: Reader) -> None:
        """Complain of files that look like tasks, and would be none without a word."""
        depths = ("", "*/", "*/*/*/")
        misplaced = [file for depth in depths for file in self.folder.glob(depth + FILE_NAME)]
        wanted = "is not read: a task is routes/<route>/<schema>/<table>/task.yaml"
        other = f"is not read: a task's file is named {FILE_NAME}"
        strays = [Problem(str(file), "", wanted) for file in sorted(misplaced)]
        strays += [
            Problem(str(file), "", other) for file in sorted(self.folder.glob("*/*/task.yml"))
        ]
        reader.problems += strays


def _connections(folder: Path, target: str, reader: Reader) -> Mapping[str, Profile]:
    file = folder / CONNECTIONS
    document = reader.document(file)
    if document is None:
        return {}
    model = reader.model(document, Connections, {"profiles": data_of(document)}, is_wrapped=True)
    if model is None:
        return {}
    if target not in model.profiles:
        near = suggestion(target, model.profiles)
        what = f"is required: the profile of the database that is filled{near}"
        reader.problems.append(Problem(f"{file}:1", target, what))
    elif getattr(model.profiles[target], "type", None) != "postgres":
        reader.add(document, (target,), "must be a profile of type postgres: the target")
    return dict(model.profiles)


def _read_route(folder: Path, connections: Mapping[str, Profile], reader: Reader) -> _Route:
    file = folder / "route.yaml"
    document = reader.document(file) if file.is_file() else None
    if document is None:
        if not file.is_file():
            reader.problems.append(Problem(str(file), "", "there is no such file"))
        return _Route(folder, RouteDefinition(), {})
    fields = data_of(document)
    definition = reader.model(document, RouteDefinition, fields)
    if definition is None:  # its tasks are not at fault
        definition = RouteDefinition.model_construct(source=fields.get("source"))
    source = definition.source
    if source is not None and connections and source not in connections:
        near = suggestion(source, connections)
        reader.add(document, ("source",), f"no such profile in {CONNECTIONS}{near}")
    return _Route(folder, definition, object_of(fields.get("defaults")))


def _add(
    task: Task, tasks: dict[str, Task], connections: Mapping[str, Profile], reader: Reader
) -> None:
    for name in (task.schema, task.table):
        if len(name.encode()) > _LONGEST_NAME:
            reader.add(task.document, (), f"{name}: longer than PostgreSQL's {_LONGEST_NAME} bytes")
    if other := tasks.get(task.id):
        reader.add(task.document, (), f"{other.document.file} fills {task.id} already")
        return
    _check_connection(task, connections, reader)
    _check_files(task, reader)
    tasks[task.id] = task


def _check_connection(task: Task, connections: Mapping[str, Profile], reader: Reader) -> None:
    if task.definition.source is None:
        return
    path = ("source", "connection")
    if task.connection is None:
        reader.add(task.document, path, "is required, as the route names no source")
    elif connections and task.connection not in connections:
        near = suggestion(task.connection, connections)
        reader.add(task.document, path, f"{task.connection!r}: no such profile{near}")
    elif connections:
        _check_kind(task, getattr(connections[task.connection], "type", ""), reader)


def _check_kind(task: Task, kind: str, reader: Reader) -> None:
    """Files come from folders, answers from APIs, and tables from databases."""
    source = task.definition.source
    if source is None:
        return
    given = "files" if source.files else "http" if source.http else "table or query"
    wanted = {"folder": "files", "http": "http"}.get(kind, "table or query")
    if given != wanted:
        what = f"the profile {task.connection} is of type {kind}: give {wanted}, not {given}"
        reader.add(task.document, ("source",), what)


def _check_files(task: Task, reader: Reader) -> None:
    for file in task.sql_files:
        if not file.is_file():
            reader.add(task.document, (), f"{file}: there is no such file")
    numbers: dict[int, Path] = {}
    for file in (task.folder / "ver").glob("*.sql"):
        try:
            number = version_of(file)
        except ConfigError as error:
            reader.problems.append(Problem(str(error), "", ""))
            continue
        if number in numbers:
            what = f"{numbers[number].name} has that number, too"
            reader.problems.append(Problem(str(file), "", what))
        numbers[number] = file
