"""`kada load prune`: what no task needs any more."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.load.printing import json_line, print_table
from kada_dagster.cli.load.project import of_project, place_of, places_beside
from kada_dagster.cli.session import Session
from kada_dagster.loader.engine.context import Report, no_report
from kada_dagster.loader.engine.watching import watched
from kada_dagster.loader.pruning import Leftover, task_names
from kada_dagster.loader.pruning import prune as prune_target


@click.command
@click.option("--dry-run", is_flag=True, help="Only show what would be taken.")
@click.option("--versions", is_flag=True, help="And which version files such tasks had applied.")
@click.option(
    "--also", metavar="FOLDER", multiple=True, help="Another project that keeps its state there."
)
@of_project
@click.option("--json", "as_json", is_flag=True, help="Print each as a line of JSON.")
@click.pass_obj
def prune(
    session: Session,
    *,
    dry_run: bool,
    versions: bool,
    also: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Take away tables that loads left behind, and the marks of tasks that are gone.

    A task is gone when its folder is; one that is not active is not gone. Tasks of all loaders of
    kada.yaml with the same state schema count, and those of --also.
    """
    place = place_of(**options)
    chosen = place.read(session)
    known = task_names(chosen.project.folder)
    for folder in also:
        known |= task_names(Path(folder))
    for other in places_beside(place, options["config"]):
        if other.tables == chosen.tables:  # perhaps of another target: then too much is kept
            known |= task_names(other.folder)

    def work(_report: Report) -> list[Leftover]:
        return prune_target(chosen.server, chosen.tables, known, versions=versions, dry_run=dry_run)

    with terminable():
        found = watched(work, no_report)
    if as_json:
        for leftover in found:
            click.echo(json_line({**asdict(leftover), "taken": not dry_run}))
        return
    if found:
        print_table(("kind", "task", "what"), [(one.kind, one.task, one.what) for one in found])
    word = "would be taken away" if dry_run else "taken away"
    click.echo(f"{len(found):,} {word}" if found else "nothing to take away")
