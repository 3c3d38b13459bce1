"""The sensor under Dagster's own daemon, which is killed in the middle of ticks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.hwm.window import format_hwm
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.clock import ManualClock
from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.live.fivetran_site import FivetranSite, fivetran_site

pytestmark = [pytest.mark.timeout(1800), pytest.mark.xdist_group("live_fivetran")]

HOUR = 3600
FOLLOWERS = "fivetran_followers_job"
DAYS = 4


def test_a_daemon_that_is_killed_between_ticks_and_in_them_misses_no_sync_and_doubles_none(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    now = datetime.now(timezone.utc)
    world = FivetranWorld(ManualClock(now - timedelta(days=1)))
    for name in ("shop", "crm", "ads"):
        world.add_connection(id=name, layout=None)
    with fivetran_site(tmp_path, world, settings(tmp_path, now)) as site:
        site.wait_for("first look", site.has_looked)
        for moment in (
            at_once,
            when_a_sync_is_reported,
            when_a_run_is_there,
            when_a_run_waits,
            at_once,
        ):
            look = partial(moment, site, len(site.runs(FOLLOWERS)), site.reported().total())
            world.advance(HOUR)  # a tag names a dozen syncs, the others are counted in it
            site.wait_for("moment to kill the daemon", look, pause=0.05)
            site.kill()
            if moment is when_a_run_waits:
                site.lose_a_run()
            site.start()
        site.wait_for("report of all syncs", lambda: set(site.reported()) == site.completed())
        site.wait_for("end of all runs", lambda: is_done(site))
        assert set(site.reported().values()) == {1}
        lost = [run for run in site.runs() if was_lost(run)]
        rest = {run.status for run in site.runs() if run not in lost}
        assert rest == {dg.DagsterRunStatus.SUCCESS}
        assert_each_sync_has_one_run(site)
        assert extracted(tmp_path) == whole_days(now)
        record_property(
            FIGURE,
            f"fivetran_sensor_live syncs={len(site.completed())} daemon_kills={site.killed} "
            f"missed=0 double=0 runs={len(site.runs())} lost={len(lost)}",
        )


def settings(folder: Path, now: datetime) -> dict[str, object]:
    """Every sync is followed by an asset and by the daily windows of a source."""
    (folder / "docs").mkdir()
    row = {"OBJECT_TYPE": "TABLE", "OBJECT_ID": "h.t", "NAME": "t"}
    (folder / "docs" / "t.json").write_text(json.dumps(row))
    start = format_hwm(midnight(now) - timedelta(days=DAYS))
    docs = {"type": "folder", "name": "docs", "folder": "docs", "window": {"start": start}}
    return {
        "sensor": {"interval_seconds": 5},
        "follow": [{"assets": ["report"], "collectors": ["docs"]}],
        "sources": [docs],
    }


def at_once(site: FivetranSite, runs: int, reports: int) -> bool:
    return True


def when_a_sync_is_reported(site: FivetranSite, runs: int, reports: int) -> bool:
    return site.reported().total() > reports


def when_a_run_is_there(site: FivetranSite, runs: int, reports: int) -> bool:
    return len(site.runs(FOLLOWERS)) > runs


def when_a_run_waits(site: FivetranSite, runs: int, reports: int) -> bool:
    return bool(site.queued())


def was_lost(run: dg.DagsterRun) -> bool:
    """Whether a run died with what launched it, not by a step of its own, and is made again."""
    return run.is_failure_or_canceled and run.tags.get("dagster/will_retry") == "true"


def is_done(site: FivetranSite) -> bool:
    """Whether all that follows has run: the asset of the rule, the windows, the eager asset; or
    something failed."""
    runs = site.runs()
    if any(run.is_failure_or_canceled and not was_lost(run) for run in runs):
        return True
    if any("dagster/auto_retry_run_id" not in run.tags for run in runs if was_lost(run)):
        return False
    mart = site.instance.fetch_materializations(dg.AssetKey("mart"), limit=1).records
    named = {one for run in site.runs(FOLLOWERS) for one in syncs_of(run)}
    return bool(mart) and named == {sync for _, sync in site.completed()} and site.is_quiet()


def syncs_of(run: dg.DagsterRun) -> list[str]:
    return run.tags["fivetran/sync_id"].split(",")


def assert_each_sync_has_one_run(site: FivetranSite) -> None:
    runs = [run for run in site.runs(FOLLOWERS) if not was_lost(run)]
    named = [one for run in runs for one in syncs_of(run)]
    assert sorted(named) == sorted(sync for _, sync in site.completed())


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def extracted(folder: Path) -> list[str]:
    """The windows the source was read for."""
    calls = (folder / "docs" / "calls.txt").read_text().splitlines()
    return [call[5:] for call in calls if call.startswith("read ")]


def whole_days(now: datetime) -> list[str]:
    first, last = (format_hwm(midnight(now) - timedelta(days=days)) for days in (DAYS, 0))
    return [f"[{first}, {last})"]
