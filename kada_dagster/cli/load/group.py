"""`kada load` itself."""

from __future__ import annotations

import click

from kada_dagster.cli.lazy_group import LazyCommand, LazyGroup

_PLACE = "kada_dagster.cli.load"
COMMANDS = {
    "check": LazyCommand(f"{_PLACE}.check:check", "Say what is wrong in a project."),
    "generate": LazyCommand(f"{_PLACE}.generate:generate", "Make tasks of a source's tables."),
    "migrate": LazyCommand(f"{_PLACE}.migrate:migrate", "Apply version files."),
    "prune": LazyCommand(f"{_PLACE}.prune:prune", "Take away what no task needs any more."),
    "run": LazyCommand(f"{_PLACE}.run:run", "Load tasks."),
    "translate": LazyCommand(f"{_PLACE}.translate:translate", "Make a project of a dapu project."),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS)
def load() -> None:
    """Fill tables of PostgreSQL as the tasks of a loader project say.

    The project is the folder given with --project, or a loader of kada.yaml.

    Exit codes: 0 done, 1 a load failed, 2 bad configuration or usage, 4 no connection or
    permission, 130 interrupted.
    """
