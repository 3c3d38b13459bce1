"""`kada load generate`: task folders made of the tables of a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.load.printing import json_line, print_table
from kada_dagster.cli.load.project import Chosen, of_project, place_of
from kada_dagster.cli.session import Session
from kada_dagster.config.problems import suggestion
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import CONNECTIONS, read_project
from kada_dagster.loader.engine.context import no_report
from kada_dagster.loader.engine.watching import watched
from kada_dagster.loader.generate.request import GeneratedMode, Request, parts_of_name
from kada_dagster.loader.generate.schemas import SQLITE, schemas_of, unfound
from kada_dagster.loader.generate.task_files import reason_against, task_files
from kada_dagster.loader.generate.writing import Written, write_route, write_task
from kada_dagster.loader.generate.yaml_lines import yaml_text
from kada_dagster.loader.source.base import TableInfo
from kada_dagster.loader.source.registry import open_source


@click.command
@click.argument("tables", metavar="SCHEMA[.TABLE]")
@click.option("-r", "--route", required=True, help="Route the tasks become part of.")
@click.option("--source", metavar="PROFILE", help="Where the tables are. Default: the route's.")
@click.option(
    "--mode",
    type=click.Choice(["full", "upsert", "incremental"]),
    default="full",
    show_default=True,
    help="Of the tasks, where a table has what it needs.",
)
@click.option("--cursor", metavar="COLUMN", help="Of mode incremental.")
@click.option("--into", metavar="SCHEMA", help="Schema of the target. Default: the same name.")
@click.option(
    "--ddl",
    type=click.Choice(["auto", "files"]),
    default="auto",
    show_default=True,
    help="Tables are made from the source's columns at each load, or once by ver/001_create.sql.",
)
@click.option(
    "--empty",
    type=click.Choice(["fail", "keep", "replace"]),
    help="What an empty table means. Default: that of the mode.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--overwrite", is_flag=True, help="Write each task.yaml that differs anew.")
@of_project
@click.option("--json", "as_json", is_flag=True, help="Print each task as a line of JSON.")
@click.pass_obj
def generate(
    session: Session,
    tables: str,
    *,
    route: str,
    source: str | None,
    mode: GeneratedMode,
    cursor: str | None,
    into: str | None,
    ddl: str,
    empty: str | None,
    dry_run: bool,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a task for each table of SCHEMA of a source, or for those like TABLE, as order_*.

    What is there is never overwritten, but for task.yaml with --overwrite: a second run writes
    only what is new.
    """
    if (mode == "incremental") != (cursor is not None):
        raise click.UsageError("--mode incremental and --cursor go together")
    place = place_of(**options)
    chosen = place.read(session, may_be_new=True)
    profile = _profile(chosen, route, source)
    schema, pattern = parts_of_name(tables)
    usual = chosen.project.routes.get(route)
    request = Request(
        route=route,
        schema=schema,
        pattern=pattern,
        into=into or schema,
        mode=mode,
        cursor=cursor,
        connection=None if usual is None or usual.source == profile else profile,
        has_ddl_files=ddl == "files",
        empty=empty,
    )
    with terminable():
        found = watched(lambda _report: _tables(chosen, profile, schema, request), no_report)
        task = _Writer(chosen.project.folder, request, profile, dry_run, overwrite)
        written = list(task.written(found))
    if not dry_run:
        read_project(chosen.project.folder, chosen.target)
    _print(written, as_json=as_json, dry_run=dry_run)


def _profile(chosen: Chosen, route: str, source: str | None) -> str:
    project = chosen.project
    if "/" in route or route in (".", ".."):
        raise ConfigError(f"--route {route}: must be the name of a folder below routes/")
    usual = project.routes.get(route)
    name = source or (usual.source if usual else None)
    if name is None:
        raise ConfigError(f"--route {route}: there is no such route yet: give its --source")
    if name not in project.connections:
        near = suggestion(name, project.connections)
        raise ConfigError(f"--source {name}: no such profile in {CONNECTIONS}{near}")
    return name


def _tables(chosen: Chosen, profile: str, schema: str, request: Request) -> list[TableInfo]:
    """The tables that are meant.

    Raises:
        ConfigError: there is none; says whether it is the schema or the table that is not there.
    """
    kind = getattr(chosen.project.connections[profile], "type", "")
    with open_source(chosen.project.connections[profile], profile) as source:
        is_there = kind != "sqlite" or schema.lower() in SQLITE  # else it says `no such table`
        tables = list(source.tables(schema)) if is_there else []
        found = [one for one in tables if request.matches(one.name[-1])]
        if not found:
            names = [one.name[-1] for one in tables]
            why = unfound(schema, request.pattern, schemas_of(source, kind), names)
            raise ConfigError(f"{profile}: {why}")
    return found


@dataclass(frozen=True)
class _Writer:
    """Writes the tasks of one request."""

    project: Path
    request: Request
    profile: str
    dry_run: bool
    overwrite: bool

    def written(self, tables: list[TableInfo]) -> Iterator[Written]:
        request = self.request
        folder = self.project / "routes" / request.route
        text = yaml_text({"source": self.profile})
        if write_route(folder, text, dry_run=self.dry_run):
            yield Written("", "new", f"routes/{request.route}/route.yaml")
        for table in tables:
            if reason := reason_against(table, request.into):
                yield Written(f"{request.into}.{table.name[-1]}", "skipped", reason)
                continue
            files = task_files(table, request)
            yield write_task(folder, files, overwrite=self.overwrite, dry_run=self.dry_run)


def _print(written: list[Written], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        for one in written:
            click.echo(json_line({**asdict(one), "written": not dry_run}))
        return
    print_table(("task", "status", "what"), [(one.task, one.status, one.what) for one in written])
    statuses = [one.status for one in written]
    counts = ", ".join(f"{statuses.count(one):,} {one}" for one in dict.fromkeys(statuses))
    click.echo(f"{counts}; nothing was written" if dry_run else counts)
