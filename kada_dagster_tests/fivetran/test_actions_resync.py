"""FORCE_RESYNC against the sandbox: these tables and no others, never beside a sync that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kada_dagster.api.errors import ApiError, ApiUnavailableError
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions, SyncOutcome
from kada_dagster.fivetran.errors import (
    ConnectionPausedError,
    ResyncUnsupportedError,
    SchemaConfigMissingError,
    SyncRunningError,
    SyncTimeoutError,
    TableDisabledError,
    TableNotFoundError,
)
from kada_dagster.sandbox.fivetran import Outcome, Quirks
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table
from kada_dagster_tests.fivetran.sites import Site, site
from kada_dagster_tests.fivetran.test_actions import PAUSE, PLAIN, RESUME, add

CONFIG = SchemaConfig(
    {
        "public": Schema(
            "public",
            "shop_public",
            {
                "orders": Table("orders", "orders"),
                "Order Lines": Table("Order Lines", "order_lines"),
                "secret": Table("secret", "secret", enabled=False),
            },
        ),
        "Staging": Schema("Staging", "shop_staging", {"raw": Table("raw", "raw")}, enabled=False),
        "bare": Schema("bare", "shop_bare", None),
    }
)
ORDERS = {"public": ["orders"]}


def add_shop(there: Site, **fields: Any) -> None:
    add(there, **{"layout": lambda: CONFIG, **fields})


def resync(there: Site, scope: Mapping[str, Sequence[str]] = ORDERS, **options: Any) -> SyncOutcome:
    return actions.force_resync(
        there.client,
        "one",
        scope,
        StartOptions(**options),
        report=there.told.append,
        clock=there.clock,
    )


def test_the_tables_are_resynced_and_their_sync_is_waited_for() -> None:
    with site() as there:
        add_shop(there)
        found = resync(there, {"public": ["orders", "Order Lines"]})
        (sync,) = there.world.syncs("one")
        assert (sync.started_by, sync.scope) == ("resync", {"public": ["orders", "Order Lines"]})
        assert (found.sync_id, found.succeeded_at) == (sync.sync_id, sync.end)
        assert not sync.is_historical
        assert len(there.sent()) == 1


@pytest.mark.parametrize(
    ("scope", "resolved"),
    [
        ({"shop_public": ["order_lines"]}, {"public": ["Order Lines"]}),
        ({"PUBLIC": ["ORDERS"]}, {"public": ["orders"]}),
        ({"Shop_Public": ["Order_Lines", "orders"]}, {"public": ["Order Lines", "orders"]}),
        (
            {"public": ["orders"], "shop_public": ["order_lines", "ORDERS"]},
            {"public": ["orders", "Order Lines"]},
        ),
    ],
)
def test_tables_go_by_their_names_in_source_or_destination_in_any_case(
    scope: dict[str, list[str]], resolved: dict[str, list[str]]
) -> None:
    with site() as there:
        add_shop(there)
        resync(there, scope)
        assert there.world.syncs("one")[0].scope == resolved


@pytest.mark.parametrize(
    ("scope", "kind", "said"),
    [
        ({"publik": ["orders"]}, TableNotFoundError, "did you mean public"),
        ({"public": ["order"]}, TableNotFoundError, "did you mean orders"),
        ({"public": ["zzz"]}, TableNotFoundError, "did you mean"),
        ({"bare": ["x"]}, TableNotFoundError, "no tables at all"),
        ({"public": ["orders", "absent"]}, TableNotFoundError, "absent"),
        ({"public": ["secret"]}, TableDisabledError, "table secret in schema public of one"),
        ({"Staging": ["raw"]}, TableDisabledError, "schema Staging of one"),
        ({}, TableNotFoundError, "at least one table"),
        ({"public": []}, TableNotFoundError, "at least one table"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused_before_anything_is_changed(
    scope: dict[str, list[str]], kind: type[ConfigError], said: str
) -> None:
    with site() as there:
        add_shop(there, schedule_type="auto")
        with pytest.raises(kind, match=said) as caught:
            resync(there, scope)
        assert caught.value.exit_code == 2
        assert not there.server.writes


def test_a_connection_without_a_schema_configuration_says_what_to_do() -> None:
    with site() as there:
        add_shop(there, new=True)
        with pytest.raises(SchemaConfigMissingError, match="reload its schema"):
            resync(there)
        assert not there.server.writes


@pytest.mark.parametrize("policy", ["attach", "queue", "force"])
def test_a_sync_that_runs_is_waited_for_first(policy: Any) -> None:
    with site() as there:
        add_shop(there)
        there.world.start_sync("one")
        found = resync(there, on_running=policy)
        earlier, own = there.world.syncs("one")
        assert (earlier.status, own.started_by) == ("COMPLETED", "resync")
        assert found.sync_id == own.sync_id
        assert not found.attached
        assert len(there.sent()) == 1


def test_a_sync_that_runs_is_an_error_if_that_is_wanted() -> None:
    with site() as there:
        add_shop(there)
        there.world.start_sync("one")
        with pytest.raises(SyncRunningError):
            resync(there, on_running="fail")
        assert not there.server.writes


def test_a_conflict_is_waited_out_and_the_resync_asked_for_again() -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(Fault.status(409, "tables/resync$", times=3))
        found = resync(there)
        assert len(there.sent()) == 4
        assert found.sync_id == there.world.syncs("one")[-1].sync_id


def test_a_conflict_that_does_not_end_is_a_timeout() -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(Fault.status(409, "tables/resync$", times=None))
        with pytest.raises(SyncTimeoutError, match="keeps the re-sync from being asked for"):
            resync(there, on_timeout="stop")
        assert not there.sent(method="PATCH")
        assert there.clock.now() - there.server.requests[0].at == pytest.approx(300, abs=1)


def test_a_conflict_may_come_although_nothing_was_seen_running() -> None:
    with site(quirks=Quirks(resync_patience=0)) as there:
        add_shop(there)

        def starts(request: Any) -> None:
            if request.path.endswith("resync") and not there.world.syncs("one"):
                there.world.start_sync("one")

        there.server.before_answer = starts
        found = resync(there)
        earlier, own = there.world.syncs("one")
        assert earlier.status == "COMPLETED"
        assert found.sync_id == own.sync_id


def test_a_connection_that_cannot_is_told_and_nothing_else_is_done() -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(Fault.status(400, "tables/resync$", message="Not supported here"))
        with pytest.raises(ResyncUnsupportedError, match="Not supported here"):
            resync(there)
        assert len(there.sent()) == 1
        assert not there.world.syncs("one")


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(),
        Quirks(tables_resync=False),
        Quirks(tables_resync=False, scoped_resync=False),
    ],
)
def test_no_way_of_asking_ever_becomes_a_resync_of_everything(quirks: Quirks) -> None:
    with site(quirks=quirks) as there:
        add_shop(there)
        try:
            resync(there)
        except ResyncUnsupportedError:
            assert not quirks.scoped_resync
        for sync in there.world.syncs("one"):
            assert sync.scope == ORDERS
            assert not sync.is_historical
        for path, body in ((one.path, one.json) for one in there.server.calls("POST", "resync$")):
            assert path.endswith("/tables/resync") or body.get("scope") == ORDERS


def test_a_paused_connection_is_refused_or_resumed_never_left_with_a_queue() -> None:
    with site() as there:
        add_shop(there, paused=True)
        with pytest.raises(ConnectionPausedError):
            resync(there)
        assert not there.server.writes
        assert resync(there, on_paused="skip").status == "skipped"
        assert not there.server.writes
        assert resync(there, on_paused="unpause").status == "succeeded"
        assert there.sent(method="PATCH") == [RESUME]


def test_a_resync_that_does_not_start_by_itself_is_kicked_after_a_minute() -> None:
    with site(quirks=Quirks(resync_starts=False)) as there:
        add_shop(there)
        found = resync(there)
        (sync,) = there.world.syncs("one")
        assert (sync.started_by, sync.scope) == ("resync", ORDERS)
        assert found.sync_id == sync.sync_id
        assert there.sent("/sync$") == [PLAIN]
        post, kick = there.server.calls("POST")
        assert 60 <= kick.at - post.at < 90


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_a_resync_in_doubt_is_looked_for_before_it_is_asked_for_again(fault: str) -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(getattr(Fault, fault)("tables/resync$", method="POST"))
        found = resync(there)
        assert len(there.world.syncs("one")) == 1
        assert found.sync_id == there.world.syncs("one")[0].sync_id
        assert len(there.sent()) == (1 if fault == "lost" else 2)


def test_a_resync_that_is_always_in_doubt_ends_after_a_few() -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(Fault.status(500, "tables/resync$", times=None))
        with pytest.raises(ApiUnavailableError):
            resync(there)
        assert len(there.sent()) == 5


def test_a_timeout_says_that_a_resync_takes_long_and_can_stop_it() -> None:
    with site() as there:
        add_shop(there)
        there.world.script("one", Outcome.success(5000))
        with pytest.raises(SyncTimeoutError, match="easily takes longer"):
            resync(there, on_timeout="stop")
        assert there.sent(method="PATCH") == [PAUSE, RESUME]


def test_everything_is_resynced_by_a_function_of_its_own() -> None:
    with site() as there:
        add_shop(there)
        found = actions.resync_everything(
            there.client, "one", StartOptions(), report=there.told.append, clock=there.clock
        )
        (sync,) = there.world.syncs("one")
        assert (sync.started_by, sync.scope, sync.is_historical) == ("resync", None, True)
        assert found.sync_id == sync.sync_id
        assert there.sent() == [{}]
        assert not there.client.connection("one").is_historical


def test_everything_that_is_refused_is_an_error() -> None:
    with site() as there:
        add_shop(there)
        there.server.fail(Fault.status(400, "resync$"))
        with pytest.raises(ApiError):
            actions.resync_everything(there.client, "one", clock=there.clock)
        assert len(there.sent()) == 1
