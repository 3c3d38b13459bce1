"""The whole system for half an hour of compressed time: a minute stands for an hour.

Code server, web server and daemon are a process each, on PostgreSQL storage; four sources with a
window a minute, three of them with schedules, the fourth extracted when the Fivetran sensor has
seen a sync; a backfill of history in between. Each process is killed and started again, the
code server with a run below it. At the end every window, file, event, mark and sync is compared
with what there was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg

from bench.deployment import Deployment, deployed, wait_for
from bench.soak.accounts import syncs_begin, syncs_end
from bench.soak.gathering import (
    events_so_far,
    failures,
    has_looked,
    source_facts,
    sync_facts,
)
from bench.soak.happenings import BACKFILLED, Happenings, stop_schedules
from bench.soak.judge import Verdict, judged, judged_syncs
from bench.soak.report import last_line, print_report
from bench.soak.site import FOLLOWING, MINUTE, SCHEDULED, SOURCES, Site, soak_site
from kada_dagster.hwm.window import utc_now

_SETTLING = 900.0

SETTINGS = {
    "run_queue": {"user_code_failure_retry_delay": 5},
    "run_monitoring": {
        "poll_interval_seconds": 5,
        "start_timeout_seconds": 120,
        "cancel_timeout_seconds": 30,
        "max_runtime_seconds": 360,  # six hours
        "free_slots_after_run_end_seconds": 10,
    },
}
"""What is other than in `deploy/`, for time is compressed."""


def main(arguments: Sequence[str]) -> None:
    """Run the soak, print the figures; ends with 1 where something is not right."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="kada-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        now = datetime.now(timezone.utc)
        with (
            soak_site(folder, now, options.history) as site,
            deployed(
                folder / "home",
                site.server,
                secrets=site.secrets,
                variables=site.variables,
                settings=SETTINGS,
            ) as deployment,
        ):
            is_right = _soak(site, deployment, options)
    sys.exit(not is_right)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--minutes", type=float, default=30.0, help="until it comes to rest")
    parser.add_argument("--history", type=int, default=200, help="windows of the backfill")
    parser.add_argument("--down", type=float, default=8.0, help="seconds a process stays away")
    return parser.parse_args(arguments)


def _soak(site: Site, deployment: Deployment, options: argparse.Namespace) -> bool:
    happenings = Happenings(site, deployment, options.down)
    wait_for("look of the sensor", lambda: has_looked(deployment.instance), _SETTLING)
    passing = {name: events_so_far(site, name, _start(site, name)) for name in SOURCES}
    syncs_begin(site.world)
    happenings.tell("all processes run, the code location is loaded, the sensor has looked")
    happenings.happen(options.minutes)
    until = _due(site)
    happenings.tell("the end: nothing is to happen any more, what is under way comes to rest")
    backfill = happenings.end_of_backfill()
    wait_for("marks at the end", lambda: _are_marks_there(site, until), _SETTLING)
    stop_schedules(deployment)
    wait_for("end of all runs", lambda: not _unfinished(deployment), _SETTLING)
    deployment.daemon.stop()
    happenings.tell("at rest")
    verdicts = [_verdict(site, deployment, name, until, passing) for name in SOURCES]
    syncs = judged_syncs(sync_facts(site, deployment.instance))
    launched = len(happenings.backfills)
    print_report(verdicts, syncs, backfill, launched, failures(deployment.instance), deployment)
    print(last_line(options.minutes, len(SCHEDULED), verdicts, syncs, deployment))
    is_done = backfill["status"] == "COMPLETED_SUCCESS"
    return is_done and not any((syncs.missed, syncs.double, *(one.faults for one in verdicts)))


def _due(site: Site) -> dict[str, datetime]:
    """Up to when each source has to be extracted: to now, or as far as syncs have completed."""
    now = utc_now().replace(second=0)
    syncs_end(site.world)
    ends = [sync.end for _, sync in site.world.completed_syncs() if sync.end is not None]
    last = max(ends).replace(second=0, microsecond=0) + MINUTE
    return {**dict.fromkeys(SCHEDULED, now), FOLLOWING: last}


def _are_marks_there(site: Site, until: Mapping[str, datetime]) -> bool:
    marks = {name: site.marks.read(name).mark for name in until}
    return all((mark := marks[name]) is not None and mark >= until[name] for name in until)


def _unfinished(deployment: Deployment) -> int:
    statuses = [
        *(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED),
        *(dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.NOT_STARTED),
    ]
    return deployment.instance.get_runs_count(dg.RunsFilter(statuses=statuses))


def _verdict(
    site: Site,
    deployment: Deployment,
    name: str,
    until: Mapping[str, datetime],
    passing: Mapping[str, frozenset[str]],
) -> Verdict:
    found = source_facts(
        site, deployment.instance, name, _start(site, name), until[name], passing[name]
    )
    return judged(found)


def _start(site: Site, name: str) -> datetime:
    """Start of the first window that is to be extracted."""
    return site.first if name == BACKFILLED else site.marked
