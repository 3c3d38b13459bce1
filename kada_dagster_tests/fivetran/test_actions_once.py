"""What must not be done twice: a re-sync that begins late, a forced sync nobody can tell apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions, SyncOutcome
from kada_dagster.fivetran.errors import ResyncUnsupportedError
from kada_dagster.sandbox.fivetran import Fault, Outcome, Quirks
from kada_dagster_tests.fivetran.account_location import VARIABLES, account_location
from kada_dagster_tests.fivetran.face_runs import Done, materialize, run_job
from kada_dagster_tests.fivetran.sites import Site, site
from kada_dagster_tests.fivetran.test_actions_resync import ORDERS, add_shop, resync

SHOP = "shop_postgres"
Resync = Callable[[Site], SyncOutcome]


def everything(there: Site) -> SyncOutcome:
    return actions.resync_everything(
        there.client,
        "one",
        StartOptions(timeout=7200),
        report=there.told.append,
        clock=there.clock,
    )


def some_tables(there: Site) -> SyncOutcome:
    return resync(there, timeout=7200)


WAYS = pytest.mark.parametrize(
    ("act", "scope"), [(everything, None), (some_tables, ORDERS)], ids=["everything", "tables"]
)


def gives_up(there: Site) -> None:
    """The gateway answers 504 to the first request for a re-sync."""
    there.server.fail(Fault.status(504, "/resync$", method="POST"))
    there.world.script("one", Outcome.success(1800), Outcome.success(1800))


@WAYS
def test_a_resync_that_begins_while_it_is_asked_for_again_is_done_once(
    act: Resync, scope: Any
) -> None:
    with site() as there:
        add_shop(there)
        gives_up(there)

        def begins(request: Any) -> None:
            """The first that gets through is the second."""
            if request.method == "POST" and request.path.endswith("/resync"):
                there.server.before_answer = None
                there.world.resync("one", scope)

        there.server.before_answer = begins
        found = act(there)
        (sync,) = there.world.syncs("one")
        assert (found.sync_id, sync.scope) == (sync.sync_id, scope)
        first, second = there.server.calls("POST", "/resync$")
        assert second.at - first.at >= 30


@WAYS
@pytest.mark.parametrize("late", [3, 12, 29])
def test_a_resync_that_begins_late_is_looked_for_before_it_is_asked_for_again(
    act: Resync, scope: Any, late: int
) -> None:
    with site() as there:
        add_shop(there)
        gives_up(there)
        there.world.later(late, lambda: there.world.resync("one", scope))
        found = act(there)
        (sync,) = there.world.syncs("one")
        assert found.sync_id == sync.sync_id
        assert len(there.sent()) == 1


@pytest.mark.parametrize("patience", [0, 100])
def test_several_tables_are_refused_where_only_one_at_a_time_can_be(patience: int) -> None:
    with site(quirks=Quirks(tables_resync=False, resync_patience=patience)) as there:
        add_shop(there)
        there.server.fail(Fault.status(404, "one/resync$", code="NotFound", times=None))
        with pytest.raises(ResyncUnsupportedError, match="one table at a time") as caught:
            resync(there, {"public": ["orders", "order_lines"]}, timeout=1800)
        assert caught.value.connection_id == "one"
        assert not there.world.syncs("one")
        assert resync(there, timeout=1800).status == "succeeded"


@pytest.fixture
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_variables")
@pytest.mark.parametrize("way", ["job", "asset"])
def test_a_forced_sync_that_may_have_been_heard_is_not_forced_again(
    way: str, tmp_path: Path
) -> None:
    with account_location(tmp_path) as location:
        location.fields["retries"] = {"max_retries": 2, "delay_seconds": 0}
        location.fields["start"] = {"on_running": "force", "timeout": 3600}
        location.refresh()
        location.world.quirks.history = 403
        location.world.script(SHOP, Outcome.success(3000), Outcome.success(600))
        location.world.start_sync(SHOP)
        location.world.advance(5)
        location.server.fail(Fault.lost(f"{SHOP}/sync$", method="POST"))
        done: Done = (
            run_job(location, "start", connection_id=SHOP)
            if way == "job"
            else materialize(location, f"fivetran/{SHOP}")
        )
        said, _ = done.failure()
        assert "it may have been done all the same" in said
        assert done.retries() == []
        assert len(location.server.calls("POST", "/sync$")) == 1
        assert location.world.syncs(SHOP)[-1].status is None
