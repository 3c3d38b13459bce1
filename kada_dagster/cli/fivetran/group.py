"""`kada fivetran` itself: without a command it does what the environment variables say."""

from __future__ import annotations

import click

from kada_dagster.cli.lazy_group import LazyCommand, LazyGroup
from kada_dagster.cli.session import Session

_PLACE = "kada_dagster.cli.fivetran"
COMMANDS = {
    "status": LazyCommand(f"{_PLACE}.commands:status", "Print a connection as JSON."),
    "start": LazyCommand(f"{_PLACE}.commands:start", "Start a sync and wait for its end."),
    "test": LazyCommand(f"{_PLACE}.commands:test", "Run the setup tests of a connection."),
    "resync": LazyCommand(f"{_PLACE}.resync:resync", "Re-sync tables, or everything."),
    "snapshot": LazyCommand(
        f"{_PLACE}.snapshot:snapshot", "Write down what an account looks like, for its assets."
    ),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS, invoke_without_command=True)
@click.option("--strict-compat", is_flag=True, help="STATUS and TEST set the schedule, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_context
def fivetran(context: click.Context, *, strict_compat: bool, as_json: bool) -> int:
    """Do what a job of a pipeline asks for by FIVETRAN_ACTION and its other variables.

    \b
    FIVETRAN_ACTION             STATUS, START, TEST or FORCE_RESYNC
    CONNECTOR_ID                id of the connection; also CONNECTION_ID
    FIVETRAN_API_KEY, FIVETRAN_API_SECRET
                                the credentials; DATAOPS_VAULT(A.B.C) is a path of the vault
    SET_FIVETRAN_KEYS_TO_ENV    any value: the credentials are at FIVETRAN.DEFAULT of the vault
    SCHEMA, TABLE               what FORCE_RESYNC re-syncs; TABLE may be a list with commas
    FIVETRAN_TIMEOUT            seconds to wait, 300 by default
    FIVETRAN_DONT_DISABLE_SYNC  any value: the schedule is left alone
    KADA_VAULT_FILE             the vault, /secrets/vault.yml by default
    KADA_FIVETRAN_...           ON_RUNNING, ON_PAUSED, ON_BROKEN, ON_RESCHEDULE, ON_TIMEOUT,
                                RESTORE_SCHEDULE: as the options of `kada fivetran start`;
                                STRICT_COMPAT: as --strict-compat

    With a command, the environment says how to reach the account, options say the rest.

    Exit codes: 0 done, 1 the sync or a test failed, 2 bad configuration or usage, 3 out of time,
    4 the API refused or could not be reached, 130 interrupted.
    """
    if context.invoked_subcommand is not None:
        if strict_compat or as_json:
            raise click.UsageError("options go behind the command")
        return 0
    from kada_dagster.cli.fivetran.job import run_job

    session = context.find_object(Session) or Session()
    return run_job(session, strict_compat=strict_compat, as_json=as_json)
