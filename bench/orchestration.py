"""One window through Dagster against the plain call plus Dagster's own floor, and a backfill.

The floor is a run of one partitioned asset that does nothing, with the same executor, on the same
kind of instance; the plain call is `kada extract` (as a process) or `run_window` (in a process).
Ours does what both do: extract, checks, upload and mark of the sample database, four steps.
The backfill runs under the real daemon, as in the tests.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import yaml

from bench.process import Usage, in_turn, run, table
from kada_dagster.collector.build import build_definitions
from kada_dagster.collector.steps import run_window
from kada_dagster.config import load_config_file
from kada_dagster.config.models import SourceSettings
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.live.dev_server import ROOT, dev_server
from kada_dagster_tests.live.launching import (
    STEPS,
    finished_backfill,
    finished_run,
    launch_backfill,
    launch_run,
)

_FLOOR, _PLAIN, _OURS = "trivial asset", "plain call", "our four steps"
_BACKFILL_SECONDS = 1800.0
_FIRST = parse_hwm("2020-01-01 00:00:00")
_TRIVIAL = """
import dagster as dg

windows = dg.TimeWindowPartitionsDefinition(
    start="2020-01-01 00:00:00", fmt="%Y-%m-%d %H:%M:%S", cron_schedule="0 0 * * *"
)

@dg.asset(partitions_def=windows)
def trivial(context: dg.AssetExecutionContext) -> None:
    pass

job = dg.define_asset_job("trivial_job", selection=[trivial], executor_def=dg.in_process_executor)
defs = dg.Definitions(assets=[trivial], jobs=[job], executor=dg.in_process_executor)
"""
# What Dagster itself takes for as many steps, assets and checks as ours; only shown.
_SAME_STEPS = """
import dagster as dg
from trivial import windows

@dg.asset(partitions_def=windows)
def first() -> None:
    pass

@dg.multi_asset_check(
    specs=[dg.AssetCheckSpec(f"check_{n}", asset="first", blocking=True) for n in range(4)]
)
def checks():
    for n in range(4):
        yield dg.AssetCheckResult(passed=True, asset_key="first", check_name=f"check_{n}")

@dg.asset(partitions_def=windows, deps=[first])
def second() -> None:
    pass

@dg.asset(partitions_def=windows, deps=[second])
def third() -> None:
    pass

assets = [first, second, third]
job = dg.define_asset_job("same_steps_job", selection=assets, executor_def=dg.in_process_executor)
defs = dg.Definitions(assets=assets, asset_checks=[checks], jobs=[job])
"""


def main(arguments: Sequence[str]) -> None:
    """Measure all three, print the figures."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        with PostgresServer.start(work / "server", settings={"fsync": "off"}) as server:
            sample_database.create(server.connect, "shop")
            run_ratio = _processes(_home(work / "processes", server), options.rounds)
            in_process_ratio = _in_process(_home(work / "warm", server), 3 * options.rounds)
            runs, seconds = _backfill(_home(work / "live", server), options.windows)
    print(
        f"orchestration run_ratio={run_ratio:.3f} in_process_ratio={in_process_ratio:.3f}"
        f" backfill_runs={runs} backfill_seconds={seconds:.1f}"
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="orchestration")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--windows", type=int, default=1_000, help="of the backfill")
    return parser.parse_args(arguments)


def _home(folder: Path, server: PostgresServer) -> Path:
    """A folder with both locations; it is a DAGSTER_HOME that keeps everything in itself."""
    folder.mkdir()
    sources = [_source(name, server.port) for name in ("shop", "plain")]
    config = {"sources": sources, "high_water_marks": {"path": "marks"}}
    (folder / "kada.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "trivial.py").write_text(_TRIVIAL, encoding="utf-8")
    (folder / "same_steps.py").write_text(_SAME_STEPS, encoding="utf-8")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return folder


def _source(name: str, port: int) -> dict[str, Any]:
    return {
        "type": "postgres",
        "name": name,
        "server": "127.0.0.1",
        "port": port,
        "username": "postgres",
        "databases": ["shop"],
        "meta_only": True,
        "output_path": "extracts",
        "window": {"start": format_hwm(_FIRST)},
        "landing": {"type": "local", "path": f"landing_{name}"},
    }


def _keys() -> Iterator[str]:
    """Windows, each used once, so that nothing finds its files there already."""
    day = _FIRST
    while True:
        yield format_hwm(day)
        day += timedelta(days=1)


def _end(key: str) -> str:
    return format_hwm(parse_hwm(key) + timedelta(days=1))


def _processes(home: Path, rounds: int) -> float:
    """One window as a process each; the ratio of ours to the floor and the plain call."""
    environment = {
        "DAGSTER_HOME": str(home),
        "KADA_CONFIG": str(home / "kada.yaml"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(home))),
    }
    ours, trivial, plain = _keys(), _keys(), _keys()
    assets = ",".join(f"shop/{step}" for step in STEPS)
    runners = {
        _FLOOR: lambda: run(_materialize("trivial", "trivial", trivial), environment),
        _PLAIN: lambda: run(_extract(plain), environment),
        _OURS: lambda: run(_materialize("kada_dagster.definitions", assets, ours), environment),
    }
    usages, ratios = in_turn(rounds, runners, _FLOOR)
    print("\nOne window, whole processes (`dagster asset materialize`):")
    return _ratio(usages, ratios)


def _materialize(module: str, assets: str, keys: Iterator[str]) -> list[str]:
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", module]
    return [*command, "--select", assets, "--partition", next(keys)]


def _extract(keys: Iterator[str]) -> list[str]:
    key = next(keys)
    command = [sys.executable, "-m", "kada_dagster", "extract", "postgres", "--name", "plain"]
    return [*command, "--start-hwm", key, "--end-hwm", _end(key)]


def _ratio(usages: Mapping[str, Usage], ratios: Mapping[str, float]) -> float:
    ratio = usages[_OURS].wall / (usages[_FLOOR].wall + usages[_PLAIN].wall)
    print(table(usages, ratios))
    print(f"{_OURS} / ({_FLOOR} + {_PLAIN}) = {ratio:.3f}")
    return ratio


def _in_process(home: Path, rounds: int) -> float:
    """One window in a warm process, on an instance that keeps its history in SQLite."""
    config = load_config_file(home / "kada.yaml")
    (plain,) = (source for source in config.sources if source.name == "plain")
    marks = config.high_water_marks.store(config.sources[0])
    ours = build_definitions(config).resolve_job_def("shop_job")
    trivial, same_steps = _job(home, "trivial"), _job(home, "same_steps")
    keys = [_keys() for _ in range(4)]
    with dg.DagsterInstance.local_temp(str(home)) as instance, _output_to(home / "log"):
        runners = {
            _FLOOR: lambda: _timed(lambda: _execute(trivial, instance, next(keys[0]))),
            _PLAIN: lambda: _timed(lambda: _run_plain(plain, marks, next(keys[1]))),
            _OURS: lambda: _timed(lambda: _execute(ours, instance, next(keys[2]))),
            "four trivial steps": lambda: _timed(
                lambda: _execute(same_steps, instance, next(keys[3]))
            ),
        }
        usages, ratios = in_turn(rounds, runners, _FLOOR)
    print("\nOne window in a warm process (`execute_in_process`, history in SQLite):")
    return _ratio(usages, ratios)


def _job(home: Path, module: str) -> dg.JobDefinition:
    if str(home) not in sys.path:
        sys.path.insert(0, str(home))
    definitions: dg.Definitions = import_module(module).defs
    return definitions.resolve_job_def(f"{module}_job")


def _execute(job: dg.JobDefinition, instance: dg.DagsterInstance, key: str) -> None:
    job.execute_in_process(instance=instance, partition_key=key)


def _run_plain(source: SourceSettings, marks: MarkStore, key: str) -> None:
    assert source.landing is not None
    run_window(
        source.extractor(),
        Window.parse(key, _end(key)),
        first=source.window.first,
        marks=marks,
        landing=source.landing.landing(),
        min_share_of_last=source.checks.min_share_of_last,
        report=lambda _step: None,
    )


def _timed(work: Callable[[], None]) -> Usage:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - wall, time.process_time() - cpu
    return Usage(*taken, psutil.Process().memory_info().rss / 2**20)


@contextlib.contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """What Dagster logs goes to a file, as it does in a run it launches."""
    with path.open("w") as log, contextlib.redirect_stderr(log):
        yield


def _backfill(home: Path, windows: int) -> tuple[int, float]:
    """A range of windows under the real daemon: its number of runs, and seconds to the end."""
    keys = list(itertools.islice(_keys(), windows))
    with dev_server(home, {}) as server:
        single = finished_run(server, launch_run(server, "plain", keys[0]))
        backfill = finished_backfill(
            server, launch_backfill(server, "shop", keys), _BACKFILL_SECONDS
        )
    if backfill["status"] != "COMPLETED_SUCCESS":
        raise RuntimeError(f"the backfill ended as {backfill['status']}")
    seconds = backfill["endTimestamp"] - backfill["timestamp"]
    busy = sum(_duration(run) for run in backfill["runs"])
    one = _duration(single)
    print(
        f"\nBackfill of {windows:,} windows: {len(backfill['runs'])} run, {seconds:.1f} s until the"
    )
    print(
        f"  daemon called it complete, {busy:.1f} s of them running ({busy / windows:.4f} s each);"
    )
    print(f"  a run of one window takes {one:.1f} s, {windows:,} of them {one * windows:,.0f} s\n")
    return len(backfill["runs"]), seconds


def _duration(run: Mapping[str, Any]) -> float:
    return float(run["endTime"] - run["startTime"])
