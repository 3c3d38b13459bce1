"""`kada load run`: tasks loaded in the order of what they wait for."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
from typing import Any, TypedDict

import click

from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.load.printing import json_line, print_table
from kada_dagster.cli.load.project import Chosen, of_project, place_of
from kada_dagster.cli.output import Display, display, printable, tell
from kada_dagster.cli.session import Session
from kada_dagster.errors import KadaError
from kada_dagster.loader.engine.context import Report
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.quality import Quality, check_task
from kada_dagster.loader.runs.choice import Load, PartChoice, find_tasks, loads_of
from kada_dagster.loader.runs.crew import Crew
from kada_dagster.loader.runs.outcome import Outcome


@click.command
@click.argument("names", metavar="[TASK]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All tasks, or all of the route.")
@click.option("-r", "--route", help="The tasks of this route.")
@click.option("--downstream", is_flag=True, help="And all tasks that wait for them.")
@click.option("--part", metavar="NAME", help="One range of tasks with `split`.")
@click.option("--parts", metavar="FROM:TO", help="Ranges from one to another, both included.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Side by side."
)
@click.option("--no-checks", is_flag=True, help="Leave out what `checks` of the tasks asks for.")
@of_project
@click.option("--json", "as_json", is_flag=True, help="Print each outcome as a line of JSON.")
@click.pass_obj
def run(
    session: Session,
    names: Sequence[str],
    *,
    everything: bool,
    route: str | None,
    downstream: bool,
    part: str | None,
    parts: str | None,
    jobs: int,
    no_checks: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Load TASKs, as schema.table, each behind those it waits for.

    A task with `split` is loaded range by range, each a load of its own. What waits for a task
    that failed is not run; everything else is.
    """
    if part is not None and parts is not None:
        raise click.UsageError("give either --part or --parts")
    chosen = place_of(**options).read(session)
    tasks = find_tasks(
        chosen.project, names, everything=everything, route=route, downstream=downstream
    )
    now = datetime.now(timezone.utc)
    loads = loads_of(tasks, PartChoice(part, parts), now, has_checks=not no_checks)
    outcomes = _run(session, chosen, loads, jobs, as_json=as_json)
    codes = {outcome.exit_code for outcome in outcomes if outcome.error or outcome.checks} - {0}
    return codes.pop() if len(codes) == 1 else int(bool(codes))


def _run(
    session: Session, chosen: Chosen, loads: Sequence[Load], jobs: int, *, as_json: bool
) -> list[Outcome]:
    """Run them all; what ended before an interruption is told, too."""
    outcomes: list[Outcome] = []
    try:
        with display() as shown, terminable():
            report = partial(_tell, session, shown)
            crew = Crew(chosen.project, jobs, _Work(chosen).do, report)
            with closing(crew.run(loads)) as ended:
                for outcome in ended:
                    outcomes.append(outcome)
                    report(outcome.load, outcome.status)
                    if as_json:
                        click.echo(json_line(outcome.facts(), session.redacted))
    finally:
        if not as_json:
            _print([outcome for outcome in outcomes if not outcome.load.checks])
        for outcome in outcomes:
            _complain(session, outcome)
    return outcomes


class _Work:
    """Loads and checks; remembers what was loaded for the checks behind it."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._read: dict[str, int] = {}
        self._parts: dict[str, list[Part]] = {}

    def do(self, load: Load, report: Report) -> LoadResult | list[Quality]:
        """Load, or make the checks."""
        task, chosen = load.task, self._chosen
        places: _Places = {"target": chosen.target, "tables": chosen.tables}
        if load.checks:
            report("check")
            parts = self._parts.get(task.id, [])
            read = self._read.get(task.id)
            return check_task(task, chosen.project, load.checks, parts=parts, read=read, **places)
        result = run_task(
            task,
            chosen.project,
            part=load.part,
            report=report,
            load_id=load.load_id,
            **places,
        )
        if load.part is None:
            self._read[task.id] = result.counts.read
        else:
            self._parts.setdefault(task.id, []).append(load.part)
        return result


class _Places(TypedDict):
    target: str
    tables: StateTables


def _tell(session: Session, shown: Display, load: Load, what: str) -> None:
    shown.step(session.redacted(f"{load}: {what}"))


_COLUMNS = (
    "task",
    "part",
    "mode",
    "status",
    "read",
    "inserted",
    "updated",
    "deleted",
    "bytes",
    "seconds",
    "mark",
)


def _print(outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        print_table(_COLUMNS, [_row(outcome) for outcome in outcomes])


def _row(outcome: Outcome) -> Sequence[object]:
    task, part, result = outcome.load.task, outcome.load.part, outcome.result
    head = (task.id, part.name if part else None, task.definition.mode, outcome.status)
    if result is None:
        return (*head, *[None] * 7)
    counts = result.counts
    return (
        *head,
        counts.read,
        counts.inserted,
        counts.updated,
        counts.deleted,
        result.size,
        result.seconds,
        result.mark_after,
    )


def _complain(session: Session, outcome: Outcome) -> None:
    """Say why a load failed or did not begin; as `session` says errors."""
    if outcome.is_done:
        return
    error = outcome.error
    if error is not None and session.debug:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        tell(printable(session.redacted("".join(lines))), nl=False)
    word = "error" if error else "check failed" if outcome.checks else "not run"
    name = outcome.load.task.id if outcome.checks else str(outcome.load)
    where = "" if error and outcome.reason.startswith(name) else f"{name}: "
    if isinstance(error, KadaError) or error is None or not session.debug:
        tell(printable(session.redacted(f"{word}: {where}{outcome.reason}")))
