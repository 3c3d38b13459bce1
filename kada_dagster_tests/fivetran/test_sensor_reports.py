"""What the sensor tells Dagster: every success once, failures beside them, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.fivetran.watch.moments import micros, read_spelled, spelled
from kada_dagster.fivetran.watch.names import starting_tag
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome
from kada_dagster_tests.fivetran.account_location import VARIABLES, tables
from kada_dagster_tests.fivetran.followed import Followed, followed

HOUR = 3600
STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Followed]:
    """Two connections that sync every hour, `shop` with two tables; the first look is done."""
    world = FivetranWorld()
    world.add_connection(
        id="shop", schema="shop_db", layout=lambda: tables(shop_db=["orders", "lines"])
    )
    world.add_connection(id="crm", sync_frequency=360, layout=lambda: tables(crm=["account"]))
    with followed(tmp_path, world) as account:
        account.tick()
        yield account


def moved(account: Followed, connection: str) -> int | None:
    """The connection's own timestamp."""
    return read_spelled(str(account.world.connection(connection)["succeeded_at"]))


def spell(account: Followed, connection: str) -> str:
    return spelled(micros(account.completed(connection)[-1].end))


def test_the_first_look_takes_what_there_is_as_reported(account: Followed) -> None:
    assert account.materialized("shop") == []
    assert account.known.seen["shop"].succeeded == moved(account, "shop")
    assert account.evaluate().skip_message == (
        "2 connections in 1 call: no sync has completed since the last look"
    )


def test_it_may_report_what_there_was_before(tmp_path: Path) -> None:
    world = FivetranWorld()
    world.add_connection(id="shop", layout=lambda: tables(shop=["orders"]))
    world.add_connection(id="new", new=True, schedule_type="manual")
    with followed(tmp_path, world, sensor={"emit_on_first": True}) as account:
        account.tick()
        assert len(account.materialized("shop")) == 1
        assert account.materialized("new") == []
        account.tick()
        assert len(account.materialized("shop")) == 1


def test_every_success_is_a_materialization_with_its_sync(account: Followed) -> None:
    account.world.script("shop", Outcome.success(90, extract_mb=2.5, load_mb=1.5))
    account.world.advance(HOUR)
    account.tick()
    (facts,) = account.materialized("shop")
    sync = account.completed("shop")[-1]
    assert sync.end is not None
    assert facts.pop("fivetran/batch")
    assert facts == {
        "fivetran/connection_id": "shop",
        "fivetran/sync_id": sync.sync_id,
        "fivetran/succeeded_at": spelled(micros(sync.end)),
        "fivetran/started_at": spelled(micros(sync.start)),
        "fivetran/ended_at": spelled(micros(sync.end)),
        "duration_seconds": 90.0,
        "extract_mb": 2.5,
        "load_mb": 1.5,
        "connection": "shop_db",
        "service": "postgres",
        "dashboard": "https://fivetran.com/dashboard/connections/shop/status",
    }
    assert account.checked("shop") is True
    account.tick()
    assert len(account.materialized("shop")) == 1


def test_syncs_between_two_looks_are_each_reported_oldest_first(account: Followed) -> None:
    account.world.advance(5 * HOUR)
    account.tick()
    reported = [facts["fivetran/sync_id"] for facts in account.materialized("shop")]
    assert reported == [sync.sync_id for sync in account.completed("shop")[-5:]]


def test_tables_are_reported_once_with_the_newest_sync(account: Followed) -> None:
    account.world.advance(3 * HOUR)
    account.tick()
    newest = account.completed("shop")[-1].sync_id
    for table in ("shop_db/orders", "shop_db/lines"):
        (facts,) = account.told(table)
        assert facts["fivetran/sync_id"] == newest


def test_tables_are_left_out_where_they_are_not_wanted(tmp_path: Path) -> None:
    world = FivetranWorld()
    world.add_connection(id="shop", layout=lambda: tables(shop=["orders"]))
    with followed(tmp_path, world, sensor={"report_tables": False}) as account:
        account.tick()
        world.advance(HOUR)
        account.tick()
        assert len(account.materialized("shop")) == 1
        assert account.told("shop/orders") == []


@pytest.mark.parametrize("history", ["never", "auto"])
def test_without_a_history_the_last_success_stands_for_those_before(
    tmp_path: Path, history: str
) -> None:
    world = FivetranWorld()
    world.quirks.history = 403
    world.add_connection(id="shop", layout=lambda: tables(shop=["orders"]))
    with followed(tmp_path, world, sensor={"history": history}) as account:
        account.tick()
        world.advance(3 * HOUR)
        account.tick()
        (facts,) = account.materialized("shop")
        assert "fivetran/sync_id" not in facts
        assert facts["fivetran/succeeded_at"] == spell(account, "shop")


def test_the_newest_sync_is_reported_before_the_history_has_it_and_not_again_after(
    account: Followed,
) -> None:
    account.world.quirks.history_hides = 1
    account.world.advance(2 * HOUR)
    account.tick()
    first, second = account.materialized("shop")
    assert first["fivetran/sync_id"] == account.completed("shop")[-2].sync_id
    assert "fivetran/sync_id" not in second
    account.world.quirks.history_hides = 0
    account.world.advance(HOUR)
    account.tick()
    ids = [facts.get("fivetran/sync_id") for facts in account.materialized("shop")]
    assert ids == [first["fivetran/sync_id"], None, account.completed("shop")[-1].sync_id]


def test_a_connection_made_since_is_reported_with_its_first_sync(account: Followed) -> None:
    account.world.add_connection(id="late", new=True)
    account.world.advance(600)
    account.tick()
    (facts,) = account.materialized("late")
    assert facts["fivetran/sync_id"] == account.completed("late")[0].sync_id


def test_a_connection_that_was_deleted_and_made_again_counts_as_new(account: Followed) -> None:
    account.world.delete_connection("shop")
    account.tick()
    assert account.known.seen["shop"].gone is not None
    account.world.add_connection(id="shop", new=True)
    account.world.advance(600)
    account.tick()
    (facts,) = account.materialized("shop")
    assert facts["fivetran/sync_id"] == account.completed("shop")[0].sync_id


# --- failures ------------------------------------------------------------------------------------


def test_a_failure_is_an_observation_and_fails_the_check(account: Followed) -> None:
    account.world.script("shop", Outcome.breaks("The password has expired"))
    account.world.advance(HOUR)
    found = account.tick()
    (facts,) = account.observed("shop")
    assert facts["reason"] == "The password has expired"
    assert facts["tasks"]
    assert facts["setup_state"] == "broken"
    assert facts["fivetran/sync_id"] == account.world.syncs("shop")[-1].sync_id
    assert account.checked("shop") is False
    assert account.materialized("shop") == []
    assert found.skip_message == (
        "2 connections in 2 calls: 0 syncs completed, 1 failed; broken: shop_db"
    )


def test_a_failure_does_not_hide_the_success_before_it(account: Followed) -> None:
    account.world.script("shop", Outcome.success(), Outcome.failure("no space left"))
    account.world.advance(2 * HOUR)
    account.tick()
    assert len(account.materialized("shop")) == 1
    assert [facts["reason"] for facts in account.observed("shop")] == ["no space left"]
    assert account.checked("shop") is False


def test_a_success_after_a_failure_passes_the_check_and_tells_of_both(account: Followed) -> None:
    account.world.script("shop", Outcome.failure(), Outcome.success())
    account.world.advance(2 * HOUR)
    account.tick()
    assert len(account.materialized("shop")) == 1
    assert len(account.observed("shop")) == 1
    assert account.checked("shop") is True


def test_without_a_history_the_tasks_are_the_reason(account: Followed) -> None:
    account.world.quirks.history = 404
    account.world.script("shop", Outcome.breaks())
    account.world.advance(HOUR)
    account.tick()
    (facts,) = account.observed("shop")
    assert facts["reason"] == facts["tasks"] != ""


def test_what_keeps_connections_from_syncing_is_said(account: Followed) -> None:
    account.world.pause("crm")
    account.world.script("shop", Outcome.reschedule(wait=7200))
    account.world.advance(2000)
    said = str(account.tick().skip_message)
    until = account.world.connection("shop")["status"]["rescheduled_for"]
    assert "paused: crm; rescheduled: shop_db until " in said
    assert str(until)[:10] in said


# --- crashes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dies", ["after one event", "after events", "after runs"])
def test_a_tick_that_died_is_done_again_without_reporting_twice(
    account: Followed, dies: str
) -> None:
    account.world.script("crm", Outcome.failure("no space left"))
    account.world.advance(7 * HOUR)
    account.tick(dies=dies)  # type: ignore[arg-type]
    account.tick()
    for connection in ("shop", "crm"):
        ids = [facts["fivetran/sync_id"] for facts in account.materialized(connection)]
        assert sorted(ids) == sorted(sync.sync_id for sync in account.completed(connection))
    assert len(account.observed("crm")) == 1
    assert len(account.told("shop_db/orders")) == 1


# --- syncs our own runs started ------------------------------------------------------------------


def test_what_a_run_of_ours_has_reported_is_not_reported_again(account: Followed) -> None:
    account.world.start_sync("shop")
    account.world.advance(100)
    sync = account.completed("shop")[-1]
    facts = {
        "fivetran/connection_id": "shop",
        "fivetran/sync_id": sync.sync_id,
        "fivetran/succeeded_at": spell(account, "shop"),
    }
    for key in ("fivetran/shop", "shop_db/orders", "shop_db/lines"):
        event = dg.AssetMaterialization(dg.AssetKey(key.split("/")), metadata=facts)
        account.instance.report_runless_asset_event(event)
    account.tick()
    assert len(account.materialized("shop")) == 1
    assert len(account.told("shop_db/orders")) == 1
    assert account.known.seen["shop"].succeeded == micros(sync.end)


def test_a_sync_is_left_to_the_unfinished_run_that_started_it(account: Followed) -> None:
    account.world.start_sync("shop")
    account.world.advance(100)
    run = account.launched("start_job", {starting_tag("shop"): "1"}, STARTED)
    said = str(account.tick().skip_message)
    assert "waiting for the next look: shop (the run that started the sync will report it)" in said
    assert account.materialized("shop") == []
    account.instance.report_run_failed(run)
    account.tick()
    assert len(account.materialized("shop")) == 1


def test_a_run_that_never_ends_does_not_keep_a_sync_for_ever(account: Followed) -> None:
    account.launched("start_job", {starting_tag("shop"): "1"}, STARTED)
    account.world.advance(1900)
    assert len(account.completed("shop")) == 1
    account.tick()
    assert account.materialized("shop") == []
    account.world.advance(301)
    account.tick()
    assert len(account.materialized("shop")) == 1
