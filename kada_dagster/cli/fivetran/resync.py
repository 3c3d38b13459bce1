"""`kada fivetran resync`: which tables, said so that nothing is ever re-synced by accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from kada_dagster.cli.fivetran import actions
from kada_dagster.cli.fivetran.access import reach
from kada_dagster.cli.fivetran.actions import Errand
from kada_dagster.cli.fivetran.options import of_account, of_sync, reached, sync_options
from kada_dagster.cli.session import Session


@click.command
@of_account
@of_sync
@click.option(
    "--table", "tables", multiple=True, metavar="TABLE", help="SCHEMA.TABLE; may be repeated."
)
@click.option("--schema", help="The schema of all tables, which are then given without it.")
@click.option("--everything", is_flag=True, help="Re-sync the whole connection.")
@click.pass_obj
def resync(
    session: Session,
    *,
    connection: str,
    tables: Sequence[str],
    schema: str | None,
    everything: bool,
    as_json: bool,
    name: str | None,
    config: str | None,
    vault: str | None,
    base_url: str | None,
    **sync: Any,
) -> int:
    """Re-sync tables of CONNECTION from scratch and wait for the end.

    Names are checked against the connection's schema first. The whole connection is re-synced
    with --everything only.
    """
    scope = resync_scope(tables, schema, everything=everything)
    found = reached(session, name, config, vault, base_url)
    options = sync_options(found.defaults, sync)
    errand = Errand(connection, options, scope, as_json=as_json, waits=True)
    action = actions.resync_everything if everything else actions.resync_tables
    return reach(found.access, action, errand)


def resync_scope(
    tables: Sequence[str], schema: str | None, *, everything: bool
) -> Mapping[str, Sequence[str]]:
    """The tables by their schema; empty for everything.

    Args:
        tables: `schema.table`, or names of tables where a schema is given.
        schema: of all tables.
        everything: the whole connection.

    Raises:
        click.UsageError: neither tables nor everything is asked for, or both, or a name can be
            read in two ways.
    """
    if everything:
        if tables or schema is not None:
            raise click.UsageError("--everything stands alone: take away --table and --schema")
        return {}
    if not tables:
        raise click.UsageError("say what to re-sync: --table SCHEMA.TABLE, or --everything")
    scope: dict[str, list[str]] = {}
    for table in tables:
        parent, name = (schema, table) if schema is not None else _parts(table)
        if not parent.strip() or not name.strip():
            raise click.UsageError(f"--table {table}: names of a schema and a table are needed")
        if name not in scope.setdefault(parent, []):
            scope[parent].append(name)
    return scope


def _parts(table: str) -> tuple[str, str]:
    parent, dot, name = table.partition(".")
    if not dot:
        raise click.UsageError(f"--table {table}: write SCHEMA.TABLE, or give --schema")
    if "." in name:
        raise click.UsageError(
            f"--table {table}: which dot ends the schema? Give --schema and the table alone"
        )
    return parent, name
