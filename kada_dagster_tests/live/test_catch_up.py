"""The daemon was away: its first tick closes the gap with one run, and nobody has to do a thing.

Windows are minutes, for a cron knows nothing shorter; so this takes minutes, too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now
from kada_dagster.sandbox.postgres_server import SUPERUSER, PostgresServer
from kada_dagster_tests.live.dev_server import DevServer, dev_server
from kada_dagster_tests.live.launching import finished_run, finished_tick, runs

pytestmark = pytest.mark.timeout(1200)

MISSED = 10
DOWN = 3
_UNFINISHED = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"]
_QUIET = range(5, 30)
"""Seconds of a minute in which no tick is near."""


@dataclass(frozen=True)
class Shop:
    """A working folder with one source, `shop`, whose schedule is on."""

    folder: Path

    @property
    def mark(self) -> datetime:
        return parse_hwm((self.folder / "hwm" / "shop_hwm.txt").read_text().strip())

    def extracted(self) -> list[Window]:
        """The windows of the extracts, oldest first."""
        names = (path.name for path in (self.folder / "extracts" / "shop").glob("2*_*"))
        return sorted(Window.from_folder(name) for name in names)

    def landed(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "landing").iterdir())


@pytest.fixture
def shop(tmp_path: Path, postgres: PostgresServer) -> Shop:
    """Its first window began some minutes ago: that long nothing was extracted."""
    first = utc_now().replace(second=0) - timedelta(minutes=MISSED)
    source: dict[str, Any] = {
        "type": "postgres",
        "name": "shop",
        "host": "shop.example.org",
        "server": "127.0.0.1",
        "port": postgres.port,
        "username": SUPERUSER,
        "databases": [postgres.create_database()],
        "meta_only": True,
        "output_path": "extracts",
        "window": {"start": format_hwm(first), "cron": "* * * * *"},
        "landing": {"type": "local", "path": "landing"},
        "schedule": {"enabled": True},
    }
    (tmp_path / "kada.yaml").write_text(yaml.safe_dump({"sources": [source]}))
    return Shop(tmp_path)


def caught_up(server: DevServer) -> dict[str, Any]:
    """The one run of the newest tick that launched any, once it has ended well."""
    tick = finished_tick(server, "shop_schedule")
    (run_id,) = tick["runIds"]
    run = finished_run(server, run_id)
    assert run["status"] == "SUCCESS"
    return run


def windows(run: dict[str, Any]) -> Window:
    """From the first minute of a run to the end of the last one."""
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["dagster/schedule_name"] == "shop_schedule"
    first, last = (tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
    return Window(parse_hwm(first), parse_hwm(last) + timedelta(minutes=1))


def wait_for_a_quiet_moment(server: DevServer) -> None:
    """Until no run is under way and no tick is near."""

    def look() -> bool | None:
        is_quiet = datetime.now(timezone.utc).second in _QUIET
        return True if is_quiet and not runs(server, statuses=_UNFINISHED) else None

    server.wait_for("a moment without runs", look, 300)


def test_after_an_outage_the_next_tick_makes_one_run_over_all_missing_windows(shop: Shop) -> None:
    with dev_server(shop.folder, {}) as server:
        run = caught_up(server)
        missed = windows(run)
        assert shop.extracted()[0] == missed
        assert missed.end - missed.start >= timedelta(minutes=MISSED)
        wait_for_a_quiet_moment(server)
        before = runs(server)
        assert {run["status"] for run in before} == {"SUCCESS"}
    mark = shop.mark
    assert mark == shop.extracted()[-1].end

    time.sleep(max(0.0, (mark + timedelta(minutes=DOWN) - utc_now()).total_seconds() + 1))
    with dev_server(shop.folder, {}) as server:
        again = finished_tick_after(server, mark)
        run = finished_run(server, again)
        assert run["status"] == "SUCCESS"
        missed = windows(run)
        assert missed.start == mark
        assert missed.end - missed.start >= timedelta(minutes=DOWN)
        wait_for_a_quiet_moment(server)
        since = [run for run in runs(server) if run not in before]
        assert {run["status"] for run in since} == {"SUCCESS"}

    extracts = shop.extracted()
    assert missed in extracts
    assert [one.end for one in extracts[:-1]] == [one.start for one in extracts[1:]]
    assert shop.mark == extracts[-1].end
    assert len(extracts) == len(before) + len(since)
    names = [f"{family}_{one.stamp}.csv" for one in extracts for family in ("LINKAGE", "META")]
    assert shop.landed() == sorted(names)


def finished_tick_after(server: DevServer, mark: datetime) -> str:
    """The id of the first run the schedule launched for windows after a mark."""

    def look() -> str | None:
        for run in reversed(runs(server)):
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            if tags.get("dagster/asset_partition_range_start") == format_hwm(mark):
                return str(run["runId"])
        return None

    return server.wait_for("a run that goes on from the mark", look, 240)
