"""A sync is told under its own id, or under none: never under that of the one before."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.fivetran.errors import SyncFailedError
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, Quirks
from kada_dagster_tests.fivetran.account_location import VARIABLES, tables
from kada_dagster_tests.fivetran.followed import followed
from kada_dagster_tests.fivetran.sites import Site, site
from kada_dagster_tests.fivetran.test_actions import add, start

LAG = 3.5
"""Seconds after which the history has a sync: it has the one before ours, and not ours yet."""


def synced_before(there: Site, outcome: Outcome) -> None:
    add(there)
    there.world.script("one", outcome, outcome)
    there.world.start_sync("one")
    there.world.advance(4.5)


def test_a_success_is_not_told_as_the_one_before() -> None:
    with site(quirks=Quirks(history_lag=LAG)) as there:
        synced_before(there, Outcome.success(4))
        found = start(there)
        before, own = there.world.syncs("one")
        assert found.succeeded_at == own.end != before.end
        assert found.sync_id is None


def test_a_failure_is_not_told_as_the_one_before() -> None:
    with site(quirks=Quirks(history_lag=LAG)) as there:
        synced_before(there, Outcome.failure("No space", seconds=4))
        with pytest.raises(SyncFailedError) as caught:
            start(there)
        assert caught.value.failed_at == there.world.syncs("one")[1].end
        assert caught.value.sync_id is None


@pytest.mark.parametrize("skew", [-1.9, 0.0, 1.9])
def test_a_sync_the_history_has_is_told_with_its_id(skew: float) -> None:
    with site(quirks=Quirks(history_skew=skew)) as there:
        synced_before(there, Outcome.success(4))
        assert start(there).sync_id == there.world.syncs("one")[1].sync_id


def test_a_sync_that_ends_right_after_the_one_before_has_its_id() -> None:
    with site() as there:
        add(there)
        there.world.script("one", Outcome.success(149.75), Outcome.success(0.5))
        there.world.start_sync("one")
        assert start(there, on_running="queue").sync_id == there.world.syncs("one")[1].sync_id


def test_the_sensor_knows_what_a_run_told_without_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    world = FivetranWorld(quirks=Quirks(history_lag=LAG))
    layout = tables(s=["orders"])
    quick = Outcome.success(4)
    world.add_connection(id="shop", schedule_type="manual", usual=quick, layout=lambda: layout)
    with followed(tmp_path, world) as account:
        account.tick()
        world.start_sync("shop")
        world.advance(4.5)
        config = {"ops": {"fivetran_start": {"config": {"connection_id": "shop"}}}}
        job = account.definitions().resolve_job_def("fivetran_start_job")
        job.execute_in_process(run_config=config, instance=account.instance)
        world.advance(60)
        account.tick()
        told = [facts["fivetran/succeeded_at"] for facts in account.materialized("shop")]
        assert len(told) == len(set(told)) == 2
