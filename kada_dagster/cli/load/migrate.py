"""`kada load migrate`: the files of `ver/` applied without loading anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.load.printing import json_line, print_table
from kada_dagster.cli.load.project import Chosen, of_project, place_of
from kada_dagster.cli.output import printable, tell
from kada_dagster.cli.session import Session
from kada_dagster.errors import KadaError
from kada_dagster.loader.ddl import versions
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import no_report
from kada_dagster.loader.engine.watching import watched
from kada_dagster.loader.runs.choice import find_task, find_tasks

Change = tuple[str, str, str]
"""Task, file, and what became of it."""

Make = Callable[[Task, Chosen], list[Change]]
"""Does something with the files of a task."""


@click.command
@click.argument("names", metavar="[TASK]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show what would be applied; change nothing.")
@click.option(
    "--accept",
    metavar="TASK",
    multiple=True,
    help="Take its files that changed after they were applied as they are now; applies nothing.",
)
@of_project
@click.option("--json", "as_json", is_flag=True, help="Print each file as a line of JSON.")
@click.pass_obj
def migrate(
    session: Session,
    names: Sequence[str],
    *,
    dry_run: bool,
    accept: Sequence[str],
    as_json: bool,
    **options: Any,
) -> int:
    """Apply the version files of TASKs, or of all tasks, that were not applied yet.

    Each file is a transaction of its own. A task whose file fails does not keep others from
    theirs.
    """
    if accept and (names or dry_run):
        raise click.UsageError("--accept stands alone: leave out TASK and --dry-run")
    chosen = place_of(**options).read(session)
    if accept:
        tasks, change = [find_task(chosen.project, name) for name in accept], _accept
    else:
        tasks = find_tasks(chosen.project, names, everything=not names)
        change = _pending if dry_run else _apply
    with terminable():
        found, errors = _each(chosen, [task for task in tasks if task.version_files], change)
    _print(found, as_json=as_json)
    if not (found or errors or as_json):
        click.echo("nothing to do: every version file is applied as it is")
    for error in errors:
        tell(printable(session.redacted(f"error: {error}")))
    codes = {error.exit_code for error in errors}
    return codes.pop() if len(codes) == 1 else int(bool(codes))


def _each(
    chosen: Chosen, tasks: Sequence[Task], change: Make
) -> tuple[list[Change], list[KadaError]]:
    found: list[Change] = []
    errors: list[KadaError] = []
    for task in tasks:
        try:
            found += _watched(change, task, chosen)
        except KadaError as error:
            errors.append(error)
    return found, errors


def _watched(change: Make, task: Task, chosen: Chosen) -> list[Change]:
    return watched(lambda _report: change(task, chosen), no_report)


def _apply(task: Task, chosen: Chosen) -> list[Change]:
    done = versions.migrate(task, chosen.server, chosen.tables)
    return [(task.id, name, "applied") for name in done]


def _pending(task: Task, chosen: Chosen) -> list[Change]:
    waiting = versions.pending(task, chosen.server, chosen.tables)
    return [(task.id, name, "pending") for name in waiting]


def _accept(task: Task, chosen: Chosen) -> list[Change]:
    chosen.tables.prepare(chosen.server)
    taken = versions.accept(task, chosen.server, chosen.tables)
    return [(task.id, name, "accepted") for name in taken]


def _print(found: Sequence[Change], *, as_json: bool) -> None:
    if as_json:
        for task, file, status in found:
            click.echo(json_line({"task": task, "file": file, "status": status}))
    elif found:
        print_table(("task", "file", "status"), found)
