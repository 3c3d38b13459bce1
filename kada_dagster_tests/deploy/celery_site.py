"""Dagster with Celery on one machine, every part real: broker, storage, daemon, workers.

What the sources are and how all of it is started belong here; the benchmark uses this, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.deploy.celery_workers import Worker, workers
from kada_dagster_tests.live.dev_server import LOCATION, ROOT, DevServer, dev_server
from kada_dagster_tests.live.launching import RUN_SECONDS, STEPS, runs
from kada_dagster_tests.redis_server import RedisServer

FIRST = "2026-01-01 00:00:00"
SECRETS = {"SITE_KEY": "sandbox-key", "SITE_SECRET": "sandbox-secret"}
_CANCEL = "mutation Cancel($id: String!) { terminateRun(runId: $id) { __typename } }"
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
_LOOK_SECONDS = 1.5
"""Each look costs the web server and the database, too."""
QUEUE_TAG, WORKER_TAG = "dagster-celery/queue", "kada/worker"


@dataclass
class CelerySite:
    """What runs, and where it leaves its files.

    Attributes:
        folder: all of it is below.
        server: `dagster dev`, with the daemon.
        workers: by name.
        broker: that they have in common.
    """

    folder: Path
    server: DevServer
    workers: dict[str, Worker]
    broker: RedisServer = field(repr=False)

    def landed(self, name: str) -> dict[str, bytes]:
        """The files in the landing of a source."""
        return landed(self.folder, name)

    def mark(self, name: str) -> str | None:
        """The high water mark of a source."""
        return mark(self.folder, name)

    def staged(self, name: str, worker: str) -> list[str]:
        """The runs of a source in the staging of one worker's machine."""
        folder = self.workers[worker].folder / "extracts" / name
        return sorted(path.name for path in folder.glob("[0-9]*"))


def landed(folder: Path, name: str) -> dict[str, bytes]:
    """The files in the landing of a source of `source`."""
    files = (folder / "landing" / name).glob("*")
    return {path.name: path.read_bytes() for path in files}


def mark(folder: Path, name: str) -> str | None:
    """The high water mark of a source of `configuration`."""
    file = folder / "marks" / f"{name}_hwm.txt"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def source(folder: Path, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A source whose landing all machines reach, and whose staging is on each one's own disk."""
    return {
        "name": name,
        "output_path": "extracts",
        "window": {"start": FIRST},
        "landing": {"type": "local", "path": str(folder / "landing" / name)},
        **fields,
    }


def configuration(folder: Path, sources: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a kada.yaml whose marks all machines reach."""
    described = [source(folder, name, fields) for name, fields in sources.items()]
    config = {"sources": described, "high_water_marks": {"path": str(folder / "marks")}}
    return yaml.safe_dump(config, sort_keys=False)


@contextmanager
def celery_site(
    folder: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    sources: Mapping[str, Mapping[str, Any]],
    queues: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
) -> Generator[CelerySite, None, None]:
    """Run all of it until the block ends.

    Args:
        folder: empty.
        postgres: gets a database for Dagster.
        redis: the broker.
        sources: fields of each, by name; see `source`.
        queues: the queue each worker takes runs from, by the worker's name.
        environment: further variables, of all processes.
    """
    config = configuration(folder, sources)
    variables = _environment(folder / "instance", postgres, redis) | dict(environment or {})
    here = folder / "control"
    here.mkdir(parents=True)
    (here / "kada.yaml").write_text(config, encoding="utf-8")
    with (
        workers(folder, config, variables, queues) as running,
        dev_server(here, variables) as server,
    ):
        yield CelerySite(folder, server, running, redis)


def _environment(home: Path, postgres: PostgresServer, redis: RedisServer) -> dict[str, str]:
    """The variables dagster.yaml refers to, with a DAGSTER_HOME that holds it."""
    home.mkdir(parents=True)
    text = (ROOT / "deploy" / "celery" / "dagster.yaml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text)
    del settings["compute_logs"]  # to a store: the tests of the other instances have one
    settings["run_monitoring"]["poll_interval_seconds"] = 3  # so that tests need not wait
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return {
        "DAGSTER_HOME": str(home),
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_USERNAME": "postgres",
        "DAGSTER_PG_PASSWORD": "not asked for",
        "DAGSTER_PG_DB": postgres.create_database(),
        "KADA_CELERY_BROKER": redis.url(0),
        "KADA_CELERY_BACKEND": redis.url(1),
        **SECRETS,
    }


def backfill(server: DevServer, name: str, keys: Sequence[str], **tags: str) -> str:
    """Backfill all assets of a source, its runs with these tags; gives the backfill's id."""
    selection = [{"path": [name, step]} for step in STEPS]
    params: dict[str, Any] = {"assetSelection": selection, "partitionNames": list(keys)}
    answer = server.ask("LaunchBackfill", params={**params, "tags": _tags(tags)})
    return str(answer["launchPartitionBackfill"]["backfillId"])


def materialize(server: DevServer, name: str, steps: Sequence[str], key: str, queue: str) -> str:
    """Launch a run of some assets of a source for one window; gives the id of the run."""
    selection = [{"path": [name, step]} for step in steps]
    selector = {**LOCATION, "jobName": "__ASSET_JOB", "assetSelection": selection}
    tags = _tags({"dagster/partition": key, QUEUE_TAG: queue})
    params = {"selector": selector, "executionMetadata": {"tags": tags}}
    return str(server.ask("LaunchRun", params=params)["launchRun"]["run"]["runId"])


def cancel(server: DevServer, run_id: str) -> str:
    """End a run as the UI does; gives what type the answer is of."""
    body = {"query": _CANCEL, "variables": {"id": run_id}}
    answer = requests.post(f"{server.url}/graphql", json=body, timeout=60).json()
    return str(answer["data"]["terminateRun"]["__typename"])


def awaited_runs(
    server: DevServer, is_awaited: Callable[[list[dict[str, Any]]], bool], **wanted: Any
) -> list[dict[str, Any]]:
    """Wait for the runs a `RunsFilter` finds to be as they should; gives them, oldest first."""

    def look() -> list[dict[str, Any]] | None:
        found = runs(server, **wanted)[::-1]
        if found and is_awaited(found):
            return found
        time.sleep(_LOOK_SECONDS)
        return None

    return server.wait_for("runs as they are awaited", look, RUN_SECONDS)


def of_backfill(backfill_id: str) -> list[dict[str, str]]:
    """The tags that the runs of a backfill have."""
    return _tags({"dagster/backfill": backfill_id})


def have_ended(found: list[dict[str, Any]]) -> bool:
    """Whether none of some runs is under way."""
    return all(run["status"] in _ENDED for run in found)


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def tags_of(run: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a run as the web server gives it."""
    return {tag["key"]: tag["value"] for tag in run["tags"]}


def worker_of(run: Mapping[str, Any]) -> str:
    """The name of the worker that executed a run."""
    return tags_of(run)[WORKER_TAG].removeprefix("kada-").partition("@")[0]
