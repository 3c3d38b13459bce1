"""An answer that lacks what was asked for is an error, and never the same as nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiError
from kada_dagster.errors import KadaError
from kada_dagster.fivetran import actions
from kada_dagster.sandbox.fivetran import Fault, FivetranWorld, SetupTest
from kada_dagster_tests.fivetran.account_location import VARIABLES, account_location
from kada_dagster_tests.fivetran.collected import altered
from kada_dagster_tests.fivetran.face_runs import run_job
from kada_dagster_tests.fivetran.followed import followed
from kada_dagster_tests.fivetran.sites import site
from kada_dagster_tests.fivetran.test_actions import add, start

LIST = "/v1/connections$"
TEST = "/one/test$"


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def lacking(*fields: str) -> Callable[[Any], Any]:
    """The answer without these fields of its data."""

    def change(answer: Any) -> Any:
        data = {key: value for key, value in answer["data"].items() if key not in fields}
        return {**answer, "data": data}

    return change


@pytest.mark.parametrize(
    "fault",
    [
        Fault.no_content(TEST),
        altered(TEST, lambda _: {"code": "Success"}),
        altered(TEST, lacking("setup_tests")),
        altered(TEST, lacking("id")),
    ],
    ids=["204", "no data", "no tests", "no id"],
)
def test_setup_tests_nothing_is_known_of_have_not_passed(fault: Fault) -> None:
    with site() as there:
        add(there)
        there.server.fail(fault)
        with pytest.raises(ApiError, match="without an id or setup_tests"):
            actions.test(there.client, "one")


def test_a_connection_without_setup_tests_passes() -> None:
    with site() as there:
        add(there)
        there.server.fail(altered(TEST, lambda a: {**a, "data": {**a["data"], "setup_tests": []}}))
        assert actions.test(there.client, "one").ok


def test_the_job_fails_where_nothing_is_known_of_the_setup_tests(tmp_path: Path) -> None:
    with account_location(tmp_path) as location:
        location.server.fail(Fault.no_content("/test$", times=None))
        assert not run_job(location, "test", connection_id="shop_postgres").success


def test_a_sync_is_started_where_the_tests_mended_the_connection_and_did_not_say_so() -> None:
    with site() as there:
        add(there, setup_state="broken")
        there.world.script_tests("one", [SetupTest("Reach it")])
        there.server.fail(altered(TEST, lambda _: {"code": "Success"}))
        assert start(there).status == "succeeded"


def test_a_snapshot_is_as_it_was(tmp_path: Path) -> None:
    with account_location(tmp_path) as location:
        location.refresh()
        before = location.snapshot
        location.server.fail(Fault.no_content(LIST))
        with pytest.raises(KadaError, match=r"without data\.items"):
            location.refresh()
        assert location.snapshot == before


def test_a_first_look_at_nothing_is_no_first_look(tmp_path: Path) -> None:
    """The second would report what had completed before."""
    world = FivetranWorld()
    world.add_connection(id="shop", schedule_type="manual", layout=None)
    with followed(tmp_path, world) as account:
        account.location.server.fail(Fault.no_content(LIST))
        with pytest.raises(KadaError, match=r"without data\.items"):
            account.tick()
        account.tick()
        account.tick()
        assert account.materialized("shop") == []
