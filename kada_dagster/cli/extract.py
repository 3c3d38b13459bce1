"""`kada extract`: one window of one source, from the connection test to the mark."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

import click

from kada_dagster.cli.choice import Choice, choose, landing_of
from kada_dagster.cli.output import display
from kada_dagster.cli.session import Session
from kada_dagster.cli.summary import summary_json, summary_text
from kada_dagster.collector.steps import Report, WindowOutcome, hold_window, run_window
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now
from kada_dagster.landing.base import Landing

_MOMENT = "YYYY-MM-DD HH:MM:SS"


@click.command
@click.argument("source_type", metavar="TYPE", type=click.Choice(list(SOURCE_TYPES)))
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help="A kada.yaml, the defs.yaml of a component, or the vendor's JSON file. Default: "
    "$KADA_CONFIG, ./kada.yaml, the demo.",
)
@click.option(
    "-n",
    "--name",
    help="The source in kada.yaml; for a JSON file, the name of the instance (default: TYPE).",
)
@click.option("--start-hwm", metavar=_MOMENT, help="Begin of the window, UTC. Default: the mark.")
@click.option(
    "--end-hwm",
    metavar=_MOMENT,
    help="End of the window, UTC. Default: now, less window.delay_minutes.",
)
@click.option("--hwm-path", metavar="FOLDER", help="Where the high water marks are kept.")
@click.option("--landing", metavar="FOLDER", help="Send the files to this folder.")
@click.option("--no-upload", is_flag=True, help="Stop after the checks; `kada upload` goes on.")
@click.option("--accept-shrink", is_flag=True, help="Allow fewer rows than the last extract.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def extract(
    session: Session,
    source_type: str,
    *,
    config: str | None,
    name: str | None,
    start_hwm: str | None,
    end_hwm: str | None,
    hwm_path: str | None,
    landing: str | None,
    no_upload: bool,
    accept_shrink: bool,
    as_json: bool,
) -> None:
    """Extract one window of a source of TYPE, check it, upload it, and move its mark.

    Nothing is uploaded and no mark moves unless everything before has succeeded.
    """
    choice = choose(source_type, config, name, hwm_path)
    session.secrets += choice.secrets()
    target = None if no_upload else landing_of(choice, landing)
    window = _window(choice, start_hwm, end_hwm)
    outcome = _run(choice, window, target, accept_shrink=accept_shrink, hold=no_upload)
    to_text = summary_json if as_json else summary_text
    click.echo(to_text(choice, outcome, target, held=no_upload))


def _run(
    choice: Choice, window: Window, landing: Landing | None, *, accept_shrink: bool, hold: bool
) -> WindowOutcome:
    extractor = choice.settings.extractor()
    least = 0.0 if accept_shrink else choice.settings.checks.min_share_of_last
    first = choice.first or window.start
    with display() as shown:
        shown.step(f"{choice.settings.name}: configured in {choice.file}")
        extractor.on_progress = shown.rows
        common: _Common = {
            "first": first,
            "marks": choice.marks,
            "min_share_of_last": least,
            "report": shown.step,
        }
        if hold:
            return hold_window(extractor, window, **common)
        return run_window(extractor, window, landing=landing, progress=shown.sent, **common)


class _Common(TypedDict):
    first: datetime
    marks: MarkStore
    min_share_of_last: float
    report: Report


def _window(choice: Choice, start_hwm: str | None, end_hwm: str | None) -> Window:
    """The window asked for; by default from the mark, or the first window, on."""
    end = _end(choice, end_hwm)
    if start_hwm is not None:
        return Window(parse_hwm(start_hwm, "--start-hwm"), end)
    name = choice.settings.name
    mark = choice.marks.read(name).mark
    start = mark or choice.first or choice.settings.window.first
    if start < end:
        return Window(start, end)
    late = f"{format_hwm(start)}, which is not before {format_hwm(end)}"
    if mark is None and choice.first is not None:
        raise ConfigError(
            f"{choice.file}: nothing to extract: {name} has no mark yet, and its window.start is "
            f"{late}; correct window.start, or give --start-hwm"
        )
    raise ConfigError(
        f"nothing to extract: {name} is at {late}; to extract a window again give --start-hwm and "
        "--end-hwm"
    )


def _end(choice: Choice, end_hwm: str | None) -> datetime:
    """The end asked for; by default the last moment of which no data is to come."""
    settled = utc_now() - choice.settings.window.delay
    if end_hwm is None:
        return settled
    end = parse_hwm(end_hwm, "--end-hwm")
    if end > settled:
        raise ConfigError(
            f"--end-hwm {end_hwm!r} is too late: data of that time may still come. The latest "
            f"end is now less window.delay_minutes, {format_hwm(settled)} (UTC)"
        )
    return end
