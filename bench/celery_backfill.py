"""The same backfill with one worker of Celery and with two, results compared.

Each source is read for a range of windows by one run, so what runs side by side are sources. Most
of the time goes to waiting for APIs: stand-ins with 200 ms before every answer, asked by two calls
at once. Time is counted from the begin of the first run to the end of the last one: until the
daemon looks at a new backfill up to 30 s go by, whatever the workers do. Both ways share daemon,
storage and broker, all as in the tests.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from kada_dagster.hwm.window import format_hwm, parse_hwm
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer
from kada_dagster.sandbox.hightouch import HightouchEstate, HightouchServer
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.deploy.celery_site import (
    FIRST,
    QUEUE_TAG,
    CelerySite,
    awaited_runs,
    backfill,
    celery_site,
    have_ended,
    of_backfill,
    worker_of,
)
from kada_dagster_tests.redis_server import redis_server
from kada_dagster_tests.servers import SETTINGS

_LATENCY, _CONCURRENCY, _OBJECTS = 0.2, 2, 100
_QUEUES = {"a": "one", "b": "two", "c": "two"}
"""The worker of one queue, the two workers of the other."""


@dataclass(frozen=True)
class Backfill:
    """What came of it.

    Attributes:
        runs: as the web server gives them.
        files: of each source, by kind.
        marks: of each source.
    """

    runs: list[dict[str, Any]]
    files: Mapping[str, Mapping[str, bytes]]
    marks: Mapping[str, str | None]

    @property
    def seconds(self) -> float:
        """From the begin of the first run to the end of the last."""
        ends = (float(run["endTime"]) for run in self.runs)
        return max(ends) - min(float(run["startTime"]) for run in self.runs)

    def line(self, name: str) -> str:
        """Its row of the table."""
        by_worker = [worker_of(run) for run in self.runs]
        shares = " + ".join(str(by_worker.count(one)) for one in sorted(set(by_worker)))
        working = sum(float(run["endTime"] - run["startTime"]) for run in self.runs)
        files = sum(map(len, self.files.values()))
        return f"{name:12}{shares:>10}{files:>8}{working:>12.1f}{self.seconds:>10.1f}"


def main(arguments: Sequence[str]) -> None:
    """Measure both, print the figures."""
    options = _options(arguments)
    first = parse_hwm(FIRST)
    keys = [format_hwm(first + timedelta(days=day)) for day in range(options.windows)]
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as name, ExitStack() as running:
        folder = Path(name)
        folder.chmod(0o755)  # for the account the database runs as
        site, kinds = _site(running, folder, options.each)
        print(f"{len(kinds)} sources, {len(keys)} windows each, {_LATENCY * 1000:.0f} ms a call")
        print("                  runs   files   run s, all    wall s", flush=True)
        one = _backfilled(site, "one", kinds, keys)
        print(one.line("one worker"), flush=True)
        two = _backfilled(site, "two", kinds, keys)
        print(two.line("two workers"))
        print(_last_line(one, two), flush=True)


def _last_line(one: Backfill, two: Backfill) -> str:
    identical = (one.files, one.marks) == (two.files, two.marks)
    return (
        f"celery_backfill one_worker_seconds={one.seconds:.1f}"
        f" two_workers_seconds={two.seconds:.1f} speedup={one.seconds / two.seconds:.2f}"
        f" identical={str(identical).lower()}"
    )


def _site(running: ExitStack, folder: Path, each: int) -> tuple[CelerySite, list[str]]:
    """Everything, started; and the kinds of sources, of which each way has its own."""
    postgres = running.enter_context(PostgresServer.start(folder / "postgres", settings=SETTINGS))
    sample_database.create(postgres.connect, "shop")
    kinds, token = _kinds(running, postgres.port, each)
    sources = {f"{way}_{kind}": kinds[kind] for way in ("one", "two") for kind in kinds}
    redis = running.enter_context(redis_server())
    site = celery_site(folder / "site", postgres, redis, sources, _QUEUES, {"SITE_TOKEN": token})
    return running.enter_context(site), list(kinds)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="celery_backfill")
    parser.add_argument("--each", type=int, default=2, help="sources of each type")
    parser.add_argument("--windows", type=int, default=30, help="days, of each source")
    return parser.parse_args(arguments)


def _kinds(running: ExitStack, port: int, each: int) -> tuple[dict[str, dict[str, Any]], str]:
    """The fields of the sources by kind, and the token of all workspaces."""
    kinds: dict[str, dict[str, Any]] = {}
    token = ""
    for number in range(1, each + 1):
        account = HevoServer(HevoEstate.generate(number, _OBJECTS), budget=None, latency=_LATENCY)
        workspace = HightouchServer(
            HightouchEstate.generate(number, _OBJECTS), calls=None, latency=_LATENCY
        )
        token = workspace.token
        kinds[f"hevo{number}"] = {
            **{"type": "hevo", "host": "eu.hevodata.com", "concurrency": _CONCURRENCY},
            **{"api_key": "${SITE_KEY}", "api_secret": "${SITE_SECRET}"},
            **{"base_url": running.enter_context(account).url, "calls_a_minute": 100_000},
        }
        kinds[f"hightouch{number}"] = {
            **{"type": "hightouch", "api_token": "${SITE_TOKEN}", "concurrency": _CONCURRENCY},
            "base_url": running.enter_context(workspace).url,
        }
        kinds[f"shop{number}"] = {
            **{"type": "postgres", "host": "shop.example.org", "server": "127.0.0.1"},
            **{"port": port, "username": sample_database.READER, "databases": ["shop"]},
            "meta_only": True,
        }
    return kinds, token


def _backfilled(site: CelerySite, way: str, kinds: Sequence[str], keys: Sequence[str]) -> Backfill:
    """The backfill of all sources by the workers of one queue.

    Raises:
        RuntimeError: a run failed.
    """
    names = [f"{way}_{kind}" for kind in kinds]
    ids = [backfill(site.server, name, keys, **{QUEUE_TAG: way}) for name in names]
    runs = [
        run for one in ids for run in awaited_runs(site.server, have_ended, tags=of_backfill(one))
    ]
    if failed := [run["runId"] for run in runs if run["status"] != "SUCCESS"]:
        raise RuntimeError(f"runs failed: {', '.join(failed)}\n{site.server.log_end()}")
    files = {kind: site.landed(name) for kind, name in zip(kinds, names)}
    return Backfill(runs, files, {kind: site.mark(name) for kind, name in zip(kinds, names)})
