"""A row that moves to the next page while the list is read: its connection is still one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.paging import CursorPaging
from kada_dagster.fivetran import pages
from kada_dagster.fivetran.snapshot_file import write_snapshot
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster_tests.fivetran.account_location import VARIABLES, account_location, tables
from kada_dagster_tests.fivetran.followed import followed
from kada_dagster_tests.fivetran.sites import site


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pages, "_CURSORS", CursorPaging(limit=2, within="data", rows="items"))


def filled(world: FivetranWorld) -> FivetranWorld:
    for number in range(3):
        layout = tables(**{f"s{number}": ["orders"]})
        world.add_connection(
            id=f"shop_{number}", schedule_type="manual", layout=lambda layout=layout: layout
        )
    return world


def moves(server: FivetranSandbox, world: FivetranWorld) -> None:
    """After the first page a connection is made that stands in front: all others move by one."""

    def move(request: Any) -> None:
        known = world.estate.connections
        if request.path.endswith("/connections") and "cursor" in request.query:
            server.before_answer = None
            world.add_connection(id="new", schedule_type="manual", layout=None)
            items = [("new", known.pop("new")), *known.items()]
            known.clear()
            known.update(items)

    server.before_answer = move


def test_the_list_has_each_connection_once() -> None:
    with site() as there:
        filled(there.world)
        moves(there.server, there.world)
        listed = [one.id for one in there.client.connections()]
        assert listed == ["shop_0", "shop_1", "shop_2"]


def test_the_sensor_reports_its_sync_once(tmp_path: Path) -> None:
    with followed(tmp_path, filled(FivetranWorld())) as account:
        account.tick()
        account.world.start_sync("shop_1")
        account.world.advance(100)
        moves(account.location.server, account.world)
        account.tick()
        assert len(account.materialized("shop_1")) == 1


def test_a_snapshot_has_it_once_and_the_code_location_loads(tmp_path: Path) -> None:
    with account_location(tmp_path, filled(FivetranWorld())) as location:
        moves(location.server, location.world)
        location.refresh()
        assert [one.id for one in location.snapshot.connections] == ["shop_0", "shop_1", "shop_2"]
        location.definitions()


def test_a_file_that_has_a_connection_twice_loads_with_the_first(tmp_path: Path) -> None:
    with account_location(tmp_path, filled(FivetranWorld())) as location:
        location.refresh()
        found = location.snapshot
        twice = (*found.connections, *found.connections[:1])
        write_snapshot(location.settings.snapshot, replace(found, connections=twice))
        assert location.snapshot.connections == found.connections
        location.definitions()
