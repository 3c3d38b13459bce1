"""The production instance as deploy/ describes it, its three services as separate processes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._core.scheduler.instigation import InstigatorTick

from kada_dagster_tests.deploy.conftest import SECRETS, Deployed
from kada_dagster_tests.deploy.files import read
from kada_dagster_tests.live.dev_server import DevServerError
from kada_dagster_tests.live.hunt import files_with, forms
from kada_dagster_tests.live.launching import finished_run, launch_run, runs

pytestmark = pytest.mark.timeout(600)

SERVICES = ("code", "webserver", "daemon")


@pytest.fixture(scope="session")
def first_run(deployed: Deployed, old_ticks: Mapping[float, InstigatorTick]) -> dict[str, Any]:
    """One window of the source, launched on the web server."""
    server = deployed.production.server
    return finished_run(server, launch_run(server, "shop", deployed.key))


def test_a_window_is_brought_to_the_mark(first_run: dict[str, Any], deployed: Deployed) -> None:
    assert first_run["status"] == "SUCCESS"
    assert list((deployed.folder / "landing" / "shop").glob("META_*"))
    assert (deployed.folder / "marks" / "shop_hwm.txt").is_file()


def test_the_run_took_a_place_in_the_pool_of_its_source(first_run: dict[str, Any]) -> None:
    assert first_run["allPools"] == ["kada_shop"]


def test_the_run_is_in_postgresql(first_run: dict[str, Any], deployed: Deployed) -> None:
    found = deployed.rows("SELECT run_id, status FROM runs")
    assert (first_run["runId"], "SUCCESS") in found


def test_what_the_run_printed_is_in_the_bucket(
    first_run: dict[str, Any], deployed: Deployed
) -> None:
    objects = deployed.s3.objects(deployed.bucket)
    start = f"compute/storage/{first_run['runId']}/compute_logs/"
    assert [key for key in objects if key.startswith(start) and key.endswith(".err")]
    assert all(objects.values()), "empty files are not sent"


def test_the_limits_are_those_of_the_file(first_run: dict[str, Any], deployed: Deployed) -> None:
    answer = deployed.production.server.ask("Instance")["instance"]
    assert answer["runQueueConfig"]["maxConcurrentRuns"] == 10
    assert "dagster/backfill" in answer["runQueueConfig"]["tagConcurrencyLimitsYaml"]
    assert answer["poolConfig"] == {"poolGranularity": "run", "defaultPoolLimit": 1}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_healthy_by_its_own_check(
    service: str, first_run: dict[str, Any], deployed: Deployed
) -> None:
    check = read("compose.yaml")["services"][service]["healthcheck"]
    deployed.production.check(service, check["test"])


def test_runs_go_on_after_the_code_server_was_killed_and_started_again(
    first_run: dict[str, Any],
    deployed: Deployed,
) -> None:
    """All its processes at once, as a container ends; the others are left alone."""
    production = deployed.production
    production.kill("code")
    with pytest.raises(DevServerError, match="DagsterUserCodeUnreachableError"):
        launch_run(production.server, "shop", deployed.key)
    production.start("code")

    def launched() -> str | None:
        with suppress(DevServerError):
            return launch_run(production.server, "shop", deployed.key)
        return None

    run_id = production.server.wait_for("a launch", launched, 120)
    assert finished_run(production.server, run_id)["status"] == "SUCCESS"
    assert {run["status"] for run in runs(production.server)} == {"SUCCESS"}


@pytest.mark.parametrize("which", SECRETS)
def test_no_secret_is_in_dagsters_database(
    which: str, first_run: dict[str, Any], deployed: Deployed
) -> None:
    assert _tables_with(deployed, SECRETS[which]) == []


def test_what_is_no_secret_is_found_in_the_database(
    first_run: dict[str, Any], deployed: Deployed
) -> None:
    assert _tables_with(deployed, "shop_job"), "a secret beside it would have been found, too"


@pytest.mark.parametrize("which", SECRETS)
def test_no_secret_is_in_a_file_or_an_object(
    which: str, first_run: dict[str, Any], deployed: Deployed
) -> None:
    secret = SECRETS[which]
    assert files_with(secret, deployed.folder) == []
    objects = deployed.s3.objects(deployed.bucket)
    assert not [key for key, data in objects.items() if any(one in data for one in forms(secret))]


def test_ticks_are_deleted_when_their_days_are_over(
    first_run: dict[str, Any],
    deployed: Deployed,
    instance: DagsterInstance,
    old_ticks: Mapping[float, InstigatorTick],
) -> None:
    """A skipped tick is kept for 7 days; the schedule's next tick takes away what is older."""
    kept, over = old_ticks[6.9], old_ticks[7.1]

    def look() -> set[int] | None:
        ticks = instance.get_ticks(kept.instigator_origin_id, kept.tick_data.selector_id or "")
        found = {tick.tick_id for tick in ticks}
        return None if over.tick_id in found else found

    assert kept.tick_id in deployed.production.server.wait_for("the next tick", look, 150)


def _tables_with(deployed: Deployed, text: str) -> list[str]:
    """The tables of Dagster's database that hold a text in any of their values."""
    names = deployed.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = [
        name
        for (name,) in names
        for (row,) in deployed.rows(f'SELECT t::text FROM "{name}" AS t')
        if any(one in row.encode() for one in forms(text))
    ]
    return sorted(set(found))
