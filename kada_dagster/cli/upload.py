"""`kada upload`: send what was extracted before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import click

from kada_dagster.cli.choice import Choice, choose, landing_of
from kada_dagster.cli.output import display
from kada_dagster.cli.session import Session
from kada_dagster.cli.summary import mark_text
from kada_dagster.collector.pending import pending_windows
from kada_dagster.collector.steps import deliver
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.manifest import ExtractFile
from kada_dagster.extracts.staging_place import StagingPlace, staging_at
from kada_dagster.hwm.mark import gap
from kada_dagster.hwm.window import Window, format_hwm
from kada_dagster.landing.base import Landing, Receipt
from kada_dagster.landing.upload import waiting

_MOMENT = "YYYY-MM-DD HH:MM:SS"


@click.command
@click.argument("source_type", metavar="TYPE", type=click.Choice(list(SOURCE_TYPES)))
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help="A kada.yaml, the defs.yaml of a component, or the vendor's JSON file.",
)
@click.option("-n", "--name", help="The source in kada.yaml, or the name of the instance.")
@click.option("--start-hwm", metavar=_MOMENT, help="Send this window, whatever the mark says, UTC.")
@click.option("--end-hwm", metavar=_MOMENT, help="Its end, UTC.")
@click.option("--hwm-path", metavar="FOLDER", help="Where the high water marks are kept.")
@click.option("--landing", metavar="FOLDER", help="Send the files to this folder.")
@click.option("--dry-run", is_flag=True, help="List what would be sent; send nothing.")
@click.option("--accept-shrink", is_flag=True, help="Allow fewer rows than the last extract.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def upload(
    session: Session,
    source_type: str,
    *,
    config: str | None,
    name: str | None,
    start_hwm: str | None,
    end_hwm: str | None,
    hwm_path: str | None,
    landing: str | None,
    dry_run: bool,
    accept_shrink: bool,
    as_json: bool,
) -> None:
    """Send extracts of a source of TYPE that are in its staging folder, and move its mark.

    Without a window: those the mark says are not uploaded yet, oldest first. Each is checked
    before it is sent.
    """
    choice = choose(source_type, config, name, hwm_path)
    session.secrets += choice.secrets()
    target = landing_of(choice, landing)
    if target is None:
        raise ConfigError(
            f"{choice.file}: {choice.settings.name} has no landing; give it one, or --landing"
        )
    staging = staging_at(choice.settings.output_path, choice.settings.name)
    runs = _runs(choice, staging, start_hwm, end_hwm)
    if dry_run:
        _print(as_json, [_Plan(run, staging, target) for run in runs], "nothing to send")
        return
    least = 0.0 if accept_shrink else choice.settings.checks.min_share_of_last
    _send(choice, staging, runs, target, least, as_json=as_json)


def _runs(
    choice: Choice, staging: StagingPlace, start_hwm: str | None, end_hwm: str | None
) -> list[Window]:
    if start_hwm is not None and end_hwm is not None:
        return staging.covering(Window.parse(start_hwm, end_hwm))
    if start_hwm is not None or end_hwm is not None:
        raise ConfigError("--start-hwm and --end-hwm go together")
    state = choice.marks.read(choice.settings.name)
    return pending_windows(staging.runs(), state, choice.first)


def _send(
    choice: Choice,
    staging: StagingPlace,
    runs: Sequence[Window],
    target: Landing,
    least: float,
    *,
    as_json: bool,
) -> None:
    done: list[_Done] = []
    name = choice.settings.name
    first = choice.first or min((window.start for window in runs), default=None)
    with display() as shown:
        shown.step(f"{name}: configured in {choice.file}")
        for window in runs:
            shown.step(f"{window}")
            delivery = deliver(
                staging,
                window,
                first=first or window.start,
                marks=choice.marks,
                landing=target,
                min_share_of_last=least,
                report=shown.step,
                progress=shown.sent,
            )
            done.append(_Done(window, delivery.receipts))
    _print(as_json, done, "nothing to send")
    if not as_json:
        click.echo(_mark_line(choice, first))


def _mark_line(choice: Choice, first: datetime | None) -> str:
    state = choice.marks.read(choice.settings.name)
    base = state.mark or first
    held_by = gap(state, base) if base else None
    kept = choice.marks.describe(choice.settings.name)
    return f"mark  {mark_text(state.mark, held_by)} (in {kept})"


class _Plan:
    """What would be sent of one run."""

    def __init__(self, window: Window, staging: StagingPlace, landing: Landing) -> None:
        self.window, self.folder, self.landing = window, staging.location(window), landing
        with staging.reading(window) as folder:
            self.files: Sequence[ExtractFile] = waiting(folder, landing)

    def facts(self) -> dict[str, Any]:
        files = [{"file": f.file, "bytes": f.bytes, "sha256": f.sha256} for f in self.files]
        return {**_bounds(self.window), "folder": self.folder, "would_send": files}

    def lines(self) -> Iterator[str]:
        yield f"{self.window} would be sent to {self.landing.describe()}:"
        yield from (f"  {file.bytes:>16,} bytes  {file.file}" for file in self.files)
        if not self.files:
            yield "  nothing: every file is there already; the mark would move"


@dataclass(frozen=True)
class _Done:
    """What was sent of one run."""

    window: Window
    receipts: Sequence[Receipt]

    def facts(self) -> dict[str, Any]:
        return {**_bounds(self.window), "uploaded": [asdict(receipt) for receipt in self.receipts]}

    def lines(self) -> Iterator[str]:
        yield f"{self.window}:"
        for receipt in self.receipts:
            state = "sent" if receipt.sent else "there already"
            yield f"  {receipt.size:>16,} bytes  {receipt.name}  {state}"


def _bounds(window: Window) -> dict[str, str]:
    return {"start_hwm": format_hwm(window.start), "end_hwm": format_hwm(window.end)}


def _print(as_json: bool, parts: Sequence[_Plan] | Sequence[_Done], nothing: str) -> None:
    if as_json:
        facts = [part.facts() for part in parts]
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(line for part in parts for line in part.lines()) or nothing)
