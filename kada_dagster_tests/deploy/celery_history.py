"""What the tests of Celery launch, on which queues, and what their sources are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kada_dagster.sandbox.web.faults import Fault
from kada_dagster_tests.deploy.celery_site import (
    FIRST,
    QUEUE_TAG,
    SECRETS,
    WORKER_TAG,
    CelerySite,
    awaited_runs,
    backfill,
    cancel,
    configuration,
    have_ended,
    materialize,
    of_backfill,
    tags_of,
    worker_of,
)
from kada_dagster_tests.live.dev_server import ROOT

KEYS = ["2026-01-01 00:00:00", "2026-01-02 00:00:00", "2026-01-03 00:00:00"]
END = "2026-01-04 00:00:00"
KINDS = ("hevo", "hightouch")
PAIR, ALONE = "dagster", "alone"
QUEUES = {"a": PAIR, "b": PAIR, "c": ALONE}
"""Two workers share a queue, the third one has its own."""
BEGUN = 3
"""Calls that are answered before the source that hangs does."""
LATENCY = 0.12
"""Seconds before each answer of the others, so that runs last and can overlap."""


@dataclass(frozen=True)
class History:
    """What was launched, after all of it has ended.

    Attributes:
        two, one: the runs of the backfills on two workers and on one, in the order of KINDS.
        spread, apart: run of the extract, and that of the upload and the mark.
        lost: the runs of the backfill whose worker was killed, oldest first.
        cancelled: the run that was cancelled while it worked.
    """

    two: list[dict[str, Any]]
    one: list[dict[str, Any]]
    spread: tuple[dict[str, Any], ...]
    apart: tuple[dict[str, Any], ...]
    lost: list[dict[str, Any]]
    cancelled: list[dict[str, Any]]


def sources(
    hevo: str, hightouch: str, stuck: dict[str, str], bucket: str
) -> dict[str, dict[str, Any]]:
    """The fields of all sources, by name; `stuck` are the addresses of those whose calls hang."""
    account = {"type": "hevo", "host": "eu.hevodata.com", "calls_a_minute": 100_000}
    account |= {"api_key": "${SITE_KEY}", "api_secret": "${SITE_SECRET}", "concurrency": 1}
    workspace = {"type": "hightouch", "api_token": "${SITE_TOKEN}", "concurrency": 1}
    kinds = {
        "hevo": {**account, "base_url": hevo},
        "hightouch": {**workspace, "base_url": hightouch},
    }
    return {
        **{f"{ways}_{kind}": kinds[kind] for ways in ("two", "one", "plain") for kind in KINDS},
        "spread": {**kinds["hevo"], "output_path": bucket},
        "apart": kinds["hevo"],
        **{name: {**account, "base_url": url, "timeout": 600} for name, url in stuck.items()},
    }


def extract_plainly(
    folder: Path, sources: dict[str, dict[str, Any]], environment: dict[str, str]
) -> None:
    """The same windows of the same sources by the command, without Dagster."""
    file = folder / "plain.yaml"
    file.write_text(configuration(folder, sources), encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), **SECRETS, **environment}
    for kind in KINDS:
        name = f"plain_{kind}"
        command = [sys.executable, "-m", "kada_dagster", "extract", sources[name]["type"]]
        command += ["--config", str(file), "--name", name, "--start-hwm", FIRST, "--end-hwm", END]
        subprocess.run(command, env=variables, cwd=ROOT, check=True, capture_output=True)


def launch_all(site: CelerySite, hangs: Mapping[str, Fault]) -> History:
    """Launch the backfills; single assets, before the daemon has seen to those; then the power cut,
    and a run that is cancelled. Wait for the end of all.

    Args:
        site: where.
        hangs: what happens to the calls of `lost` and of `cancelled`.
    """
    server, alone, last = site.server, {QUEUE_TAG: ALONE}, {"dagster/priority": "-1"}
    pair_ids = [backfill(server, f"two_{kind}", KEYS) for kind in KINDS]
    alone_ids = [backfill(server, f"one_{kind}", KEYS, **alone) for kind in KINDS]
    lost_tags = of_backfill(backfill(server, "lost", KEYS, **last))
    extracts = _materialized(site, ["extract"], PAIR)
    uploads = _materialized(site, ["upload", "high_water_mark"], ALONE)
    two, one = ([_ended(site, one_id) for one_id in ids] for ids in (pair_ids, alone_ids))
    (begun,) = awaited_runs(server, _on_a_worker, tags=lost_tags)
    _await_hang(site, hangs["lost"])
    site.workers[worker_of(begun)].lose_power()
    cancelled_id = materialize(server, "cancelled", ["extract"], KEYS[0], ALONE)
    _await_hang(site, hangs["cancelled"])
    assert cancel(server, cancelled_id) == "TerminateRunSuccess"
    lost = awaited_runs(server, lambda found: len(found) > 1 and have_ended(found), tags=lost_tags)
    cancelled = awaited_runs(server, have_ended, runIds=[cancelled_id])
    spread, apart = zip(extracts, uploads)
    return History(two, one, spread, apart, lost, cancelled)


def _await_hang(site: CelerySite, hang: Fault) -> None:
    site.server.wait_for("a call that hangs", lambda: hang.seen > BEGUN or None, 60)


def _materialized(site: CelerySite, steps: list[str], queue: str) -> list[dict[str, Any]]:
    """Runs of some assets for one window, once they have ended: of `spread` and of `apart`."""
    ids = [materialize(site.server, name, steps, KEYS[0], queue) for name in ("spread", "apart")]
    return awaited_runs(site.server, have_ended, runIds=ids)


def _ended(site: CelerySite, backfill_id: str) -> dict[str, Any]:
    """The one run of a backfill, once it has ended."""
    (run,) = awaited_runs(site.server, have_ended, tags=of_backfill(backfill_id))
    return run


def _on_a_worker(found: list[dict[str, Any]]) -> bool:
    return all(WORKER_TAG in tags_of(run) for run in found)
