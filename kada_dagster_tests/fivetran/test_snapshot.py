"""The snapshot of an account: what is in it, what is read again, what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiUnauthorizedError
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.fivetran.snapshot_model import KnownColumn
from kada_dagster.sandbox.fivetran import Fault, FivetranWorld
from kada_dagster.sandbox.fivetran.demo import ADS, BUDGET, LEGACY, PLATFORM, SHOP, WAREHOUSE
from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table
from kada_dagster_tests.fivetran.account_location import (
    KEY,
    SECRET,
    VARIABLES,
    AccountLocation,
    account_location,
    tables,
)

SCHEMAS = r"/schemas$"


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def location(tmp_path: Path) -> Iterator[AccountLocation]:
    """The demo's account."""
    with account_location(tmp_path) as location:
        yield location


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[AccountLocation]:
    """An account without connections."""
    with account_location(tmp_path, FivetranWorld()) as location:
        yield location


def test_an_account_is_read_with_groups_destinations_and_every_connection(
    location: AccountLocation,
) -> None:
    told: list[str] = []
    report = location.refresh(report=told.append)
    snapshot = location.snapshot
    assert set(snapshot.groups.values()) == {"Warehouse", "Marketing"}
    assert snapshot.destinations[WAREHOUSE].service == "snowflake"
    assert snapshot.destinations[WAREHOUSE].database == "ANALYTICS"
    assert snapshot.services["postgres"] == "PostgreSQL"
    ids = [connection.id for connection in snapshot.connections]
    assert ids == sorted(location.world.estate.connections)
    assert (report.connections, report.schemas_read, report.warnings) == (6, 6, ())
    assert report.calls == len(location.server.requests)
    assert told == ["6 connections"]


def test_broken_paused_and_incomplete_connections_are_there(empty: AccountLocation) -> None:
    empty.world.add_connection(id="whole")
    empty.world.add_connection(id="broken", setup_state="broken")
    empty.world.add_connection(id="incomplete", setup_state="incomplete", new=True)
    empty.world.add_connection(id="paused", paused=True)
    empty.refresh()
    states = {c.id: (c.setup_state, c.paused) for c in empty.snapshot.connections}
    assert states == {
        "whole": ("connected", False),
        "broken": ("broken", False),
        "incomplete": ("incomplete", False),
        "paused": ("connected", True),
    }


def test_only_what_is_synced_is_a_table_and_names_of_both_sides_are_kept(
    empty: AccountLocation,
) -> None:
    schemas = {
        "Public": Schema(
            "Public",
            "shop_public",
            {
                "Orders": Table("Orders", "orders", sync_mode="HISTORY"),
                "off": Table("off", "off", enabled=False),
                "gone": Table("gone", "gone", locked="DELETED"),
            },
        ),
        "off": Schema("off", "shop_off", {"t": Table("t", "t")}, enabled=False),
        "bare": Schema("bare", "shop_bare", None),
    }
    empty.world.add_connection(id="c", schema="shop", layout=lambda: SchemaConfig(schemas))
    empty.refresh()
    found = [
        (s.name, s.destination, t.name, t.destination, t.sync_mode)
        for s, t in empty.known("c").tables()
    ]
    assert found == [("Public", "shop_public", "Orders", "orders", "HISTORY")]


def test_a_connection_without_schema_configuration_has_the_table_of_its_name(
    empty: AccountLocation,
) -> None:
    """A sheet is called as the one table it fills; others tell nothing."""
    empty.world.add_connection(id="sheet", schema="finance.budget", layout=None)
    empty.world.add_connection(id="other", schema="finance", layout=None)
    empty.world.add_connection(
        id="half", schema="finance.plan", layout=None, setup_state="incomplete"
    )
    report = empty.refresh()
    names = {c.id: [t.name for _, t in c.tables()] for c in empty.snapshot.connections}
    assert names == {"sheet": ["budget"], "other": [], "half": []}
    assert report.warnings == ()


def test_a_second_look_reads_nothing_again_when_nothing_has_synced(
    location: AccountLocation,
) -> None:
    location.refresh()
    before = location.snapshot.connections
    report = location.refresh()
    assert location.paths() == ["/v1/groups", "/v1/connections", "/v1/destinations"]
    assert (report.schemas_read, report.schemas_kept, report.calls) == (0, 6, 3)
    assert location.snapshot.connections == before


def test_a_connection_that_has_synced_is_read_again_and_no_other(
    location: AccountLocation,
) -> None:
    location.refresh()
    location.world.start_sync(SHOP)
    location.world.advance(25)
    report = location.refresh()
    assert location.paths(SCHEMAS) == [f"/v1/connections/{SHOP}/schemas"]
    assert (report.schemas_read, report.schemas_kept) == (1, 5)


def test_a_connection_that_broke_or_was_added_is_read_and_one_that_is_gone_is_left_out(
    location: AccountLocation,
) -> None:
    location.refresh()
    location.world.break_connection(BUDGET)
    location.world.delete_connection(PLATFORM)
    location.world.add_connection(id="added")
    location.refresh()
    assert sorted(location.paths(SCHEMAS)) == [
        "/v1/connections/added/schemas",
        f"/v1/connections/{BUDGET}/schemas",
    ]
    ids = {connection.id for connection in location.snapshot.connections}
    assert "added" in ids
    assert PLATFORM not in ids


def test_a_connection_that_never_synced_is_read_every_time(empty: AccountLocation) -> None:
    """Nothing in the list of connections tells when its tables appear."""
    connection = empty.world.add_connection(id="c", new=True, schedule_type="manual", layout=None)
    empty.refresh()
    assert empty.known("c").schemas is None
    connection.config, connection.has_schemas = tables(shop=["orders"]), True
    empty.refresh()
    assert [table.name for _, table in empty.known("c").tables()] == ["orders"]


def test_everything_is_read_on_demand(location: AccountLocation) -> None:
    """What is switched on in Fivetran shows with the next sync, or when all is read."""
    location.refresh()
    shop = location.world.estate.connections[SHOP]
    shop.config = tables(shop_public=["orders", "switched_on"])
    location.refresh()
    assert "switched_on" not in {table.name for _, table in location.known(SHOP).tables()}
    report = location.refresh(everything=True)
    assert "switched_on" in {table.name for _, table in location.known(SHOP).tables()}
    assert report.schemas_read == 6


def test_columns_are_read_on_demand_and_not_of_connections_that_are_broken(
    location: AccountLocation,
) -> None:
    location.refresh()
    location.fields["columns"] = True
    report = location.refresh()
    asked = location.paths(r"/columns$")
    assert report.columns_read == len(asked) == report.tables - 6
    assert not [path for path in asked if LEGACY in path]
    orders = {t.name: t for _, t in location.known(SHOP).tables()}["orders"]
    assert orders.columns
    assert KnownColumn("id", "id", primary_key=True) in orders.columns
    assert location.refresh().columns_read == 0


def test_columns_that_cannot_be_read_for_now_stay_and_are_asked_for_again(
    location: AccountLocation,
) -> None:
    location.fields["columns"] = True
    location.refresh()
    before = location.known(SHOP).schemas
    location.world.start_sync(SHOP)
    location.world.advance(30)
    location.server.fail(Fault.too_many("/columns", retry_after=3600, times=None))
    report = location.refresh()
    assert len(report.warnings) == 4
    assert "as before" in report.warnings[0]
    assert location.known(SHOP).schemas == before
    location.server.failures.clear()
    assert location.refresh().columns_read == 4
    assert location.refresh().columns_read == 0
    assert location.known(SHOP).schemas == before


def test_columns_that_cannot_be_read_are_said_once_and_asked_for_after_the_next_sync(
    location: AccountLocation,
) -> None:
    location.fields["columns"] = True
    location.server.fail(Fault.status(400, f"{SHOP}/.*orders/columns", message="Unreachable"))
    report = location.refresh()
    (warning,) = report.warnings
    assert SHOP in warning
    assert "public.orders: " in warning
    assert location.refresh().columns_read == 0
    location.world.start_sync(SHOP)
    location.world.advance(25)
    assert location.refresh().warnings == ()
    assert all(table.columns for _, table in location.known(SHOP).tables())


def test_schemas_that_cannot_be_read_are_kept_as_they_were_and_tried_again(
    location: AccountLocation,
) -> None:
    location.refresh()
    tables_before = list(location.known(SHOP).tables())
    location.server.fail(Fault.status(400, f"{SHOP}/schemas", message="Not now"))
    (warning,) = location.refresh(everything=True).warnings
    assert "Not now" in warning
    assert list(location.known(SHOP).tables()) == tables_before
    assert location.refresh().schemas_read == 1
    assert location.known(SHOP).seen


def test_a_connection_deleted_while_its_schemas_are_read_is_left_out(
    location: AccountLocation,
) -> None:
    def vanish(request: Any) -> None:
        if request.path.endswith("/destinations") and ADS in location.world.estate.connections:
            location.world.delete_connection(ADS)

    location.server.before_answer = vanish
    report = location.refresh()
    assert report.warnings == ()
    assert ADS not in {connection.id for connection in location.snapshot.connections}


@pytest.mark.parametrize(
    ("path", "left"), [(r"/groups", "groups"), (r"/destinations", "destinations")]
)
def test_an_account_can_do_without_groups_and_destinations(
    location: AccountLocation, path: str, left: str
) -> None:
    location.server.fail(Fault.status(403, path, times=None))
    (warning,) = location.refresh().warnings
    assert warning.startswith(f"{left}: left out")
    assert len(location.snapshot.connections) == 6


def test_a_kind_of_source_without_a_title_is_called_by_its_name(location: AccountLocation) -> None:
    location.server.fail(Fault.status(404, r"/connector-types/postgres", code="NotFound_Service"))
    (warning,) = location.refresh().warnings
    assert "connector type postgres" in warning
    assert location.snapshot.services["postgres"] == "postgres"


@pytest.mark.parametrize("groups", [["Marketing"], ["lakeside_marketing"]])
def test_only_the_connections_of_the_groups_that_are_named(
    location: AccountLocation, groups: list[str]
) -> None:
    location.fields["groups"] = groups
    location.refresh()
    assert {c.group_id for c in location.snapshot.connections} == {"lakeside_marketing"}


def test_a_group_that_is_not_there_is_named_with_the_nearest(location: AccountLocation) -> None:
    location.fields["groups"] = ["Marketng"]
    with pytest.raises(ConfigError, match="no such group; did you mean 'Marketing'"):
        location.refresh()


def test_two_groups_of_one_name_are_told_apart_by_id(empty: AccountLocation) -> None:
    for number in ("g1", "g2"):
        empty.world.add_group("Twins", id=number)
        empty.world.add_connection(id=f"c_{number}", group=number)
    empty.fields["groups"] = ["Twins"]
    with pytest.raises(ConfigError, match="several groups have this name"):
        empty.refresh()
    empty.fields["groups"] = ["g2"]
    empty.refresh()
    assert [c.id for c in empty.snapshot.connections] == ["c_g2"]


def test_when_the_list_cannot_be_read_the_snapshot_stays_as_it_was(
    location: AccountLocation,
) -> None:
    location.refresh()
    before = location.settings.snapshot.read_bytes()
    location.server.fail(Fault.status(400, r"/connections$", message="Broken page"))
    with pytest.raises(KadaError, match="Broken page"):
        location.refresh(everything=True)
    location.server.expire_key()
    with pytest.raises(ApiUnauthorizedError):
        location.refresh()
    assert location.settings.snapshot.read_bytes() == before
    assert [p.name for p in location.folder.iterdir() if p.name.startswith(".")] == []


def test_a_broken_snapshot_is_replaced(location: AccountLocation) -> None:
    location.settings.snapshot.write_text("{")
    told: list[str] = []
    assert location.refresh(report=told.append).schemas_read == 6
    assert "this is not JSON" in told[0]
    assert len(location.snapshot.connections) == 6


def test_no_secret_of_the_account_is_in_the_file(location: AccountLocation) -> None:
    location.fields["columns"] = True
    location.refresh()
    text = location.settings.snapshot.read_text(encoding="utf-8")
    assert KEY not in text
    assert SECRET not in text
    assert "password" not in text
    assert '"config":{' not in text.replace(" ", "").split('"connections":')[1]


def test_the_first_look_costs_one_call_a_connection_and_the_next_none(
    empty: AccountLocation,
) -> None:
    for number in range(60):
        empty.world.add_connection(
            id=f"c{number:04}", schema=f"s{number}", layout=lambda: tables(shop=["t"])
        )
    assert empty.refresh().calls == 60 + 1 + 3  # a page, groups, destinations, a kind of source
    again = empty.refresh()
    assert (again.calls, again.tables) == (3, 60)
