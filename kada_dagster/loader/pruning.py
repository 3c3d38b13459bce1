"""What no task needs any more: found in the target, and taken away in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.task_folder import FILE_NAME
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.server import Server

if TYPE_CHECKING:
    from psycopg2.sql import Composed

_GONE = {
    "state": "SELECT task, part FROM {schema}.state WHERE task <> ALL (%s) ORDER BY 1, 2",
    "version": "SELECT task, file FROM {schema}.versions WHERE task <> ALL (%s) ORDER BY 1, number",
}
_TAKE = {
    "state": "DELETE FROM {schema}.state WHERE task <> ALL (%s)",
    "version": "DELETE FROM {schema}.versions WHERE task <> ALL (%s)",
}


@dataclass(frozen=True)
class Leftover:
    """Something no task needs.

    Attributes:
        kind: `table`, `state` or `version`.
        task: id of the task it was of; '' where nobody knows.
        what: name of the table, part or file.
    """

    kind: str
    task: str
    what: str


Name = tuple[str, str]
"""Schema and table of a task."""


def task_names(folder: Path) -> set[Name]:
    """All tasks of a project, those that are not active, too.

    Args:
        folder: of the project.

    Raises:
        ConfigError: it is none.
    """
    routes = folder / "routes"
    if not routes.is_dir():
        raise ConfigError(f"{folder}: is no loader project; it has no folder routes/")
    files = routes.glob(f"*/*/*/{FILE_NAME}")
    return {(file.parent.parent.name, file.parent.name) for file in files}


def prune(
    server: Server, tables: StateTables, known: Collection[Name], *, versions: bool, dry_run: bool
) -> list[Leftover]:
    """Take away tables that loads left, and the state of tasks that are gone.

    Args:
        server: the target.
        tables: where the state is kept.
        known: all tasks that are not gone, of every project with this state.
        versions: also forget which version files of such tasks were applied.
        dry_run: only look.

    Returns:
        What was, or would be, taken.

    Raises:
        LoaderError: the server refuses; nothing was taken.
    """
    kinds = ("state", "version") if versions else ("state",)
    ids = [f"{schema}.{table}" for schema, table in known]
    with transaction(server) as target:
        found = list(_tables(target, {schema for schema, _ in known}, dry_run))
        for kind in kinds if tables.are_in(target) else ():
            gone = target.rows(kind, _text(_GONE[kind], tables), (ids,))
            found += [Leftover(kind, row[0], row[1]) for row in gone]
            if gone and not dry_run:
                target.run(f"forget the {kind}", _text(_TAKE[kind], tables), (ids,))
    return found


def _tables(target: Target, schemas: Collection[str], dry_run: bool) -> Iterator[Leftover]:
    from psycopg2.sql import SQL, Identifier

    text = files("kada_dagster.loader").joinpath("sql").joinpath("leftovers.sql")
    for schema, name in target.catalogue("leftovers", text.read_text("utf-8"), (list(schemas),)):
        if not dry_run:
            target.run(f"drop {name}", SQL("DROP TABLE {}").format(Identifier(schema, name)))
        yield Leftover("table", "", f"{schema}.{name}")


def _text(text: str, tables: StateTables) -> Composed:
    from psycopg2.sql import SQL, Identifier

    return SQL(text).format(schema=Identifier(tables.schema))
