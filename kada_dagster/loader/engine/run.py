"""One load of one task: connect to both ends, do it in one transaction, say what was done."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from kada_dagster.errors import ConfigError
from kada_dagster.loader.ddl.versions import migrate
from kada_dagster.loader.definition.profiles import PostgresProfile
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import (
    Counts,
    LoadContext,
    Report,
    no_report,
)
from kada_dagster.loader.engine.plan import plan_of
from kada_dagster.loader.engine.prepared import load_prepared
from kada_dagster.loader.engine.select_source import SelectSource
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.engine.state import LoadState, StateTables
from kada_dagster.loader.engine.stopping import Break, breakable
from kada_dagster.loader.engine.table import describe
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.profile_server import server_of
from kada_dagster.loader.server import Server
from kada_dagster.loader.source.base import Source, TargetColumn
from kada_dagster.loader.source.registry import open_source

_WAIT_SECONDS = 60.0  # for another load of the same table


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        task: its id.
        mode: its mode.
        part: name of the part; '' for the whole table.
        counts: of rows.
        size: bytes of COPY data.
        seconds: from the connection to the commit.
        mark_before, mark_after: of an incremental load.
        notes: further facts, by name.
        columns: of the target that take a value, as they are now; none where there is no table.
    """

    task: str
    mode: str
    part: str
    counts: Counts
    size: int
    seconds: float
    mark_before: str | None
    mark_after: str | None
    notes: dict[str, str]
    columns: tuple[TargetColumn, ...] = ()


def run_task(
    task: Task,
    project: Project,
    *,
    target: str = "target",
    tables: StateTables = StateTables(),  # noqa: B008 - frozen
    part: Part | None = None,
    report: Report = no_report,
) -> LoadResult:
    """Load a task, or a part of it.

    Args:
        task: of the project.
        project: it is part of.
        target: name of the target's profile.
        tables: where the state is kept.
        part: a range of a task with `split`.
        report: told what begins.

    Raises:
        KadaError: the target and its state are as they were.
    """
    began = monotonic()
    server = target_server(project, target)
    tables.prepare(server, task.schema if task.definition.target.ddl == "auto" else None)
    applied = migrate(task, server, tables)
    name = part.name if part else ""
    limit = task.definition.run.time_limit
    seconds = limit.total_seconds() if limit else 0
    with transaction(server, time_limit=seconds) as opened:
        opened.lock(f"kada_dagster loader: {task.id} {name}".rstrip(), _WAIT_SECONDS)
        before = tables.read(opened, task.id, name) or LoadState()
        plan = plan_of(task, before.mark, part)
        with opened_source(task, project, opened) as source, breakable(_end_of(source)):
            outcome = load_prepared(task, LoadContext(plan, source, opened, report))
        mark = outcome.mark if outcome.mark is not None else before.mark
        state = LoadState(mark, task.fingerprint, outcome.counts.read, before.facts)
        tables.write(opened, task.id, state, name)
        columns = describe(opened, task.schema, task.table).columns if task.has_table else ()
    return LoadResult(
        task.id,
        task.definition.mode,
        name,
        outcome.counts,
        outcome.size,
        monotonic() - began,
        before.mark,
        mark,
        {**outcome.notes, **({"versions": ", ".join(applied)} if applied else {})},
        columns,
    )


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
    return open_source(profile, task.connection, task.folder)


def _end_of(source: Source) -> Break:
    """How a source is broken off outside of a stream; some answer at once and need nothing."""
    return getattr(source, "cancel", None) or (lambda: None)
