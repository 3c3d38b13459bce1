"""`kada hwm`: what the high water marks are and were, and the operator's hand on them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from kada_dagster.cli.choice import configured_file, find_source, is_vendor_file, marks_of
from kada_dagster.cli.session import Session
from kada_dagster.cli.summary import change_text, mark_text, span_json
from kada_dagster.config import KadaConfig, find_config, load_config_file
from kada_dagster.config.fields import secret_fields
from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.history import LONGEST_HISTORY
from kada_dagster.hwm.mark import MarkState, gap
from kada_dagster.hwm.mark_format import MARK
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now

_config = click.option(
    "-c", "--config", metavar="FILE", help="The kada.yaml. Default: $KADA_CONFIG, ./kada.yaml."
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
    marks = _marks(session, config, hwm_path)
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
    changes = _marks(session, config, hwm_path).store(name).history(name, limit)
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
    marks, target = _marks(session, config, hwm_path), parse_hwm(moment, "the moment")
    store = marks.store(name)
    if not yes and (doubt := _doubt(store, name, target)):
        _ask(doubt)
    reached = store.set(name, target).mark
    click.echo(_Shown.of(marks, name).text())
    if reached is not None and reached > target:
        span = Window(target, reached)
        click.echo(f"{name}: {span} was uploaded before, so the mark is at its end", err=True)


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
    if not sys.stdin.isatty():
        raise ConfigError(f"{doubt}; give --yes if that is meant")
    click.confirm(f"{doubt}. Go on?", abort=True, err=True)


def _as_json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=1)


@dataclass(frozen=True)
class _Marks:
    """The marks a command is about.

    Attributes:
        config: the configuration, where one applies.
        folder: of marks in files, in place of the configured store; where neither is given, the
            current one.
    """

    config: KadaConfig | None
    folder: str | None

    def names(self) -> list[str]:
        if self.config is not None:
            return [source.name for source in self.config.sources]
        found = Path(self.folder or ".").glob(f"*{MARK}")
        return sorted(path.name[: -len(MARK)] for path in found)

    def store(self, name: str) -> MarkStore:
        """Where a mark is; stores may differ from source to source.

        Raises:
            ConfigError: there is no such source.
        """
        if self.config is None:
            return FileMarkStore(Path(self.folder or "."))
        file = self.config.config_path
        source = find_source(self.config.sources, name, f"{file}: no source")
        return marks_of(self.config, source, self.folder)

    def held_by(self, name: str, state: MarkState) -> Window | None:
        sources = self.config.sources if self.config else []
        first = next((each.window.first for each in sources if each.name == name), None)
        base = state.mark or first
        return gap(state, base) if base else None


@dataclass(frozen=True)
class _Shown:
    name: str
    state: MarkState
    held_by: Window | None
    kept_in: str

    @classmethod
    def of(cls, marks: _Marks, name: str) -> _Shown:
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


def _marks(session: Session, config: str | None, hwm_path: str | None) -> _Marks:
    """The marks of the configuration; with a folder alone, the files in it."""
    file = find_config(config) if config else None if hwm_path else configured_file()
    if file is None or is_vendor_file(file):
        return _Marks(None, hwm_path)
    whole = load_config_file(file)
    session.secrets += secret_fields(whole.high_water_marks)
    session.secrets += [secret for source in whole.sources for secret in source.secrets()]
    return _Marks(whole, hwm_path)
