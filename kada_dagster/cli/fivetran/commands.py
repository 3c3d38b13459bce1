"""`kada fivetran status`, `start` and `test`."""

from __future__ import annotations

from typing import Any

import click

from kada_dagster.cli.fivetran import actions
from kada_dagster.cli.fivetran.access import reach
from kada_dagster.cli.fivetran.actions import Errand
from kada_dagster.cli.fivetran.options import of_account, of_sync, reached, sync_options
from kada_dagster.cli.session import Session

_STRICT = click.option(
    "--strict-compat", is_flag=True, help="Set the schedule to manual first, as the image does."
)


@click.command
@of_account
@_STRICT
@click.pass_obj
def status(
    session: Session, *, connection: str, strict_compat: bool, as_json: bool, **account: Any
) -> int:
    """Print CONNECTION as JSON, without the secrets of its configuration."""
    found = reached(session, **account)
    errand = Errand(connection, sets_schedule=strict_compat, as_json=as_json)
    return reach(found.access, actions.show_status, errand)


@click.command
@of_account
@_STRICT
@click.pass_obj
def test(
    session: Session, *, connection: str, strict_compat: bool, as_json: bool, **account: Any
) -> int:
    """Run the setup tests of CONNECTION; those that fail are told with their message."""
    found = reached(session, **account)
    errand = Errand(connection, sets_schedule=strict_compat, as_json=as_json)
    return reach(found.access, actions.test, errand)


@click.command
@of_account
@of_sync
@click.pass_obj
def start(
    session: Session,
    *,
    connection: str,
    as_json: bool,
    name: str | None,
    config: str | None,
    vault: str | None,
    base_url: str | None,
    **sync: Any,
) -> int:
    """Start a sync of CONNECTION and wait for its end.

    The schedule is set to manual, if it is not, unless --keep-schedule.
    """
    found = reached(session, name, config, vault, base_url)
    options = sync_options(found.defaults, sync)
    errand = Errand(connection, options, as_json=as_json, waits=True)
    return reach(found.access, actions.start_sync, errand)
