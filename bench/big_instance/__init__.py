"""Two hundred sources with a year of hourly windows: does the UI load, does the daemon keep up?

The same is measured of trivial assets of the same number, windows and schedules, in the same run:
what is more than theirs is ours, the rest is Dagster's. Some sources have a year of history. Pages
are opened in a real browser; the queries timed are those the UI sends. Then all schedules look each
minute, which is sixty times as often as the windows need.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench.big_instance.history import add_history
from bench.big_instance.locations import (
    EACH_HOUR,
    EACH_MINUTE,
    Location,
    names,
    our_location,
    set_marks,
    trivial_location,
    window_keys,
)
from bench.big_instance.pages import Pages, opened_pages, quantile
from bench.big_instance.ticks import Ticks, watch_ticks
from bench.deployment import Deployment, deployed
from bench.process import in_turn, run, table
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.live.dev_server import ROOT

_LOAD = """
import sys
if sys.argv[1] == "-m":
    from importlib import import_module
    defs = import_module(sys.argv[2]).defs
else:
    import runpy
    defs = runpy.run_path(sys.argv[2])["defs"]
repository = defs.get_repository_def()
if sys.argv[3] == "all":
    repository.load_all_definitions()
else:
    repository.get_job(sys.argv[3])
"""
_FLOOR = "import dagster"
_SETTINGS = {
    "compute_logs": {
        "module": "dagster._core.storage.local_compute_log_manager",
        "class": "LocalComputeLogManager",
    }
}


@dataclass(frozen=True)
class Measured:
    """What was measured of a code location that is served."""

    start_seconds: float
    pages: Pages
    ticks: Ticks
    memory: Mapping[str, float]


def main(arguments: Sequence[str]) -> None:
    """Measure both, print the figures."""
    options = _options(arguments)
    now = datetime.now(timezone.utc)
    keys = window_keys(now, options.windows)
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as name:
        work = Path(name)
        work.chmod(0o755)
        settings = {"timezone": "UTC", "max_connections": "200"}
        with PostgresServer.start(work / "server", password="of-it", settings=settings) as server:
            ours = our_location(work, server, options.sources, keys[0])
            trivial = trivial_location(work, options.sources, keys[0])
            loads = _loads([trivial, ours], options.rounds)
            set_marks(ours, now + timedelta(hours=6))
            measured = {
                one.name: _served(work, server, one, keys, options) for one in (trivial, ours)
            }
    _print(measured, options)
    print(_last_line(measured, loads, options))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="big_instance")
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--windows", type=int, default=8_760, help="of each source")
    parser.add_argument("--history", type=int, default=10, help="sources that have history")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=int, default=5, help="that ticks are watched for")
    return parser.parse_args(arguments)


def _loads(locations: Sequence[Location], rounds: int) -> dict[str, float]:
    """What a process takes to load all, as the code server, or to load one job, as a run; in
    seconds, and as a ratio of CPU seconds, which a busy machine leaves as they are."""
    for location in locations:
        location.write(EACH_HOUR)
    found: dict[str, float] = {}
    for what in ("all", "s0000_job"):
        runners = {_FLOOR: lambda: run([sys.executable, "-c", "import dagster"])}
        for one in locations:
            command = [sys.executable, "-c", _LOAD, *one.code, what]
            environment = {**one.secrets, "PYTHONPATH": str(ROOT)}
            runners[one.name] = lambda c=command, e=environment: run(c, e)
        usages, ratios = in_turn(rounds, runners, "trivial")
        print(f"\nLoading {'everything' if what == 'all' else 'one job'}, whole processes:")
        print(table(usages, ratios))
        found[f"{what} seconds"] = usages["ours"].wall
        found[f"{what} ratio"] = usages["ours"].cpu / usages["trivial"].cpu
    return found


def _served(
    work: Path,
    server: PostgresServer,
    location: Location,
    keys: Sequence[str],
    options: argparse.Namespace,
) -> Measured:
    home = work / f"home_{location.name}"
    logs = {"config": {"base_dir": str(home / "logs")}}
    settings = {"compute_logs": {**_SETTINGS["compute_logs"], **logs}}
    location.write(EACH_HOUR)
    started = time.perf_counter()
    with deployed(
        home,
        server,
        database=f"dagster_{location.name}",
        code=location.code,
        secrets=location.secrets,
        settings=settings,
    ) as deployment:
        start_seconds = time.perf_counter() - started
        with_history = names(options.sources)[: options.history]
        add_history(server, deployment.database, deployment.instance, with_history, keys)
        pages = opened_pages(deployment.url, with_history[0], len(keys), options.rounds)
        location.write(EACH_MINUTE)
        _restart_code(deployment)
        ticks = watch_ticks(server, deployment, options.sources, options.minutes)
        memory = {part.name: part.rss_mb for part in deployment.parts}
    return Measured(start_seconds, pages, ticks, memory)


def _restart_code(deployment: Deployment) -> None:
    deployment.code_server.stop()
    deployment.start()


def _print(measured: Mapping[str, Measured], options: argparse.Namespace) -> None:
    print(f"\n{options.sources} sources × {options.windows:,} windows")
    print(f"{'':34}" + "".join(f"{name:>12}" for name in measured))
    rows: dict[str, list[float]] = {
        "start to loaded, s": [one.start_seconds for one in measured.values()]
    }
    first = next(iter(measured.values()))
    for page in first.pages.medians:
        rows[f"{page}, s"] = [one.pages.medians[page] for one in measured.values()]
    for share in (0.5, 0.95):
        values = [quantile(one.pages.latencies, share) for one in measured.values()]
        rows[f"queries, p{share * 100:.0f}, ms"] = values
    for part in first.memory:
        rows[f"{part}, MB"] = [one.memory[part] for one in measured.values()]
    rows["ticks found, of each expected"] = [
        one.ticks.found / one.ticks.expected for one in measured.values()
    ]
    rows["processor time of a tick, ms"] = [one.ticks.cpu_ms for one in measured.values()]
    rows["ticks failed"] = [one.ticks.failed for one in measured.values()]
    for share in (0.5, 1.0):
        word = "last" if share == 1.0 else "median"
        begins = [quantile(one.ticks.start_lags, share) for one in measured.values()]
        rows[f"begin of the {word} tick, s"] = begins
        rows[f"end of the {word} tick, s"] = [
            quantile(one.ticks.end_lags, share) for one in measured.values()
        ]
    rows["longest pause of heartbeats, s"] = [one.ticks.heartbeat[0] for one in measured.values()]
    for name, values in rows.items():
        print(f"{name:34}" + "".join(f"{value:>12.2f}" for value in values))
    print(f"\nthat daemon of ours: {measured['ours'].ticks.heartbeat[1]}")
    print("slowest queries of ours, ms, median (times asked)")
    queries = measured["ours"].pages.queries
    slowest = sorted(queries, key=lambda name: -sorted(queries[name])[len(queries[name]) // 2])
    for name in slowest[:10]:
        times = sorted(queries[name])
        print(f"  {name:34}{times[len(times) // 2]:>10.0f}  ({len(times)})")


def _last_line(
    measured: Mapping[str, Measured], loads: Mapping[str, float], options: argparse.Namespace
) -> str:
    ours, trivial = measured["ours"], measured["trivial"]
    latencies, pages = ours.pages.latencies, ours.pages.medians
    return (
        f"big_instance sources={options.sources} windows={options.windows}"
        f" load_seconds={loads['all seconds']:.1f} load_ratio={loads['all ratio']:.2f}"
        f" run_load_seconds={loads['s0000_job seconds']:.1f}"
        f" run_load_ratio={loads['s0000_job ratio']:.2f}"
        f" first_page_seconds={pages['catalogue']:.1f}"
        f" first_page_ratio={pages['catalogue'] / trivial.pages.medians['catalogue']:.2f}"
        f" graphql_p50_ms={quantile(latencies, 0.5):.0f}"
        f" graphql_p95_ms={quantile(latencies, 0.95):.0f}"
        f" tick_lag_max_seconds={ours.ticks.start_lags[-1]:.1f}"
        f" tick_end_max_seconds={ours.ticks.end_lags[-1]:.1f}"
        f" tick_cpu_ms={ours.ticks.cpu_ms:.0f}"
        f" tick_cpu_ratio={ours.ticks.cpu_ms / trivial.ticks.cpu_ms:.2f}"
        f" ticks_missed={ours.ticks.expected - ours.ticks.found}"
        f" heartbeat_max_seconds={ours.ticks.heartbeat[0]:.0f}"
        f" memory_mb={sum(ours.memory.values()):.0f}"
    )
