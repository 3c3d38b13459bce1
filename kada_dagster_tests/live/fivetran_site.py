"""A Fivetran account with a code location over it, and Dagster's daemon, which can be killed.

Only the daemon runs: nobody asks a web server here. What it stored is read from its files.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import yaml

from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld
from kada_dagster.sandbox.guarded_process import GuardedProcess
from kada_dagster_tests.live.dev_server import ROOT

SENSOR = "fivetran_sync_sensor"
VARIABLES = {"FIVETRAN_API_KEY": "sandbox-key", "FIVETRAN_API_SECRET": "sandbox-secret"}
_PATIENCE = 300.0
_SOON = {"start_timeout_seconds": 40, "poll_interval_seconds": 5}
"""When a run that never began is given up."""
_LAUNCH = (
    "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.executable, [sys.executable, "
    '"-m", "dagster._daemon", "run", "-w", "workspace.yaml"])'
)
_CODE = '''
from pathlib import Path

import dagster as dg

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import registry
from kada_dagster_tests.collector.folder_source import FOLDER_TYPE

registry.SOURCE_TYPES["folder"] = FOLDER_TYPE


@dg.asset
def report() -> None:
    """Follows by a rule."""


@dg.asset(
    deps=[dg.AssetKey(["fivetran", "shop"])], automation_condition=dg.AutomationCondition.eager()
)
def mart() -> None:
    """Follows by itself."""


automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.assets(mart),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
)
defs = dg.Definitions.merge(
    build_definitions(Path(__file__).with_name("kada.yaml")),
    dg.Definitions(assets=[report, mart], sensors=[automation]),
)
'''


@dataclass
class FivetranSite:
    """A working folder, an account, and what Dagster has stored.

    Attributes:
        folder: holds kada.yaml, the code location and Dagster's files.
        world: the account.
        instance: reads what the daemon stored.
        killed: how often a daemon was.
    """

    folder: Path
    world: FivetranWorld
    instance: dg.DagsterInstance
    daemon: GuardedProcess | None = None
    killed: int = 0
    _below: list[psutil.Process] = field(default_factory=list[psutil.Process])

    def start(self) -> None:
        """Start a daemon."""
        scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=self.folder))
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **VARIABLES}
        environment |= {"PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(self.folder)}
        self.daemon = GuardedProcess.start(
            [sys.executable, "-c", _LAUNCH, str(self.folder)],
            log=self.folder / "daemon.log",
            scratch=scratch,
            environment=environment,
        )

    def kill(self) -> None:
        """Kill the daemon as `kill -9` does; runs under way go on."""
        assert self.daemon is not None
        with suppress(psutil.Error):
            self._below += psutil.Process(self.daemon.pid).children(recursive=True)
        self.daemon.process.kill()
        self.daemon.stop("INT")
        self.killed += 1

    def queued(self) -> list[dg.DagsterRun]:
        """The runs that wait for the daemon."""
        waiting = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        return list(self.instance.get_runs(waiting))

    def lose_a_run(self) -> None:
        """What is stored of a run when the daemon dies before it asks a code server to begin it."""
        for run in self.queued()[:1]:
            starting = dg.DagsterEvent(
                dg.DagsterEventType.PIPELINE_STARTING.value, job_name=run.job_name
            )
            self.instance.report_dagster_event(starting, run_id=run.run_id)

    def end(self) -> None:
        """End what was started."""
        self.kill()
        for process in self._below:
            with suppress(psutil.Error):
                process.kill()

    def wait_for(self, what: str, look: Callable[[], Any], pause: float = 0.2) -> Any:
        """Look again and again until there is something.

        Raises:
            TimeoutError: there is nothing after minutes.
        """
        deadline = time.monotonic() + _PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                log = (self.folder / "daemon.log").read_text(errors="replace").splitlines()
                raise TimeoutError(f"no {what}:\n" + "\n".join(log[-60:]))
            time.sleep(pause)
        return found

    def has_looked(self) -> bool:
        """Whether the sensor has a cursor."""
        return any(
            state.instigator_name == SENSOR and getattr(state.instigator_data, "cursor", None)
            for state in self.instance.all_instigator_state()
        )

    def reported(self) -> Counter[tuple[str, str]]:
        """How often each sync was materialized, by connection and sync id."""
        found: Counter[tuple[str, str]] = Counter()
        for connection in self.world.estate.connections:
            key = dg.AssetKey(["fivetran", connection])
            for record in self.instance.fetch_materializations(key, limit=1000).records:
                event = record.event_log_entry.asset_materialization
                assert event is not None
                found[connection, str(event.metadata["fivetran/sync_id"].value)] += 1
        return found

    def completed(self) -> set[tuple[str, str]]:
        """The syncs there were, by connection and id."""
        return {(name, sync.sync_id) for name, sync in self.world.completed_syncs()}

    def runs(self, job: str | None = None) -> list[dg.DagsterRun]:
        """The runs there are, newest first."""
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job)))

    def is_quiet(self) -> bool:
        """Whether no run is under way."""
        return all(run.is_finished for run in self.runs())


@contextmanager
def fivetran_site(folder: Path, world: FivetranWorld, account: dict[str, Any]) -> Iterator[Any]:
    """A site with a daemon that runs.

    Args:
        folder: an empty one.
        world: the account.
        account: its settings beside name, key and address, and `sources`.
    """
    key, secret = VARIABLES.values()
    with FivetranSandbox(world, api_key=key, api_secret=secret) as server:
        _fill(folder, server.base_url, account)
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            site = FivetranSite(folder, world, instance)
            site.start()
            try:
                yield site
            finally:
                site.end()


def _fill(folder: Path, base_url: str, account: dict[str, Any]) -> None:
    sources = account.pop("sources", [])
    secrets = {"api_key": "${FIVETRAN_API_KEY}", "api_secret": "${FIVETRAN_API_SECRET}"}
    settings = {"name": "fivetran", "base_url": base_url, **secrets, **account}
    config = {"fivetran": [settings], "sources": sources}
    (folder / "kada.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "location.py").write_text(_CODE)
    location = {"python_file": {"relative_path": "location.py", "location_name": "kada_dagster"}}
    (folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [location]}))
    text = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    instance = yaml.safe_load(text.replace(" .dagster/", f" {folder}/.dagster/"))
    instance["run_monitoring"] |= _SOON
    (folder / "dagster.yaml").write_text(yaml.safe_dump(instance))
