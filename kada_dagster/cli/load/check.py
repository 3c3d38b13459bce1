"""`kada load check`: everything that can be known of a project without a connection."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import Any

import click

from kada_dagster.cli.load.printing import counted, json_line, print_table
from kada_dagster.cli.load.project import of_project, place_of
from kada_dagster.cli.session import Session
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.runs.choice import PartChoice, loads_of


@click.command
@of_project
@click.option("--json", "as_json", is_flag=True, help="Print every task as a line of JSON.")
@click.pass_obj
def check(session: Session, *, as_json: bool, **options: Any) -> None:
    """Read a whole project and say what is wrong in it, all at once.

    Neither connections nor environment variables are needed.
    """
    project = place_of(**options).read(session).project
    tasks = list(project.tasks.values())
    loads = loads_of(tasks, PartChoice(), datetime.now(timezone.utc))
    if as_json:
        for facts in _facts(project):
            click.echo(json_line(facts))
        return
    parts = Counter(load.task.id for load in loads if load.part)
    rows = [
        (
            task.route,
            task.id,
            task.definition.mode,
            task.connection,
            parts.get(task.id),
            task.definition.run.cron,
            ", ".join(project.waits_for[task.id]),
        )
        for task in tasks
    ]
    if rows:
        print_table(("route", "task", "mode", "source", "ranges", "cron", "waits for"), rows)
    routes = len({task.route for task in tasks})
    click.echo(f"OK: {counted(len(tasks), 'task')} in {counted(routes, 'route')}")


def _facts(project: Project) -> list[dict[str, Any]]:
    return [
        {
            "task": task.id,
            "route": task.route,
            "mode": task.definition.mode,
            "source": task.connection,
            "waits_for": project.waits_for[task.id],
            "file": str(task.document.file),
            "fingerprint": task.fingerprint,
        }
        for task in project.tasks.values()
    ]
