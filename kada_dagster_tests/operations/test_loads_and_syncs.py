"""Loads of tables and syncs of Fivetran: in alerts, and in how everything is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from kada_dagster.config import load_config_file
from kada_dagster.loader.resource import LoaderResource
from kada_dagster.operations.conditions import conditions
from kada_dagster.operations.failed_runs import FailureReader
from kada_dagster.operations.overview import Overview
from kada_dagster.operations.tables import markdown, text_lines
from kada_dagster.operations.watched import Watched
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.fivetran.account_location import VARIABLES, tables
from kada_dagster_tests.fivetran.followed import Followed, followed
from kada_dagster_tests.loader.databases import two_databases
from kada_dagster_tests.loader.face.location import PASSWORD, Location

TASK = """
mode: full
source: {table: public.%s}
target: {ddl: auto}
checks: {freshness: 2 hours}
retries: {max_retries: 0}
"""


@pytest.fixture
def loads(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Location]:
    """Two loads, of which one reads a table that is not there."""
    monkeypatch.setenv("TEST_LOADER_PASSWORD", PASSWORD)
    with two_databases(postgres, tmp_path / "project") as ends:
        with closing(postgres.connect(ends.source)) as raw, raw.cursor() as cursor:
            cursor.execute("CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 5) AS n")
        texts = {"public.orders": TASK % "orders", "public.lines": TASK % "lines"}
        yield Location(ends, texts)


def watched(config: Path, definitions: dg.Definitions) -> Watched:
    return Watched(load_config_file(config), lambda: [definitions])


def test_no_secret_of_a_profile_is_told_whatever_a_load_raises(loads: Location) -> None:
    class Crooked(LoaderResource):
        def load(self, *_: Any, **__: Any) -> Any:
            raise ValueError(f"cannot log in with {PASSWORD}")

    failed = loads.run("public.orders", resources={"dwh_loader": Crooked()}).result
    run = loads.dagster.get_run_by_id(failed.run_id)
    assert run is not None
    around = watched(loads.write(), loads.definitions())
    (failure,) = FailureReader(loads.dagster, around).failures(run)
    assert failure.cause == "cannot log in with ***"


def test_a_load_that_fails_and_one_whose_rows_are_old(loads: Location) -> None:
    definitions = loads.definitions()
    around = watched(loads.write(), definitions)
    assert loads.run("public.orders").result.success
    failed = loads.run("public.lines").result
    run = loads.dagster.get_run_by_id(failed.run_id)
    assert run is not None
    (failure,) = FailureReader(loads.dagster, around).failures(run)
    assert (failure.subject, failure.step) == ("load public.lines", "")
    assert "lines" in failure.cause
    assert failure.error == "SourceReadError"
    assert "task's definition" in failure.next_step
    assert PASSWORD not in failure.cause

    now = datetime.now(timezone.utc)
    (route,) = Overview(loads.dagster, around, now).situation("here").routes
    assert (route.name, route.loads, route.rows) == ("erp", 2, 5)
    assert [name for name, _ in route.failing] == ["public.lines"]
    assert route.old == []

    def holds(at: datetime) -> dict[str, bool | None]:
        return {one.key: one.holds for one in conditions(loads.dagster, around, at)}

    assert holds(now) == {"load/public.orders": False, "load/public.lines": True}
    later = now + timedelta(hours=3)
    assert holds(later) == {"load/public.orders": True, "load/public.lines": True}
    found = Overview(loads.dagster, around, later).situation("here")
    assert found.routes[0].old == ["public.orders"]
    text = "\n".join(text_lines(found))
    assert "erp        2" in text
    assert "load public.lines: failed" in text
    assert "load public.orders: its rows are old" in text


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Followed]:
    """Two connections; the first look is done."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    world = FivetranWorld()
    for connection in ("shop", "crm"):
        world.add_connection(id=connection, schema=connection, layout=lambda: tables(x=["t"]))
    with followed(tmp_path, world) as made:
        made.tick()
        yield made


def test_a_sync_that_failed_is_a_condition_and_a_line(account: Followed) -> None:
    account.world.script("shop", Outcome.breaks("The password has expired"), Outcome.success())
    account.world.advance(3600)
    account.tick()
    definitions = account.definitions()
    around = watched(account.location.write(), definitions)
    now = datetime.now(timezone.utc)
    found = {one.key: one for one in conditions(account.instance, around, now)}
    shop = found["sync/fivetran/shop"]
    assert shop.holds
    assert dict(shop.facts)["cause"] == "The password has expired"
    assert "https://fivetran.com/dashboard" in dict(shop.facts)["next step"]
    assert found["sync/fivetran/crm"].holds is not True
    situation = Overview(account.instance, around, now).situation("here")
    (one,) = situation.accounts
    assert one.connections == 2
    assert one.failing == [("fivetran/shop", "The password has expired")]
    assert not situation.is_well
    assert "sync fivetran/shop: failed" in markdown(situation)


def test_an_account_nobody_has_looked_at_says_nothing(tmp_path: Path, account: Followed) -> None:
    file = tmp_path / "kada.yaml"
    entry = {"name": "f", "api_key": "${A}", "api_secret": "${B}"}
    file.write_text(yaml.safe_dump({"fivetran": [entry]}))
    around = watched(file, dg.Definitions())
    assert conditions(account.instance, around, datetime.now(timezone.utc)) == []
