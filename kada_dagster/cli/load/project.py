"""The project a command is about: a folder, or a loader of kada.yaml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kada_dagster.cli.session import Session
from kada_dagster.config.problems import suggestion
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profile_secrets import profile_secrets
from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.engine.run import target_server
from kada_dagster.loader.engine.state import SCHEMA, StateTables
from kada_dagster.loader.server import Server
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.config import LoaderSettings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Place:
    """Where a project is, and what it is loaded into; nothing is read yet.

    Attributes:
        folder: of the project.
        target: name of the target's profile.
        tables: where the state is kept.
    """

    folder: Path
    target: str
    tables: StateTables

    @classmethod
    def at(cls, folder: str, target: str | None = None, schema: str | None = None) -> Place:
        """A folder, and names where they are not the usual ones."""
        return cls(Path(folder), target or "target", StateTables(schema or SCHEMA))

    def read(self, session: Session, *, may_be_new: bool = False) -> Chosen:
        """Read the project.

        Args:
            session: gets the secrets of its profiles.
            may_be_new: see `read_project`.

        Raises:
            ConfigError: it is not usable.
        """
        project = read_project(self.folder, self.target, may_be_new=may_be_new)
        session.secrets += secrets_of(project)
        return Chosen(project, self.target, self.tables)


@dataclass(frozen=True)
class Chosen:
    """A project, ready to be worked on.

    Attributes:
        project: as read.
        target: name of the target's profile.
        tables: where the state is kept.
    """

    project: Project
    target: str
    tables: StateTables

    @property
    def server(self) -> Server:
        """The target.

        Raises:
            ConfigError: a variable of its profile is not set.
        """
        return target_server(self.project, self.target)


def of_project(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which project; they go to `place_of`."""
    for option in (
        click.option("-c", "--config", metavar="FILE", help="The kada.yaml. Default: ./kada.yaml."),
        click.option("-n", "--loader", metavar="NAME", help="The loader in it, of several."),
        click.option("--state-schema", metavar="NAME", help=f"With --project. Default: {SCHEMA}."),
        click.option("--target", metavar="PROFILE", help="With --project. Default: target."),
        click.option("-p", "--project", metavar="FOLDER", help="A project, without kada.yaml."),
    ):
        command = option(command)
    return command


def place_of(
    *,
    project: str | None,
    target: str | None,
    state_schema: str | None,
    loader: str | None,
    config: str | None,
) -> Place:
    """The project the options of `of_project` name.

    Raises:
        ConfigError: none is named, or kada.yaml is not usable.
    """
    if project is not None:
        if loader is not None or config is not None:
            raise click.UsageError("--project stands for itself: leave out --loader and --config")
        return Place.at(project, target, state_schema)
    if target is not None or state_schema is not None:
        raise click.UsageError("--target and --state-schema go with --project; kada.yaml has them")
    return _place(_pick(configured_loaders(config), loader))


def configured_loaders(config: str | None) -> list[LoaderSettings]:
    """The loaders of kada.yaml.

    Args:
        config: the file; None for the usual places.

    Raises:
        ConfigError: there is no file, it is not usable, or has none.
    """
    file, loaders = _loaders(config)
    if file is None:
        raise ConfigError("there is no kada.yaml here; give the folder of a project: --project")
    if not loaders:
        raise ConfigError(f"{file}: there is no loader; give the folder of a project: --project")
    return loaders


def places_beside(place: Place, config: str | None) -> list[Place]:
    """The other projects kada.yaml names."""
    _, loaders = _loaders(config)
    places = [_place(loader) for loader in loaders]
    return [other for other in places if other.folder.resolve() != place.folder.resolve()]


def secrets_of(project: Project) -> list[Secret]:
    """References to what profiles, and calls of APIs, take from the environment and no message
    may show."""
    sent = (name for task in project.tasks.values() for name in task.variables)
    found = [
        *profile_secrets(project.connections.values()),
        *(Secret(variable=one) for one in sent),
    ]
    return list(dict.fromkeys(found))


def _loaders(config: str | None) -> tuple[Path | None, list[LoaderSettings]]:
    """The kada.yaml and the loaders in it. Only who looks for one pays for the models of all."""
    from kada_dagster.cli.choice import configured_file, load_any
    from kada_dagster.config import find_config

    file = configured_file() if config is None else find_config(config)
    return file, load_any(file).loader if file else []


def _place(settings: LoaderSettings) -> Place:
    return Place(settings.project, settings.target, StateTables(settings.state_schema))


def _pick(loaders: list[LoaderSettings], name: str | None) -> LoaderSettings:
    by_name = {loader.name: loader for loader in loaders}
    if name is None and len(loaders) == 1:
        return loaders[0]
    known = f"there are: {', '.join(by_name)}"
    if name is None:
        raise ConfigError(f"give one of several loaders with --loader; {known}")
    if name not in by_name:
        raise ConfigError(f"--loader {name}: no such loader{suggestion(name, by_name)}; {known}")
    return by_name[name]
