"""The command `kada`. Here is only what every start pays for; each command is one module.

Dagster, drivers, pydantic and rich are imported by the commands that need them, so that
`kada --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from kada_dagster import __version__
from kada_dagster.cli.lazy_group import LazyCommand, LazyGroup
from kada_dagster.cli.session import Session, run

COMMANDS = {
    "doctor": LazyCommand("kada_dagster.cli.doctor:doctor", "Say what is wrong with a set-up."),
    "extract": LazyCommand(
        "kada_dagster.cli.extract:extract", "Extract one window of a source, check it, upload it."
    ),
    "fivetran": LazyCommand(
        "kada_dagster.cli.fivetran.group:fivetran", "Start, test and re-sync Fivetran connections."
    ),
    "hwm": LazyCommand("kada_dagster.cli.hwm:hwm", "Show or set high water marks."),
    "init": LazyCommand("kada_dagster.cli.init:init", "Make a Dagster project of your own."),
    "load": LazyCommand(
        "kada_dagster.cli.load.group:load", "Fill tables of PostgreSQL as a project says."
    ),
    "prune": LazyCommand(
        "kada_dagster.cli.prune:prune", "Remove staged runs that were uploaded long ago."
    ),
    "status": LazyCommand(
        "kada_dagster.cli.status:status", "Show how sources, loads and syncs are."
    ),
    "upload": LazyCommand("kada_dagster.cli.upload:upload", "Send what was extracted before."),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS)
@click.version_option(__version__, prog_name="kada", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show where in the program an error arose.")
@click.pass_obj
def kada(session: Session, debug: bool) -> None:
    """Collect metadata, lineage and events for K, without Dagster.

    Exit codes: 0 done, 1 failed, 2 bad configuration or usage, 3 out of time,
    4 no connection or permission, 130 interrupted.
    """
    session.debug = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    return run(kada, arguments)
