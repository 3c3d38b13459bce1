"""Materializing connections and tables: the sync behind it, and what is reported of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.fivetran.watch.names import starting_tag
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome
from kada_dagster.sandbox.fivetran.demo import BUDGET, SHOP
from kada_dagster_tests.fivetran.account_location import (
    KEY,
    SECRET,
    VARIABLES,
    AccountLocation,
    account_location,
    tables,
)
from kada_dagster_tests.fivetran.face_runs import materialize

CONNECTION = f"fivetran/{SHOP}"
TABLES = {f"shop_public/{name}" for name in ("customers", "orders", "order_lines", "products")}


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def location(tmp_path: Path) -> Iterator[AccountLocation]:
    """The demo's account, with a snapshot."""
    with account_location(tmp_path) as location:
        location.refresh()
        location.server.forget()
        yield location


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[AccountLocation]:
    """An account without connections."""
    with account_location(tmp_path, FivetranWorld()) as location:
        yield location


def succeeded_at(location: AccountLocation, connection_id: str) -> str:
    return str(location.world.connection(connection_id)["succeeded_at"])


def test_a_connection_is_synced_once_and_reported_with_its_sync(location: AccountLocation) -> None:
    before = succeeded_at(location, SHOP)
    done = materialize(location, CONNECTION)
    assert done.success
    assert len(location.server.calls("POST", "/sync$")) == 1
    facts = done.materialized()[CONNECTION]
    sync = location.world.syncs(SHOP)[-1]
    assert facts["fivetran/connection_id"] == SHOP
    assert facts["fivetran/sync_id"] == sync.sync_id
    assert facts["fivetran/succeeded_at"] == succeeded_at(location, SHOP) > before
    assert facts["fivetran/attached"] is False
    assert facts["polls"] > 0
    assert facts["calls"] == len(location.server.requests)
    assert 20 <= facts["duration_seconds"] < 60
    assert facts["extract_mb"] > 0
    assert facts["dashboard"] == f"https://fivetran.com/dashboard/connections/{SHOP}/status"
    assert done.checks() == [(CONNECTION, "last_sync", True)]


def test_the_tables_of_a_connection_are_reported_with_it(location: AccountLocation) -> None:
    found = materialize(location, CONNECTION).materialized()
    assert set(found) == {CONNECTION, *TABLES}
    connection = found.pop(CONNECTION)
    for facts in found.values():
        assert facts == {
            key: connection[key]
            for key in ("fivetran/connection_id", "fivetran/sync_id", "fivetran/succeeded_at")
        }


def test_selecting_a_table_syncs_the_whole_connection_and_says_so_of_all(
    location: AccountLocation,
) -> None:
    done = materialize(location, "shop_public/orders")
    assert set(done.materialized()) == {CONNECTION, *TABLES}
    assert len(location.server.calls("POST", "/sync$")) == 1
    assert done.checks() == [(CONNECTION, "last_sync", True)]


def test_tables_nobody_asked_for_are_left_out_where_they_are_not_to_be_reported(
    location: AccountLocation,
) -> None:
    location.fields["sensor"] = {"report_tables": False}
    assert set(materialize(location, CONNECTION).materialized()) == {CONNECTION}
    found = materialize(location, "shop_public/orders").materialized()
    assert set(found) == {CONNECTION, "shop_public/orders"}


def test_the_run_says_before_anything_is_sent_that_it_will_report_the_sync(
    location: AccountLocation,
) -> None:
    assert materialize(location, CONNECTION).tags()[starting_tag(SHOP)] == "1"
    location.server.expire_key()
    done = materialize(location, CONNECTION)
    assert not done.success
    assert done.tags()[starting_tag(SHOP)] == "1"


def test_what_is_downstream_of_a_table_runs_after_the_sync(location: AccountLocation) -> None:
    seen: list[int] = []

    @dg.asset(deps=[dg.AssetKey(["shop_public", "orders"])])
    def daily() -> None:
        seen.append(len([s for s in location.world.syncs(SHOP) if s.status == "COMPLETED"]))

    before = len(location.world.syncs(SHOP))
    done = materialize(location, "daily", "shop_public/orders", more=[daily])
    assert done.success
    assert seen == [before + 1]


def test_a_sync_that_fails_fails_the_step_and_the_check_and_materializes_nothing(
    location: AccountLocation,
) -> None:
    location.world.script(SHOP, Outcome.failure("The table is locked"))
    done = materialize(location, CONNECTION, f"fivetran/{BUDGET}")
    said, facts = done.failure()
    assert "The table is locked" in said
    assert facts["error"] == "SyncFailedError"
    assert facts["reason"] == "The table is locked"
    assert facts["failed_at"] == location.world.connection(SHOP)["failed_at"]
    assert facts["connection_id"] == SHOP
    assert facts["dashboard"].endswith(f"/{SHOP}/status")
    assert facts["attempts"] == 1
    assert set(done.checks()) == {
        (CONNECTION, "last_sync", False),
        (f"fivetran/{BUDGET}", "last_sync", True),
    }
    assert CONNECTION not in done.materialized()
    assert f"fivetran/{BUDGET}" in done.materialized()


def test_a_connection_that_is_skipped_is_not_reported(location: AccountLocation) -> None:
    location.world.pause(SHOP)
    location.fields["start"] = {"on_paused": "skip"}
    done = materialize(location, CONNECTION)
    assert done.success
    assert done.materialized() == {}
    assert done.checks() == []
    assert location.server.calls("POST", "/sync$") == []


def test_the_settings_of_start_are_those_of_the_sync(location: AccountLocation) -> None:
    location.fields["start"] = {"timeout": 10, "manual": False, "on_timeout": "leave"}
    location.world.script(SHOP, Outcome.success(7200))
    said, facts = materialize(location, CONNECTION).failure()
    assert facts["error"] == "SyncTimeoutError"
    assert "10" in said
    assert location.world.connection(SHOP)["schedule_type"] == "auto"


def test_a_table_whose_name_clashes_in_dagster_is_synced_all_the_same(
    empty: AccountLocation,
) -> None:
    empty.fields["source_tables"] = True
    names = ["a.b", "a_b", "order items"]
    empty.world.add_connection(id="c", schema="odd", layout=lambda: tables(odd=names))
    empty.refresh()
    done = materialize(empty, "odd/a_b", "fivetran/c")
    assert done.success
    assert set(done.materialized()) == {"fivetran/c", *(f"odd/{name}" for name in names)}


def test_a_sync_put_off_beyond_the_timeout_fails_and_says_until_when(
    location: AccountLocation,
) -> None:
    location.fields["start"] = {"timeout": 30}
    location.world.usually(SHOP, Outcome.reschedule(7200))
    said, facts = materialize(location, CONNECTION).failure()
    assert facts["error"] == "SyncRescheduledError"
    assert facts["rescheduled_for"] == location.world.connection(SHOP)["status"]["rescheduled_for"]
    assert "put" in said


def test_no_secret_is_in_what_dagster_keeps(location: AccountLocation) -> None:
    done = materialize(location, CONNECTION)
    location.server.expire_key()
    failed = materialize(location, CONNECTION)
    for told in (done.everything(), failed.everything()):
        assert SHOP in told
        assert KEY not in told
        assert SECRET not in told
