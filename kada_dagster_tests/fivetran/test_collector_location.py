"""A `type: fivetran` source as Dagster and the command line run it: extract, checks, upload, mark.

What is planted as a secret must be in nothing that any of them writes, the instance's own storage
included.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

import kada_dagster
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran import FivetranWorld, ManualClock
from kada_dagster.sandbox.fivetran.catalogue import LEAK, MAPPING, catalogue_world
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.server import API_KEY, API_SECRET, FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_events import events
from kada_dagster_tests.collector.location import (
    STEPS,
    Location,
    failure,
    metadata,
    range_tags,
    succeeded,
)
from kada_dagster_tests.fivetran.collected import HOST, served

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
JAN_1, JAN_2 = "2024-01-01 00:00:00", "2024-01-02 00:00:00"
GIVEN = "kada.yaml"


@dataclass
class Site:
    """An account that has lived for two days, and a kada.yaml that collects it."""

    world: FivetranWorld
    server: FivetranSandbox
    location: Location


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Afterwards no secret may be in anything that was written."""
    monkeypatch.setenv("FIVETRAN_KEY", API_KEY)
    monkeypatch.setenv("FIVETRAN_SECRET", API_SECRET)
    world = catalogue_world(9, 60, clock=ManualClock(START))
    world.advance(2 * 86_400)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "place").mkdir()
    with served(world) as server, dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as own:
        location = Location(tmp_path / "place", own)
        location.sources.append(source(server))
        yield Site(world, server, location)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert API_SECRET.encode() not in data, path
            assert LEAK.encode() not in data, path


def source(server: FivetranSandbox, **fields: Any) -> dict[str, Any]:
    """The source in kada.yaml."""
    return {
        "type": "fivetran",
        "name": "pipes",
        "api_key": "${FIVETRAN_KEY}",
        "api_secret": "${FIVETRAN_SECRET}",
        "base_url": server.base_url,
        "mapping": MAPPING,
        "columns": True,
        "window": {"start": JAN_1},
        "landing": {"type": "local", "path": "pipes_landing"},
        "retries": {"max_retries": 2, "delay_seconds": 0},
        **fields,
    }


def test_a_window_is_extracted_checked_uploaded_and_marked(site: Site) -> None:
    result = site.location.run(JAN_1, name="pipes")
    assert succeeded(result, "pipes") == list(STEPS), failure(result)
    names = [f"{family}_20240102000000.csv" for family in ("EVENTS", "LINKAGE", "META")]
    assert site.location.landed("pipes") == names
    assert site.location.mark("pipes") == JAN_2
    [facts] = metadata(result, "extract", "pipes")
    window = Window(START, START + timedelta(days=1))
    assert facts["rows/EVENTS"] == len(events(site.world, HOST, window)) > 10
    assert facts["objects/PIPELINE"] > 0


def test_windows_of_a_range_are_one_run_and_hold_every_sync_once(site: Site) -> None:
    job = site.location.definitions().resolve_job_def("pipes_job")
    result = job.execute_in_process(
        instance=site.location.instance, tags=range_tags(JAN_1, JAN_2), raise_on_error=False
    )
    assert succeeded(result, "pipes") == list(STEPS), failure(result)
    assert site.location.mark("pipes") == "2024-01-03 00:00:00"
    window = Window(START, START + timedelta(days=2))
    facts = metadata(result, "extract", "pipes")[-1]
    assert facts["rows/EVENTS"] == len(events(site.world, HOST, window))


def test_the_run_after_one_that_failed_pays_for_nothing_twice(site: Site) -> None:
    site.server.fail(Fault.garbled("/sync-history$"))
    failed = site.location.run(JAN_1, name="pipes")
    assert succeeded(failed, "pipes") == []
    assert "sync-history" in failure(failed)
    assert site.location.landed("pipes") == []
    assert site.location.mark("pipes") is None
    result = site.location.run(JAN_1, name="pipes")
    assert succeeded(result, "pipes") == list(STEPS), failure(result)
    asked = [request.path for request in site.server.calls("GET", "/(schemas|columns)$")]
    assert len(asked) == len(set(asked)) > 3


def test_a_key_that_is_refused_fails_at_once_and_is_not_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIVETRAN_SECRET", "wr0ng-secret")
    result = site.location.run(JAN_1, name="pipes")
    assert succeeded(result, "pipes") == []
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert "401" in failure(result)
    assert "wr0ng-secret" not in failure(result)


def test_the_command_does_the_same_without_dagster(site: Site) -> None:
    file = site.location.folder / GIVEN
    file.write_text(yaml.safe_dump({"sources": [source(site.server)]}))
    root = Path(kada_dagster.__file__).parents[1]
    times = ("--start-hwm", JAN_1, "--end-hwm", JAN_2)
    done = subprocess.run(
        [sys.executable, "-m", "kada_dagster", "extract", "fivetran", *times],
        cwd=file.parent,
        env={
            "PYTHONPATH": str(root),
            "PATH": "",
            "FIVETRAN_KEY": API_KEY,
            "FIVETRAN_SECRET": API_SECRET,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "META_20240102000000.csv" in said
    assert API_SECRET not in said
    assert len(site.location.landed("pipes")) == 3
    assert site.location.mark("pipes") == JAN_2
