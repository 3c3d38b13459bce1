"""How long the sensor holds a sync back: counted from the first that waits, so nothing starves."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.fivetran.watch.names import starting_tag
from kada_dagster.sandbox.fivetran import Fault, FivetranWorld, Outcome
from kada_dagster_tests.fivetran.account_location import VARIABLES
from kada_dagster_tests.fivetran.followed import Followed, followed

MINUTE = 60


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def world(*names: str, minutes: int = 5) -> FivetranWorld:
    """Connections that sync every few minutes."""
    made = FivetranWorld()
    for name in names:
        made.add_connection(id=name, sync_frequency=minutes, usual=Outcome.success(20), layout=None)
    return made


def looks(account: Followed, count: int, seconds: int) -> None:
    for _ in range(count):
        account.world.advance(seconds)
        account.tick()


def at_work(account: Followed, name: str) -> None:
    """A run that has started syncs of a connection and goes on with something else."""
    tags = {starting_tag(name): "1"}
    account.launched("__ASSET_JOB", tags, dg.DagsterRunStatus.STARTED)


def test_a_connection_that_syncs_all_the_time_is_reported_without_its_history(
    tmp_path: Path,
) -> None:
    with followed(tmp_path, world("busy")) as account:
        account.tick()
        account.location.server.fail(Fault.status(500, "sync-history", times=None))
        looks(account, 12, 5 * MINUTE)
        assert len(account.materialized("busy")) == 4
        account.location.server.failures.clear()
        looks(account, 1, 5 * MINUTE)
        assert account.known.failing == frozenset()


def test_histories_that_cannot_be_read_take_nothing_from_the_others(tmp_path: Path) -> None:
    broken, well = ["a0", "a1", "a2", "a3"], ["b0", "b1"]
    with followed(tmp_path, world(*broken, *well)) as account:
        account.tick()
        account.location.server.fail(Fault.status(500, "a./sync-history", times=None))
        looks(account, 6, 5 * MINUTE)
        for name in well:
            told = [facts["fivetran/sync_id"] for facts in account.materialized(name)]
            assert told == [sync.sync_id for sync in account.completed(name)]
        assert [len(account.materialized(name)) for name in broken] == [2] * 4


def test_one_whose_history_failed_is_asked_after_the_others(tmp_path: Path) -> None:
    with followed(tmp_path, world("a", "b")) as account:
        account.tick()
        account.location.server.fail(Fault.status(500, "a/sync-history", times=None))
        looks(account, 1, 5 * MINUTE)
        assert account.known.failing == {"a"}
        account.location.server.forget()
        looks(account, 1, 4 * MINUTE)
        asked = [one.path.split("/")[3] for one in account.location.server.calls("GET", "history")]
        assert asked == ["b", "a"]


def test_a_run_that_never_ends_keeps_no_sync_back_for_ever(tmp_path: Path) -> None:
    with followed(tmp_path, world("busy", minutes=1)) as account:
        account.tick()
        at_work(account, "busy")
        looks(account, 30, MINUTE)
        done = account.completed("busy")
        told = [facts["fivetran/sync_id"] for facts in account.materialized("busy")]
        assert told == [sync.sync_id for sync in done[: len(told)]]
        assert len(done) - len(told) <= 6


def test_a_sync_a_run_has_just_ended_is_left_to_it_although_an_older_one_waits(
    tmp_path: Path,
) -> None:
    with followed(tmp_path, world("busy")) as account:
        account.tick()
        looks(account, 1, 4 * MINUTE)
        at_work(account, "busy")
        looks(account, 1, 2 * MINUTE)
        looks(account, 1, 5 * MINUTE + 5)
        first, second = account.completed("busy")
        (facts,) = account.materialized("busy")
        assert facts["fivetran/sync_id"] == first.sync_id != second.sync_id


def test_a_cursor_from_before_there_were_waits_is_read(tmp_path: Path) -> None:
    with followed(tmp_path, world("busy")) as account:
        account.tick()
        value = json.loads(account.cursor or "")
        assert "f" not in value
        assert all(len(one) <= 3 for one in value["c"].values())
        looks(account, 1, 5 * MINUTE)
        assert len(account.materialized("busy")) == 1
