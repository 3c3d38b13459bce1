"""The options that several commands of `kada fivetran` have, and the account they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kada_dagster.cli.fivetran.access import Access
from kada_dagster.cli.session import Session
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.actions import StartOptions
from kada_dagster.fivetran.environment import CHOICES, connection_id, seconds
from kada_dagster.fivetran.variables import Variables, checked_url, credentials

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Reached:
    """The account a command is about.

    Attributes:
        access: to it.
        defaults: of its syncs.
    """

    access: Access
    defaults: StartOptions


def of_account(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which account, and how its outcome is printed."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON."),
        click.option("--base-url", metavar="URL", help="The API. Default: $FIVETRAN_BASE_URL."),
        click.option("--vault", metavar="FILE", help="The vault. Default: $KADA_VAULT_FILE."),
        click.option("-n", "--name", help="An account of kada.yaml, in place of variables."),
        click.option("-c", "--config", metavar="FILE", help="The kada.yaml. Default: ./kada.yaml."),
        click.argument("connection", metavar="CONNECTION", callback=_connection),
    ):
        command = option(command)
    return command


def of_sync(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a sync is started and waited for. What is not given is as kada.yaml has it."""
    policies = [
        click.option(
            f"--{policy.replace('_', '-')}",
            type=click.Choice(values, case_sensitive=False),
            help=_HELP[policy],
        )
        for policy, values in CHOICES.items()
    ]
    for option in (
        click.option("--restore-schedule", is_flag=True, help="Set the schedule back afterwards."),
        click.option("--keep-schedule", is_flag=True, help="Leave the schedule alone."),
        *reversed(policies),
        click.option(
            "--timeout",
            metavar="SECONDS",
            callback=_timeout,
            help="How long to wait. Default: 300.",
        ),
    ):
        command = option(command)
    return command


def reached(
    session: Session,
    name: str | None,
    config: str | None,
    vault: str | None,
    base_url: str | None,
) -> Reached:
    """The account that options or variables say.

    Raises:
        ConfigError: there is none, or it is not usable.
    """
    address = checked_url(base_url, "--base-url") if base_url else None
    if name is None and config is None:
        variables = Variables(Path(vault) if vault else None)
        found = credentials(variables)
        access = Access.of(session, found, address or variables.base_url())
        return Reached(access, StartOptions())
    if vault is not None:
        raise click.UsageError("--vault is for credentials from variables, not from kada.yaml")
    from kada_dagster.fivetran.orchestration import account_of, start_options

    settings = configured(name, config)
    access = Access.to(session, account_of(settings), address)
    return Reached(access, start_options(settings.start))


def configured(name: str | None, config: str | None) -> FivetranAccountSettings:
    """An account of kada.yaml.

    Args:
        name: of the account; None where there is only one.
        config: the file; None for the usual places.

    Raises:
        ConfigError: the file is not usable, or has no such account.
    """
    from kada_dagster.cli.choice import chosen_file, load_any
    from kada_dagster.config.problems import suggestion

    whole = load_any(chosen_file(config))
    accounts = {account.name: account for account in whole.fivetran}
    if name is None and len(accounts) == 1:
        return whole.fivetran[0]
    if name in accounts:
        return accounts[name]
    known = f"there are: {', '.join(accounts)}" if accounts else "there is none under `fivetran:`"
    what = "give the name of an account with --name"
    if name is not None:
        what = f"no Fivetran account named {name!r}{suggestion(name, list(accounts))}"
    raise ConfigError(f"{whole.config_path}: {what}; {known}")


def sync_options(defaults: StartOptions, given: dict[str, Any]) -> StartOptions:
    """The options of a sync: as given, else the defaults."""
    changes = {name: value for name, value in given.items() if value is not None}
    if changes.pop("keep_schedule", False):
        changes["manual"] = False
    if not changes.get("restore_schedule"):
        changes.pop("restore_schedule", None)
    return replace(defaults, **changes)


_HELP = {
    "on_running": "When a sync runs already: wait for it, start another after it, stop it and "
    "start anew, or fail.",
    "on_paused": "When the connection is paused: fail, unpause it, or do nothing.",
    "on_broken": "When the connection is broken: run its setup tests first, or fail.",
    "on_reschedule": "When Fivetran puts the sync off: wait, or fail.",
    "on_timeout": "What becomes of the sync when the time is up, or the command is interrupted.",
}


def _connection(context: click.Context, parameter: click.Parameter, value: str) -> str:  # noqa: ARG001 - click's signature
    return connection_id(value, "CONNECTION")


def _timeout(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:  # noqa: ARG001 - click's signature
    return None if value is None else seconds(value, f"--timeout {value}")
