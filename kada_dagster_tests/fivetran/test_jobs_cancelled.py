"""A run that is cancelled while it waits: what becomes of the sync, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster.sandbox.fivetran import Outcome
from kada_dagster.sandbox.fivetran.demo import SHOP
from kada_dagster_tests.fivetran.account_location import (
    VARIABLES,
    AccountLocation,
    account_location,
)

PATIENCE = 180.0
RUN = """
import json, sys
import dagster as dg
from kada_dagster.collector.build import build_definitions
definitions = build_definitions()
job = definitions.resolve_job_def(sys.argv[1])
job.execute_in_process(run_config=json.loads(sys.argv[2]), instance=dg.DagsterInstance.ephemeral())
"""


@pytest.fixture
def location(tmp_path: Path) -> Iterator[AccountLocation]:
    """The demo's account; a sync of the shop takes two hours of a clock that stands still."""
    with account_location(tmp_path) as location:
        location.world.script(SHOP, Outcome.success(7200))
        yield location


def interrupted(location: AccountLocation, number: int, **config: object) -> str:
    """Run START in a process, send it a signal when it waits, and return what it said."""
    run_config = {"ops": {"fivetran_start": {"config": {"connection_id": SHOP, **config}}}}
    command = [sys.executable, "-c", RUN, "fivetran_start_job", json.dumps(run_config)]
    environment = {**os.environ, **VARIABLES, "KADA_CONFIG": str(location.write())}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while not location.server.calls("POST", "/sync$") and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    return said


def test_a_cancelled_run_stops_the_sync_where_that_is_the_policy(
    location: AccountLocation,
) -> None:
    said = interrupted(location, signal.SIGTERM, on_timeout="stop")
    assert "DagsterExecutionInterruptedError" in said
    changes = [json.loads(call.body or b"{}") for call in location.server.calls("PATCH")]
    paused = [change["paused"] for change in changes if "paused" in change]
    assert paused == [True, False]
    assert location.world.syncs(SHOP)[-1].end is not None


def test_a_cancelled_run_leaves_the_sync_where_that_is_the_policy(
    location: AccountLocation,
) -> None:
    said = interrupted(location, signal.SIGINT, on_timeout="leave")
    assert "DagsterExecutionInterruptedError" in said
    assert location.world.syncs(SHOP)[-1].end is None
    assert not location.world.connection(SHOP)["paused"]
