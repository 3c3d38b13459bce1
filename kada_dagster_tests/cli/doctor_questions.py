"""A set-up that works, and has everything in it that somebody should look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from kada_dagster.fivetran.snapshot_file import read_snapshot, write_snapshot
from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld, RunningClock
from kada_dagster_tests.cli.doctor_site import Site


def questionable(site: Site) -> list[str]:
    """Make the set-up like that. Gives the lines that must tell it."""
    _change_source(site)
    (site.folder / "home" / "dagster.yaml").write_text("")
    mark = site.folder / "hwm" / "hevo_hwm.txt"
    mark.parent.mkdir()
    mark.write_text("2999-01-01 00:00:00\n")
    closed = site.new_database()
    site.sql(f"REVOKE CONNECT ON DATABASE {closed} FROM PUBLIC")
    file = site.folder / "account_snapshot.json"
    snapshot = read_snapshot(file)
    assert snapshot is not None
    old = datetime(2026, 1, 1, tzinfo=timezone.utc)
    write_snapshot(file, replace(snapshot, taken_at=old))
    start = datetime.now(timezone.utc) - timedelta(seconds=32.5)
    slow = FivetranSandbox(FivetranWorld(RunningClock(start=start)))
    site.source("syncs")["base_url"] = site.stack.enter_context(slow).url
    return [
        "dagster  dagster.yaml  run monitoring is off: a run whose process died counts as working "
        "for ever, and its windows with it; set run_monitoring: {enabled: true}",
        "dagster  dagster.yaml  telemetry is on: Dagster tells its makers what is used; set "
        "telemetry: {enabled: false}",
        f"shop  databases  left out, as {site.role} may not connect: {closed}: GRANT CONNECT, or "
        "list the databases that are wanted",
        "shop  permissions  pg_stat_statements is in no database, so DATABASE_LOG stays empty: "
        "CREATE EXTENSION pg_stat_statements, or set meta_only: true",
        f"hevo  mark  2999-01-01 00:00:00 UTC, in {mark}: that is in the future, so nothing is "
        "extracted until then; set it with kada hwm set hevo",
        f"account  snapshot  {file} has 0 connections, taken 2026-01-01 00:00:00 UTC: that is old; "
        "take one with kada fivetran snapshot --name account, or see why the job "
        "account_snapshot_job does not run",
        "machine  clock  this machine is N s ahead of the API of syncs, where it is T UTC: have "
        "NTP set the clock that is wrong",
    ]


def _change_source(site: Site) -> None:
    site.source("shop")["databases"] = []
    site.source("shop")["meta_only"] = False
    site.config["fivetran"][0]["snapshot_cron"] = "0 * * * *"
