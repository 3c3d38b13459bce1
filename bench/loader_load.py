"""How long a code location with many loader tasks takes to load, beside as many trivial assets.

Both are loaded as a code server does it, in a process each: import, definitions, repository, and
the snapshot of it that the web server asks for. A task is a folder with a task.yaml; one in five
waits for another, all have a check and say when they run. Then `kada load check` over the same
project, which needs neither Dagster nor a server.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.process import in_turn, run, table

_FLOOR, _OURS = "trivial assets", "loader tasks"
_CHECK = "kada load check"
_PARTS = ("imports", "definitions", "repository", "snapshot")

_LOAD = """
import json, os, sys, time
begins = [time.perf_counter()]
import dagster
from dagster._core.remote_representation.external_data import RepositorySnap
if sys.argv[1] == "loader":
    from kada_dagster.collector.build import build_definitions
begins.append(time.perf_counter())
if sys.argv[1] == "loader":
    definitions = build_definitions()
else:
    def trivial(number):
        @dagster.asset(key=["s", f"t{number}"], group_name="trivial")
        def asset() -> None:
            pass
        return asset
    assets = [trivial(number) for number in range(int(sys.argv[2]))]
    definitions = dagster.Definitions(assets=assets, executor=dagster.in_process_executor)
begins.append(time.perf_counter())
repository = definitions.get_repository_def()
begins.append(time.perf_counter())
snapshot = RepositorySnap.from_def(repository)
begins.append(time.perf_counter())
assert len(snapshot.asset_nodes) == int(sys.argv[2])
print(json.dumps([after - before for before, after in zip(begins, begins[1:])]), flush=True)
os._exit(0)  # a code server goes on; to take all apart again is not part of its load
"""


def main(arguments: Sequence[str]) -> None:
    """Measure both, print the figures."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
        work = Path(folder)
        _write(work, options.tasks)
        environment = {"KADA_CONFIG": str(work / "kada.yaml"), "PYTHONPATH": str(Path.cwd())}
        commands = {_FLOOR: _load("trivial", options.tasks), _OURS: _load("loader", options.tasks)}
        check = [sys.executable, "-m", "kada_dagster", "load", "check"]
        runners = {
            **{name: lambda c=command: run(c, environment) for name, command in commands.items()},
            _CHECK: lambda: run([*check, "--project", str(work / "load")], environment),
        }
        usages, ratios = in_turn(options.rounds, runners, _FLOOR)
        print(f"\n{options.tasks:,} tasks, whole processes:")
        print(table(usages, ratios))
        _show_parts(commands, environment, options.rounds)
    print(f"loader_load ratio={ratios[_OURS]:.3f} check_seconds={usages[_CHECK].wall:.2f}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loader_load")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=1_000)
    return parser.parse_args(arguments)


def _load(what: str, tasks: int) -> list[str]:
    return [sys.executable, "-W", "ignore", "-c", _LOAD, what, str(tasks)]


def _show_parts(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], rounds: int
) -> None:
    """The least seconds of each part of the load."""
    print(f"\n{'least seconds':34}" + "".join(f"{name:>13}" for name in _PARTS))
    for name, command in commands.items():
        seen = [_parts(command, environment) for _ in range(rounds)]
        print(f"{name:34}" + "".join(f"{min(part):>13.2f}" for part in zip(*seen)))
    print()


def _parts(command: Sequence[str], environment: Mapping[str, str]) -> list[float]:
    done = subprocess.run(command, env=dict(environment), capture_output=True, check=True)
    return json.loads(done.stdout)


def _write(folder: Path, tasks: int) -> None:
    """A project of routes with a hundred tasks each, and a kada.yaml."""
    (folder / "kada.yaml").write_text("loader: [{name: dwh, project: load}]\n", encoding="utf-8")
    project = folder / "load"
    project.mkdir()
    (project / "connections.yaml").write_text(
        'target: {type: postgres, host: dwh, database: dwh, username: loader, password: "${DWH}"}\n'
        'erp: {type: postgres, host: erp, database: erp, username: reader, password: "${ERP}"}\n',
        encoding="utf-8",
    )
    for number in range(tasks):
        route = project / "routes" / f"route_{number // 100}"
        place = route / f"schema_{number // 100}" / f"table_{number}"
        place.mkdir(parents=True)
        (route / "route.yaml").write_text("source: erp\n", encoding="utf-8")
        (place / "task.yaml").write_text(_task(number), encoding="utf-8")


def _task(number: int) -> str:
    schema = number // 100
    waits = number % 5 == 4
    when = "pause: 1 hour" if waits else 'cron: "0 5 * * *", windows: ["22:00-06:00"]'
    return (
        f"mode: upsert\ndescription: Table {number} of the shop.\n"
        f"source: {{table: shop.table_{number}}}\nkey: [id]\n"
        f"run: {{{when}, timezone: Europe/Tallinn}}\nchecks: {{unique: true}}\n"
        + (f"depends: [schema_{schema}.table_{number - 1}]\n" if waits else "")
    )
