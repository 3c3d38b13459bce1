"""Whether the daemon keeps its period: when ticks of schedules began, and heartbeats."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg

from bench.deployment import Deployment, wait_for
from kada_dagster.sandbox.postgres_server import PostgresServer

_TICKS = """
    SELECT
        extract(epoch FROM create_timestamp - timestamp)::float,
        (tick_body::json->>'end_timestamp')::float - extract(epoch FROM timestamp)::float,
        status
    FROM job_ticks
    WHERE type = 'SCHEDULE' AND timestamp >= %s AND timestamp < %s
"""


@dataclass(frozen=True)
class Ticks:
    """How the ticks of some minutes went.

    Attributes:
        minutes: how many of them.
        expected: how many there should have been.
        found: how many there were.
        failed: how many failed.
        start_lags: seconds from the moment a tick was due to its begin, ascending.
        end_lags: seconds from that moment to its end, ascending.
        cpu_ms: processor time of daemon and code server for each tick, with all else they do;
            unlike the lags it is the same on a busy machine.
        heartbeat: longest pause between two heartbeats of a daemon, seconds, with its name.
    """

    minutes: int
    expected: int
    found: int
    failed: int
    start_lags: list[float]
    end_lags: list[float]
    cpu_ms: float
    heartbeat: tuple[float, str]


def watch_ticks(
    server: PostgresServer, deployment: Deployment, schedules: int, minutes: int
) -> Ticks:
    """Watch for so many whole minutes, once each schedule has ticked; the last minute's ticks have
    one more to come to their end.

    Raises:
        RuntimeError: not every schedule ticks.
    """
    database = deployment.database
    if not wait_for("tick of every schedule", lambda: _ticked(server, database) >= schedules, 600):
        raise RuntimeError("the daemon does not run the schedules; see its log")
    begin = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = begin + timedelta(minutes=minutes)
    cpu, before = _cpu_seconds(deployment), _ticks(server, database)
    heartbeat = _longest_pause(deployment.instance, end + timedelta(minutes=1))
    cpu, ticks = _cpu_seconds(deployment) - cpu, _ticks(server, database) - before
    span = (begin.replace(tzinfo=None), end.replace(tzinfo=None))
    rows = _rows(server, database, _TICKS, *span)
    return Ticks(
        minutes=minutes,
        expected=schedules * minutes,
        found=len(rows),
        failed=sum(status == "FAILURE" for _, _, status in rows),
        start_lags=sorted(begun for begun, _, _ in rows),
        end_lags=sorted(ended for _, ended, _ in rows if ended is not None),
        cpu_ms=1000 * cpu / max(ticks, 1),
        heartbeat=heartbeat,
    )


def _ticked(server: PostgresServer, database: str) -> int:
    """How many schedules have ticked."""
    ((count,),) = _rows(server, database, "SELECT count(DISTINCT selector_id) FROM job_ticks")
    return count


def _ticks(server: PostgresServer, database: str) -> int:
    ((count,),) = _rows(server, database, "SELECT count(*) FROM job_ticks")
    return count


def _cpu_seconds(deployment: Deployment) -> float:
    return deployment.daemon.cpu_seconds + deployment.code_server.cpu_seconds


def _rows(server: PostgresServer, database: str, query: str, *values: object) -> list[Any]:
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _longest_pause(instance: dg.DagsterInstance, until: datetime) -> tuple[float, str]:
    """Look at the heartbeats each second."""
    longest = (0.0, "none")
    while datetime.now(timezone.utc) < until:
        now = time.time()
        beats = instance.get_daemon_heartbeats()
        ages = [(now - beat.timestamp, name) for name, beat in beats.items()]
        longest = max([longest, *ages])
        time.sleep(1.0)
    return longest
