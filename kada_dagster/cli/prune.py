"""`kada prune`: remove staged runs that were uploaded long ago."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from kada_dagster.cli.choice import chosen_file, find_source, load_kada_yaml, marks_of
from kada_dagster.cli.output import printable, tell
from kada_dagster.cli.session import Session
from kada_dagster.config import KadaConfig, SourceSettings
from kada_dagster.config.fields import secret_fields
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.extracts.staging_place import staging_at
from kada_dagster.hwm.window import utc_now
from kada_dagster.retention.decision import counted
from kada_dagster.retention.staged import Pruned, prune_staging


@click.command
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("-c", "--config", metavar="FILE", help="The kada.yaml.")
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    help="Keep runs for so long after their upload. Default: retention.staging_days.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def prune(
    session: Session,
    *,
    names: tuple[str, ...],
    config: str | None,
    days: int | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Remove staged runs of the sources NAME, or of all of them.

    A run goes when it was uploaded whole, the mark is past it, it is not the last one, and its
    upload is old enough. Everything else stays, and is counted.
    """
    file = chosen_file(config)
    whole = load_kada_yaml(file, "kada prune")
    chosen = _chosen(whole, names, file)
    session.secrets += secret_fields(whole.high_water_marks)
    session.secrets += [secret for source in chosen for secret in source.secrets()]
    before = utc_now() - timedelta(days=_days(whole, days, file))
    done: list[Pruned] = []
    failed: list[KadaError] = []
    for source in chosen:
        try:
            done.append(_pruned(whole, source, before=before, dry_run=dry_run))
        except KadaError as error:  # of one source: the others are none the worse
            failed.append(error)
            tell(printable(session.redacted(f"error: {source.name}: {error}")))
            continue
        if not as_json:
            click.echo(printable("\n".join(_lines(done[-1], dry_run))))
    if as_json:
        click.echo(json.dumps([_facts(one, dry_run) for one in done], indent=1))
    return failed[0].exit_code if failed else 0


def _chosen(config: KadaConfig, names: Sequence[str], file: Path) -> list[SourceSettings]:
    if not names:
        return list(config.sources)
    return [find_source(config.sources, name, f"{file}: no source") for name in names]


def _days(config: KadaConfig, given: int | None, file: Path) -> int:
    days = given or config.retention.staging_days
    if days is None:
        raise ConfigError(f"{file}: no retention.staging_days; write it there, or give --days")
    return days


def _pruned(config: KadaConfig, source: SourceSettings, **options: Any) -> Pruned:
    staging = staging_at(source.output_path, source.name)
    marks = marks_of(config, source, None)
    return prune_staging(staging, marks, sends=source.landing is not None, **options)


def _lines(pruned: Pruned, dry_run: bool) -> Iterator[str]:
    word = "would be removed" if dry_run else "removed"
    yield f"{pruned.name}: {len(pruned.removed):,} {word}, {pruned.bytes:,} bytes"
    for one in pruned.removed:
        yield f"  {one.bytes:>16,} bytes  {one.location}"
    for reason, count in counted(pruned.kept):
        yield f"  kept {count:,}: {reason.value}"


def _facts(pruned: Pruned, dry_run: bool) -> dict[str, Any]:
    removed = [
        {
            "start_hwm": one.window.start_hwm,
            "end_hwm": one.window.end_hwm,
            "location": one.location,
            "bytes": one.bytes,
        }
        for one in pruned.removed
    ]
    kept = {reason.name.lower(): count for reason, count in counted(pruned.kept)}
    return {"name": pruned.name, "removed": removed, "kept": kept, "dry_run": dry_run}
