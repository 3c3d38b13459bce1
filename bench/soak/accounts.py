"""The accounts of a soak: something happens in them all the time, and all of it is known.

Runs of Hevo and Hightouch are planned from the first window to hours after the last one.
Hightouch shows of them what has happened by now, Hevo all, for its pages are of one moment. Syncs
of Fivetran happen as its clock goes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from kada_dagster.sandbox.demo.hevo_account import hevo_account
from kada_dagster.sandbox.demo.hightouch_workspace import hightouch_workspace
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.clock import RunningClock
from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.hevo import HevoEstate
from kada_dagster.sandbox.hevo.edge import EdgeJob
from kada_dagster.sandbox.hightouch import HightouchEstate
from kada_dagster.sandbox.hightouch.runs import Rows, Run

_AFTER = timedelta(hours=3)
"""How long after the start things are planned: longer than any soak."""

_HEVO_SECONDS, _HIGHTOUCH_SECONDS = 17, 29
_PERIODS = {"shop": 41.0, "crm": 53.0, "ads": 67.0}
"""Seconds between the syncs of Fivetran's connections."""


def busy_hevo(first: datetime, now: datetime) -> HevoEstate:
    """An account in which a job ends every 17 seconds; a seventh of them with failures."""
    account = hevo_account()
    moments = _moments(first, now + _AFTER, _HEVO_SECONDS)
    jobs = tuple(_job(number, moment) for number, moment in enumerate(moments))
    pipelines = tuple(replace(one, jobs=jobs) for one in account.edge_pipelines)
    classic = tuple(
        replace(one, objects=tuple(replace(part, runs=()) for part in one.objects))
        for one in account.pipelines  # of which the API shows only the last run
    )
    return replace(account, pipelines=classic, edge_pipelines=pipelines)


def busy_hightouch(first: datetime, now: datetime) -> HightouchEstate:
    """A workspace in which a run of each sync ends every 29 seconds."""
    workspace = hightouch_workspace()
    moments = list(_moments(first, now + _AFTER, _HIGHTOUCH_SECONDS))
    workspace.runs = {
        sync: [_run(sync, number, moment) for number, moment in enumerate(moments)]
        for sync in workspace.syncs
    }
    return workspace


def busy_fivetran() -> FivetranWorld:
    """An account whose three connections sync about once a minute, when that has begun; a sixth
    of the syncs fail."""
    world = FivetranWorld(RunningClock())
    for name, period in _PERIODS.items():
        world.add_connection(
            id=name,
            schema=name,
            schedule_type="manual",
            sync_frequency=None,
            period=period,
            usual=_outcome,
        )
    return world


def syncs_begin(world: FivetranWorld) -> None:
    """Let the connections sync by their schedules."""
    for name in _PERIODS:
        world.set_schedule(name, "auto")


@contextmanager
def in_time(hightouch: HightouchEstate) -> Generator[None, None, None]:
    """Let the workspace show what has happened by now, as long as the block lasts."""
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(0.1):
            hightouch.now = _milliseconds(datetime.now(timezone.utc))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def syncs_end(world: FivetranWorld) -> None:
    """Let the connections sync no more, and wait until the last sync is over."""
    for name in _PERIODS:
        world.set_schedule(name, "manual")
    while any(sync.end is None for name in _PERIODS for sync in world.syncs(name)):
        time.sleep(0.5)


def _moments(first: datetime, until: datetime, seconds: int) -> Iterator[datetime]:
    moment = first
    while moment < until:
        yield moment
        moment += timedelta(seconds=seconds)


def _job(number: int, over: datetime) -> EdgeJob:
    ended, lasts, failed = _epoch(over), 9_000, number % 7 == 0
    return EdgeJob(
        f"00000000-0000-4000-9000-{number:012}",
        ended - lasts,
        ended,
        lasts,
        "COMPLETED_WITH_FAILURES" if failed else "COMPLETED",
        ingested=900 + number,
        loaded=900,
        failed=number if failed else 0,
    )


def _run(sync: int, number: int, over: datetime) -> Run:
    begun = over - timedelta(seconds=7 + sync)
    planned = Rows(40 + number % 50, 20, 3)
    return Run(
        id=sync * 100_000 + number,
        created_at=begun,
        started_at=begun,
        finished_at=over,
        size=4000,
        planned=planned,
        successful=planned,
    )


def _outcome(number: int) -> Outcome:
    return Outcome.failure(seconds=4) if number % 6 == 5 else Outcome.success(7.0 + number % 5)


def _epoch(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
