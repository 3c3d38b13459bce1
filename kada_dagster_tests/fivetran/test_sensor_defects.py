"""What the polling sensor of dagster-fivetran 0.29.27 gets wrong, shown to be right here.

Numbers are those of the list in the project's notes on that release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome
from kada_dagster_tests.fivetran.account_location import VARIABLES, tables
from kada_dagster_tests.fivetran.followed import Followed, followed

HOUR = 3600


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Followed]:
    """Five connections that have synced before; nothing was looked at yet."""
    world = FivetranWorld()
    for number in range(5):
        world.add_connection(id=f"c{number}", layout=lambda: tables(shop=["orders"]))
    rule = {"jobs": ["fivetran_snapshot_job"]}
    with followed(tmp_path, world, [rule], tables=False) as account:
        yield account


def test_defect_6_five_connections_are_one_call_a_tick_not_five(account: Followed) -> None:
    account.tick()
    account.location.server.forget()
    account.tick()
    (call,) = account.location.server.calls()
    assert (call.path, call.query["limit"]) == ("/v1/connections", ("1000",))


def test_defect_7_the_first_tick_does_not_replay_old_syncs(account: Followed) -> None:
    found = account.tick()
    assert list(found.asset_events or ()) == []
    assert list(found.run_requests or ()) == []


def test_defect_8_a_success_followed_by_a_failure_between_two_ticks_is_not_lost(
    account: Followed,
) -> None:
    account.tick()
    account.world.script("c0", Outcome.success(), Outcome.failure())
    account.world.advance(2 * HOUR)
    account.tick()
    (facts,) = account.materialized("c0")
    assert facts["fivetran/sync_id"] == account.completed("c0")[0].sync_id
    assert len(account.observed("c0")) == 1


def test_defect_9_the_last_connections_do_not_starve_and_runs_are_asked_for(
    account: Followed,
) -> None:
    account.location.fields["sensor"] = {"max_syncs": 2}
    account.tick()
    for _ in range(10):  # five syncs come with every tick, and two are reported in each
        account.world.advance(HOUR)
        account.tick()
    reported = [len(account.materialized(f"c{number}")) for number in range(5)]
    assert sum(reported) == 20
    assert min(reported) >= 2
    named = {
        name for run in account.runs() for name in run.tags["fivetran/connection_id"].split(",")
    }
    assert named == {f"c{number}" for number in range(5)}


def test_defect_10_what_was_reported_is_known_by_the_connection_and_tables_by_themselves(
    tmp_path: Path,
) -> None:
    world = FivetranWorld()
    names = ["orders"]
    world.add_connection(id="shop", layout=lambda: tables(shop=names))
    with followed(tmp_path, world) as account:
        account.tick()
        world.advance(HOUR)
        account.tick(dies="after one event")
        assert (len(account.materialized("shop")), account.told("shop/orders")) == (1, [])
        account.tick()
        assert (len(account.materialized("shop")), len(account.told("shop/orders"))) == (1, 1)
