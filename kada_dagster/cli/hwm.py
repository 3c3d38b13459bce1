"""`kada hwm`: what the high water marks are and were, and the operator's hand on them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from kada_dagster.cli.marks import Marks, chosen_marks
from kada_dagster.cli.output import is_terminal, tell
from kada_dagster.cli.session import Session
from kada_dagster.cli.summary import change_text, mark_text, span_json
from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now

_config = click.option(
    "-c",
    "--config",
    metavar="FILE",
    help="A kada.yaml, or the defs.yaml of a component. Default: $KADA_CONFIG, ./kada.yaml.",
)
_hwm_path = click.option(
    "--hwm-path",
    metavar="FOLDER",
    help="Where the marks are kept. Default: as configured, or here.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group
def hwm() -> None:
    """Show or set high water marks."""


@hwm.command
@click.argument("name", required=False)
@_config
@_hwm_path
@_json
@click.pass_obj
def show(
    session: Session, name: str | None, config: str | None, hwm_path: str | None, as_json: bool
) -> None:
    """Show the mark of NAME, or of every source."""
    marks = chosen_marks(session, config, hwm_path)
    shown = [_Shown.of(marks, each) for each in ([name] if name else marks.names())]
    if as_json:
        click.echo(_as_json([each.facts() for each in shown]))
    else:
        click.echo("\n".join(each.text() for each in shown) or "no marks yet")


@hwm.command
@click.argument("name")
@_config
@_hwm_path
@click.option(
    "--limit",
    type=click.IntRange(1, LONGEST_HISTORY),
    default=20,
    show_default=True,
    help="How many changes, counted from the last one.",
)
@_json
@click.pass_obj
def history(
    session: Session,
    name: str,
    *,
    config: str | None,
    hwm_path: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what has moved the mark of NAME, oldest first. Times are UTC."""
    changes = chosen_marks(session, config, hwm_path).store(name).history(name, limit)
    if as_json:
        click.echo(_as_json([json.loads(change.to_json()) for change in changes]))
    else:
        click.echo("\n".join(map(change_text, changes)) or f"{name}: no changes yet")


@hwm.command("set")
@click.argument("name")
@click.argument("moment", metavar="'YYYY-MM-DD HH:MM:SS'")
@_config
@_hwm_path
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def set_(
    session: Session, name: str, moment: str, *, config: str | None, hwm_path: str | None, yes: bool
) -> None:
    """Put the mark of NAME at a moment (UTC), forward or back."""
    marks, target = chosen_marks(session, config, hwm_path), parse_hwm(moment, "the moment")
    marks.check_known(name)
    store = marks.store(name)
    if not yes and (doubt := _doubt(store, name, target)):
        _ask(doubt)
    reached = store.set(name, target).mark
    click.echo(_Shown.of(marks, name).text())
    if reached is not None and reached > target:
        span = Window(target, reached)
        tell(f"{name}: {span} was uploaded before, so the mark is at its end")


def _doubt(store: MarkStore, name: str, target: datetime) -> str:
    """Why the operator should think twice; empty when there is no reason."""
    try:
        mark = store.read(name).mark
    except WatermarkError as error:
        return f"{error}\nit will be replaced"
    if mark is not None and target < mark:
        return (
            f"{name} is at {format_hwm(mark)}: what came after {format_hwm(target)} is sent again"
        )
    return "that is in the future: windows before it will not be extracted" * (target > utc_now())


def _ask(doubt: str) -> None:
    if not is_terminal(sys.stdin):
        raise ConfigError(f"{doubt}; give --yes if that is meant")
    click.confirm(f"{doubt}. Go on?", abort=True, err=True)


def _as_json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=1)


@dataclass(frozen=True)
class _Shown:
    name: str
    state: MarkState
    held_by: Window | None
    kept_in: str

    @classmethod
    def of(cls, marks: Marks, name: str) -> _Shown:
        store = marks.store(name)
        state = store.read(name)
        return cls(name, state, marks.held_by(name, state), store.describe(name))

    def text(self) -> str:
        return f"{self.name}: {mark_text(self.state.mark, self.held_by)} (in {self.kept_in})"

    def facts(self) -> dict[str, Any]:
        mark = self.state.mark
        return {
            "name": self.name,
            "high_water_mark": format_hwm(mark) if mark else None,
            "ahead": [span_json(span) for span in self.state.ahead],
            "held_by": span_json(self.held_by),
            "kept_in": self.kept_in,
        }
