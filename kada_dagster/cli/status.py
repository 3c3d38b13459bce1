"""`kada status`: how everything is, for an operator and for cron."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kada_dagster.cli.choice import chosen_file, load_kada_yaml
from kada_dagster.cli.output import printable
from kada_dagster.cli.session import Session
from kada_dagster.config import KadaConfig
from kada_dagster.config.fields import secret_fields
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import utc_now
from kada_dagster.operations.situation import Situation, SourceSituation
from kada_dagster.operations.sources import positions
from kada_dagster.operations.staged import last_staged
from kada_dagster.operations.tables import text_lines

if TYPE_CHECKING:
    from kada_dagster.secrets import Secret

_SECONDS = 60.0
"""For reading all marks."""


@click.command
@click.option(
    "-c", "--config", metavar="FILE", help="The kada.yaml. Default: $KADA_CONFIG, ./kada.yaml."
)
@click.option(
    "--no-dagster", is_flag=True, help="Look at marks and staging folders only, not at runs."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(session: Session, config: str | None, *, no_dagster: bool, as_json: bool) -> int:
    """Show sources, their marks and what they lag, last extracts and failures; loads and syncs.

    Runs, loads and syncs are shown where Dagster's records are: $DAGSTER_HOME, or the folder of
    ./dagster.yaml. Exit code 1 when a mark lags or cannot be read, or the last run of something
    failed; 0 when all is well; 2 when the records of loads or syncs are not there.
    """
    whole = load_kada_yaml(chosen_file(config), "kada status")
    session.secrets += _secrets(whole)
    home = None if no_dagster else _dagster_home()
    if home is None and not no_dagster:
        _check_no_records(whole)
    found = _known_without(whole) if home is None else _known_to_dagster(whole, home)
    if as_json:
        text = json.dumps(found.facts(), ensure_ascii=False, indent=1)
    else:
        text = "\n".join(text_lines(found))
    click.echo(printable(session.redacted(text)))
    return 0 if found.is_well else 1


def _known_without(config: KadaConfig) -> Situation:
    """What marks and staging folders say."""
    marks = {one.name: (one, config.high_water_marks.store(one)) for one in config.sources}
    now = utc_now()
    found = positions(marks, now, _SECONDS)
    return Situation(
        now,
        [
            SourceSituation(one.name, one.type, found[one.name], last_staged(one))
            for one in config.sources
        ],
    )


def _known_to_dagster(config: KadaConfig, home: Path) -> Situation:
    """The same, and what Dagster's records say."""
    from kada_dagster.operations.instance import recorded_situation

    return recorded_situation(config, home, utc_now())


def _dagster_home() -> Path | None:
    """Where Dagster's records are, as its own commands find them."""
    if home := os.environ.get("DAGSTER_HOME"):
        return Path(home)
    return Path.cwd() if Path("dagster.yaml").is_file() else None


def _check_no_records(config: KadaConfig) -> None:
    """Marks and staging folders tell how sources are. Of loads and syncs nothing but records does,
    and a cron job that never looks at them must not say that all is well.

    Raises:
        ConfigError: some are configured.
    """
    parts = {"`loader:`": config.loader, "`fivetran:`": config.fivetran}
    found = [word for word, part in parts.items() if part]
    if found:
        raise ConfigError(
            f"{config.config_path}: how {' and '.join(found)} {'are' if found[1:] else 'is'} going "
            "is told by Dagster's records, and neither DAGSTER_HOME nor ./dagster.yaml is there: "
            "set DAGSTER_HOME, or give --no-dagster"
        )


def _secrets(config: KadaConfig) -> list[Secret]:
    held = secret_fields(config.high_water_marks)
    return held + [secret for source in config.sources for secret in source.secrets()]
