"""Re-syncs, pauses and forced stops of the Fivetran stand-in, with what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, Quirks, RefusedError
from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table
from kada_dagster_tests.sandbox.fivetran_calls import served

TABLES = ("customer", "order items", "events.v2", "in/out", "Größe 100%")


def layout() -> SchemaConfig:
    tables = {name: Table(name, name.lower()) for name in TABLES}
    return SchemaConfig({"public": Schema("public", "shop_public", tables)})


def shop(service: str = "postgres", **fields: Any) -> FivetranWorld:
    world = FivetranWorld()
    given = {"id": "shop", "schedule_type": "manual", "layout": layout, **fields}
    world.add_connection(service, **given)
    return world


def last(world: FivetranWorld) -> tuple[str, Any, bool]:
    sync = world.syncs("shop")[-1]
    return sync.started_by, sync.scope, sync.is_historical


def historical(world: FivetranWorld) -> bool:
    return world.connection("shop")["status"]["is_historical_sync"]


def test_a_resync_of_everything_is_a_historical_sync_until_it_completes() -> None:
    world = shop()
    world.script("shop", Outcome.failure(), Outcome.success())
    with served(world) as caller:
        answer = caller.post("/connections/shop/resync")
    assert answer.json() == {
        "code": "Success",
        "message": "Re-sync has been triggered successfully",
    }
    assert last(world) == ("resync", None, True)
    world.advance(30)
    assert historical(world) is True
    world.start_sync("shop")
    assert last(world) == ("request", None, True)
    world.advance(60)
    assert historical(world) is False


@pytest.mark.parametrize("body", [{}, {"scope": None}])
def test_no_scope_is_all_of_it(body: dict[str, Any]) -> None:
    world = shop()
    with served(world) as caller:
        assert caller.post("/connections/shop/resync", body).status_code == 200
    assert last(world) == ("resync", None, True)


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_synced_again_by_three_ways(table: str) -> None:
    world = shop()
    with served(world) as caller:
        from urllib.parse import quote

        one = f"/connections/shop/schemas/public/tables/{quote(table, safe='')}/resync"
        for path, body in (
            ("/connections/shop/resync", {"scope": {"public": [table]}}),
            ("/connections/shop/schemas/tables/resync", {"public": [table]}),
            (one, None),
        ):
            assert caller.post(path, body).status_code == 200
            assert last(world) == ("resync", {"public": [table]}, False)
            world.advance(60)
    assert [sync.status for sync in world.syncs("shop")] == ["COMPLETED"] * 3
    assert historical(world) is False


@pytest.mark.parametrize(
    ("scope", "status", "code"),
    [
        ({}, 400, "InvalidInput"),
        ({"public": []}, 400, "InvalidInput"),
        ({"public": ["customer"], "other": []}, 400, "InvalidInput"),
        ({"public": "customer"}, 400, "InvalidInput"),
        ({"public": [1]}, 400, "InvalidInput"),
        (["public"], 400, "InvalidInput"),
        ({"public": ["Customer"]}, 404, "NotFound_Table"),
        ({"PUBLIC": ["customer"]}, 404, "NotFound_Table"),
    ],
)
def test_scopes_that_are_not_right_are_refused_and_nothing_starts(
    scope: Any, status: int, code: str
) -> None:
    world = shop()
    with served(world) as caller:
        answer = caller.post("/connections/shop/resync", {"scope": scope})
        other = caller.post("/connections/shop/schemas/tables/resync", scope)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (other.status_code, other.json()["code"]) == (status, code)
    assert world.syncs("shop") == []


def test_a_kind_without_resync_of_tables_says_so_and_is_never_read_as_a_whole() -> None:
    world = shop("google_sheets")
    with served(world) as caller:
        answer = caller.post("/connections/shop/resync", {"scope": {"public": ["customer"]}})
        assert answer.status_code == 400
        assert "does not support table-level re-sync" in answer.json()["message"]
        assert world.syncs("shop") == []
        assert caller.post("/connections/shop/resync", {}).status_code == 200


def test_a_resync_waits_a_minute_for_the_sync_that_runs_then_it_is_a_conflict() -> None:
    world = shop(usual=Outcome.success(100))
    world.start_sync("shop")
    with served(world) as caller:
        answer = caller.post("/connections/shop/resync", {"scope": {"public": ["customer"]}})
        assert (answer.status_code, answer.json()["code"]) == (409, "Conflict")
        assert len(world.syncs("shop")) == 1
        again = caller.post("/connections/shop/resync", {"scope": {"public": ["customer"]}})
    assert again.status_code == 200
    assert [sync.started_by for sync in world.syncs("shop")] == ["request", "resync"]
    assert world.syncs("shop")[0].status == "COMPLETED"


def test_a_resync_of_a_paused_connection_waits_until_it_is_resumed() -> None:
    world = shop(paused=True)
    with served(world) as caller:
        assert caller.post("/connections/shop/resync", {}).status_code == 200
        world.advance(10_000)
        assert world.syncs("shop") == []
        assert historical(world) is True
        assert caller.patch("/connections/shop", paused=False).status_code == 200
    assert last(world) == ("resync", None, True)


def test_a_resync_on_a_manual_schedule_may_need_a_request_to_start() -> None:
    world = shop()
    world.quirks.resync_starts = False
    world.resync("shop", {"public": ["customer"]})
    world.advance(10_000)
    assert world.syncs("shop") == []
    world.start_sync("shop")
    assert last(world) == ("resync", {"public": ["customer"]}, False)
    world.advance(60)
    world.start_sync("shop")
    assert last(world) == ("request", None, False)


@pytest.mark.parametrize(
    ("quirks", "path", "body", "status"),
    [
        (Quirks(tables_resync=False), "schemas/tables/resync", {"public": ["customer"]}, 404),
        (Quirks(scoped_resync=False), "resync", {"scope": {"public": ["customer"]}}, 400),
        (Quirks(single_table_resync=False), "schemas/public/tables/customer/resync", None, 404),
    ],
)
def test_each_of_the_ways_can_be_absent(quirks: Quirks, path: str, body: Any, status: int) -> None:
    world = shop()
    for name, value in vars(quirks).items():
        setattr(world.quirks, name, value)
    with served(world) as caller:
        answer = caller.post(f"/connections/shop/{path}", body)
    assert answer.status_code == status
    assert not answer.json()["code"].startswith("NotFound_")
    assert world.syncs("shop") == []


def test_is_historical_sync_restarts_what_runs() -> None:
    world = shop()
    world.start_sync("shop")
    world.advance(10)
    with served(world) as caller:
        answer = caller.patch("/connections/shop", is_historical_sync=True, run_setup_tests=False)
    assert answer.json()["data"]["status"]["is_historical_sync"] is True
    assert [(one.status, one.started_by) for one in world.syncs("shop")] == [
        ("CANCELED", "request"),
        (None, "resync"),
    ]
    world.advance(60)
    assert historical(world) is False


def test_a_stop_of_less_than_a_minute_takes_its_time() -> None:
    world = shop()
    world.estate.connection("shop").stop_seconds = 40
    world.start_sync("shop")
    before = world.now
    with served(world) as caller:
        assert caller.post("/connections/shop/sync", {"force": True}).status_code == 200
    assert (world.now - before).total_seconds() == 40
    assert [one.started_by for one in world.syncs("shop")] == ["request", "force"]


def test_a_forced_sync_that_cannot_stop_the_old_one_gives_up_after_a_minute() -> None:
    world = shop(usual=Outcome.success(300))
    world.estate.connection("shop").stop_seconds = 90
    world.start_sync("shop")
    before = world.now
    with served(world) as caller:
        answer = caller.post("/connections/shop/sync", {"force": True})
    assert answer.status_code == 500
    assert "after trying for 60 seconds" in answer.json()["message"]
    assert (world.now - before).total_seconds() == 60
    assert [one.status for one in world.syncs("shop")] == [None]


def test_a_pause_may_fail_although_it_succeeds() -> None:
    world = shop(usual=Outcome.success(300))
    world.estate.connection("shop").stop_seconds = 90
    world.start_sync("shop")
    with served(world) as caller:
        answer = caller.patch("/connections/shop", paused=True, run_setup_tests=False)
        assert answer.status_code == 500
        found = caller.data("/connections/shop")
        assert (found["paused"], found["status"]["sync_state"]) == (True, "syncing")
        world.advance(30)
        assert caller.data("/connections/shop")["status"]["sync_state"] == "paused"
    assert [one.status for one in world.syncs("shop")] == ["PAUSED"]


def test_a_table_that_is_not_there_is_refused_in_process_too() -> None:
    with pytest.raises(RefusedError, match=r"public\.nothing"):
        shop().resync("shop", {"public": ["nothing"]})
