"""One load of one task: connect to both ends, do it in one transaction, say what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic, time
from uuid import uuid4

from kada_dagster.errors import ConfigError
from kada_dagster.loader.ddl.versions import migrate
from kada_dagster.loader.definition.profiles import PostgresProfile
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.commits import Attempt
from kada_dagster.loader.engine.context import LoadContext, Report, no_report
from kada_dagster.loader.engine.plan import plan_of
from kada_dagster.loader.engine.remembering import load_remembering, nothing
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.engine.select_source import SelectSource
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.engine.state import LoadState, StateTables, cursor_fact, of_cursor
from kada_dagster.loader.engine.stopping import Break, breakable
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.errors import TargetLostError
from kada_dagster.loader.profile_server import server_of
from kada_dagster.loader.server import Server
from kada_dagster.loader.source.base import Source
from kada_dagster.loader.source.registry import open_source


def run_task(
    task: Task,
    project: Project,
    *,
    target: str = "target",
    tables: StateTables = StateTables(),  # noqa: B008 - frozen
    part: Part | None = None,
    report: Report = no_report,
    load_id: str | None = None,
) -> LoadResult:
    """Load a task, or a part of it.

    Args:
        task: of the project.
        project: it is part of.
        target: name of the target's profile.
        tables: where the state is kept.
        part: a range of a task with `split`.
        report: told what begins.
        load_id: names this load in all attempts to do it: one that was committed, though nobody
            heard of it, is not done again. Every call is a load of its own without it.

    Raises:
        KadaError: the target and its state are as they were; except where it says that it is not
            known whether the load was committed.
    """
    began = monotonic()
    server = target_server(project, target)
    schema = task.schema if task.definition.target.ddl == "auto" else None
    applied = migrate(task, server, tables)
    attempt = Attempt(task, part, tables, load_id or uuid4().hex)
    limit = task.definition.run.time_limit
    result, committed = None, nothing
    try:
        with transaction(server, time_limit=limit.total_seconds() if limit else 0) as opened:
            tables.require(opened, server, schema)
            before = attempt.begin(opened)
            result = attempt.earlier(opened, before)
            if result is None:
                result, committed = _load(attempt, project, opened, before, report)
    except TargetLostError as error:
        if result is None:  # it was not the commit
            raise
        result = attempt.find_out(server, error)
    committed()
    notes = {**result.notes, **({"versions": ", ".join(applied)} if applied else {})}
    return replace(result, seconds=monotonic() - began, notes=notes)


def _load(
    attempt: Attempt, project: Project, target: Target, before: LoadState, report: Report
) -> tuple[LoadResult, Callable[[], None]]:
    """Load within the open transaction, and note it there; what to do when that is committed."""
    task, began = attempt.task, time()
    before = of_cursor(before, task.definition.cursor)
    plan = plan_of(task, before.mark, attempt.part)
    with opened_source(task, project, target) as source, breakable(_end_of(source)):
        context = LoadContext(plan, source, target, report)
        remembered = load_remembering(task, context, before.facts)
    done = remembered.outcome
    result = LoadResult(
        task=task.id,
        mode=task.definition.mode,
        part=attempt.name,
        counts=done.counts,
        size=done.size,
        seconds=0.0,
        mark_before=before.mark,
        mark_after=done.mark if done.mark is not None else before.mark,
        notes=done.notes,
        columns=attempt.columns(target),
        began=began,
    )
    state = LoadState(
        result.mark_after,
        task.fingerprint,
        done.counts.read,
        remembered.facts | cursor_fact(task.definition.cursor),
        attempt.load_id,
        result.outcome(),
    )
    attempt.tables.write(target, task.id, state, attempt.name)
    return result, remembered.committed


def target_server(project: Project, name: str) -> Server:
    """The target of a project.

    Raises:
        ConfigError: a variable of its profile is not set.
    """
    profile = project.connections.get(name)
    if not isinstance(profile, PostgresProfile):
        raise ConfigError(f"{project.folder}/connections.yaml: {name}: no profile of type postgres")
    return server_of(profile, name)


def opened_source(task: Task, project: Project, target: Target) -> Source:
    """What a task reads: its profile, or for mode sql the target; close it.

    Raises:
        KadaError: it cannot be opened.
    """
    if task.connection is None:
        return SelectSource(target, str(task.folder / "".join(task.definition.sql)))
    profile = project.connections[task.connection]
    return open_source(profile, task.connection)


def _end_of(source: Source) -> Break:
    """How a source is broken off outside of a stream; some answer at once and need nothing."""
    return getattr(source, "cancel", None) or (lambda: None)
