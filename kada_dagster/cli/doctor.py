"""`kada doctor`: what is wrong with a set-up, before a run finds it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kada_dagster.cli.choice import chosen_file, is_vendor_file
from kada_dagster.cli.load.project import secrets_of
from kada_dagster.cli.output import is_terminal, printable
from kada_dagster.cli.session import Session
from kada_dagster.config import KadaConfig, load_config_file
from kada_dagster.config.fields import secret_fields
from kada_dagster.doctor.check import Check, Finding, Status, Verdict, ok
from kada_dagster.doctor.components import FILE as COMPONENT
from kada_dagster.doctor.components import load_component_file
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.plan import installation_checks, plan_of
from kada_dagster.doctor.running import run_checks
from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.doctor.plan import Plan

_ROUNDS = 8  # so many times the longest check is the longest run
_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red", Status.SKIP: "white"}


@click.command
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help="A kada.yaml, or the defs.yaml of a component. Default: $KADA_CONFIG, ./kada.yaml.",
)
@click.option(
    "--env-file",
    metavar="FILE",
    help="Variables to put over the environment, as Dagster's commands do with .env.",
)
@click.option("--offline", is_flag=True, help="Ask nothing over the network.")
@click.option(
    "--timeout",
    type=click.FloatRange(2, 600),
    default=15,
    show_default=True,
    metavar="SECONDS",
    help=f"Longest time of one check; of all together, {_ROUNDS} times as long.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of findings as JSON.")
@click.pass_obj
def doctor(
    session: Session,
    names: Sequence[str],
    *,
    config: str | None,
    env_file: str | None,
    offline: bool,
    timeout: float,
    as_json: bool,
) -> int:
    """Look at a whole set-up, or at one SOURCE, Fivetran account or loader, and say what is wrong.

    A line for each check: OK, WARN (works, look at it), FAIL (does not work), SKIP (not looked
    at, and why). Nothing is changed, and nothing is left anywhere.

    Exit codes: 0 nothing failed, 1 something did, 2 wrong usage.
    """
    if env_file is not None:
        _add_variables(Path(env_file))
    shared = Shared(timeout)
    checks = [*installation_checks(shared), *_configured(session, config, names, shared)]
    found = run_checks(checks, limit=timeout, within=_ROUNDS * timeout, offline=offline)
    report = _Report(session, checks, as_json)
    return 1 if report.printed(found)[Status.FAIL] else 0


def _configured(
    session: Session, given: str | None, names: Sequence[str], shared: Shared
) -> list[Check]:
    """The checks of the configuration; where it cannot be read, of that alone."""
    try:
        whole = _config(given)
    except ConfigError as error:
        return _unread(error)
    plan = plan_of(whole, shared, names)
    _keep_secret(session, whole, plan)
    return [Check("config", "kada.yaml", lambda: [_told(whole)]), *plan.checks]


def _config(given: str | None) -> KadaConfig:
    file = chosen_file(given)
    if is_vendor_file(file):
        raise ConfigError(
            f"{file} is a file of the vendor's collector: name it in a kada.yaml, as "
            f"config_file: {file.name} of a source"
        )
    return load_component_file(file) if file.name == COMPONENT else load_config_file(file)


def _unread(error: ConfigError) -> list[Check]:
    def probe() -> Iterator[Verdict]:
        raise error

    unread = Check("config", "kada.yaml", probe)
    return [unread, Check("config", "what it names", lambda: [], needs=(unread,))]


def _told(config: KadaConfig) -> Verdict:
    kinds = {"source": config.sources, "account": config.fivetran, "loader": config.loader}
    parts = [
        f"{len(found)} {kind}{'s' * (len(found) > 1)}" for kind, found in kinds.items() if found
    ]
    return ok(f"{config.config_path}: {', '.join(parts)}")


def _keep_secret(session: Session, config: KadaConfig, plan: Plan) -> None:
    """No value of a secret gets into what is printed, whoever says it."""
    for part in (*config.sources, *config.fivetran):
        session.secrets += part.secrets()
    session.secrets += secret_fields(config.high_water_marks)
    for project in plan.projects:
        session.secrets += secrets_of(project)


def _add_variables(file: Path) -> None:
    """Set what a file of variables says, over the environment: Dagster's commands do so with .env
    (`_inject_local_env_file` of dagster/_cli/utils.py), and what they will find is asked for."""
    from dotenv import load_dotenv

    if not file.is_file():
        raise ConfigError(f"--env-file {file}: there is no such file")
    load_dotenv(file, override=True)


@dataclass(frozen=True)
class _Report:
    """Prints findings.

    Attributes:
        session: knows the secrets.
        checks: all of them.
        as_json: as a list of objects, not as lines.
    """

    session: Session
    checks: Sequence[Check]
    as_json: bool

    def printed(self, found: Iterator[Finding]) -> Counter[Status]:
        """Print findings as they come. Returns how many there are of each status."""
        counts: Counter[Status] = Counter()
        facts: list[dict[str, object]] = []
        for finding in found:
            counts[finding.status] += 1
            message = self.session.redacted(finding.message)
            if self.as_json:
                facts.append(_facts(finding, message))
            else:
                click.echo(self._line(finding, message))
        click.echo(json.dumps(facts, indent=1) if self.as_json else _sum(counts))
        return counts

    def _line(self, finding: Finding, message: str) -> str:
        wide = max(len(check.subject) for check in self.checks)
        deep = max(len(check.name) for check in self.checks)
        status = f"{finding.status.value:<4}"
        if is_terminal(sys.stdout):
            status = click.style(status, fg=_STYLES[finding.status])
        head = f"{status}  {finding.subject:<{wide}}  {finding.name:<{deep}}"
        return f"{head}  {printable(message)}"


def _facts(finding: Finding, message: str) -> dict[str, object]:
    return {
        "status": finding.status.value,
        "subject": finding.subject,
        "check": finding.name,
        "message": message,
        "seconds": round(finding.seconds, 3),
    }


def _sum(counts: Counter[Status]) -> str:
    words = {
        Status.OK: "fine",
        Status.WARN: "to look at",
        Status.FAIL: "failed",
        Status.SKIP: "not checked",
    }
    return ", ".join(f"{counts[one]} {word}" for one, word in words.items() if counts[one])
