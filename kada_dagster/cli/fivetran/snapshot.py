"""`kada fivetran snapshot`: what an account looks like, in the file its assets are made from."""

from __future__ import annotations

from dataclasses import asdict

import click

from kada_dagster.cli.fivetran.access import calling
from kada_dagster.cli.fivetran.ending import Log, counted, json_text
from kada_dagster.cli.fivetran.options import configured
from kada_dagster.cli.session import Session


@click.command
@click.option("-c", "--config", metavar="FILE", help="The kada.yaml. Default: ./kada.yaml.")
@click.option("-n", "--name", help="The account in it; needed where there are several.")
@click.option("--everything", is_flag=True, help="Read every schema anew, not only what changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def snapshot(
    session: Session, *, config: str | None, name: str | None, everything: bool, as_json: bool
) -> None:
    """Write down the connections and tables of an account of kada.yaml."""
    from kada_dagster.fivetran.snapshot import refresh

    settings = configured(name, config)
    session.secrets += settings.secrets()
    log = Log(session)
    with calling():
        report = refresh(settings, everything=everything, report=log)
    for warning in report.warnings:
        log(f"warning: {warning}")
    if as_json:
        click.echo(json_text({**asdict(report), "path": str(report.path)}))
    log(
        f"{counted(report.connections, 'connection')}, {counted(report.tables, 'table')} in "
        f"{report.path}, {counted(report.calls, 'call')}"
    )
