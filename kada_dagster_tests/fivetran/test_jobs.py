"""The actions as jobs: their run configuration, what they show, and how they fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kada_dagster.fivetran.watch.names import starting_tag
from kada_dagster.sandbox.fivetran import Fault, Outcome, SetupTest
from kada_dagster.sandbox.fivetran.demo import BUDGET, LEGACY, SHOP
from kada_dagster_tests.fivetran.account_location import (
    KEY,
    SECRET,
    VARIABLES,
    AccountLocation,
    account_location,
)
from kada_dagster_tests.fivetran.face_runs import materialize, run_job

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


def bodies(location: AccountLocation, path: str, method: str = "POST") -> list[Any]:
    return [json.loads(call.body or b"null") for call in location.server.calls(method, path)]


def defaults(location: AccountLocation, action: str) -> dict[str, Any]:
    """What the launchpad shows as defaults of an action's configuration."""
    job = location.definitions().resolve_job_def(f"fivetran_{action}_job")
    schema: Any = job.get_node_named(f"fivetran_{action}").definition
    fields = schema.config_schema.as_field().config_type.fields
    return {n: f.default_value for n, f in fields.items() if f.default_provided}


def test_the_defaults_of_a_job_are_those_of_the_account(location: AccountLocation) -> None:
    location.fields["start"] = {"timeout": 7200, "on_running": "queue", "history": False}
    shown = defaults(location, "start")
    assert shown == {
        "timeout": 7200,
        "manual": True,
        "restore_schedule": False,
        "on_running": "queue",
        "on_paused": "fail",
        "on_broken": "test",
        "on_reschedule": "wait",
        "on_timeout": "leave",
        "history": False,
    }
    assert defaults(location, "resync") == {**shown, "scope": {}, "whole_connection": False}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, 'Missing required config entry "connection_id"'),
        ({"connection_id": SHOP, "on_running": "atach"}, "not in enum type"),
        ({"connection_id": SHOP, "timeot": 3}, 'unexpected config entry "timeot"'),
    ],
)
def test_a_run_configuration_that_is_wrong_is_refused_at_launch(
    location: AccountLocation, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match=said):
        run_job(location, "start", **config)
    assert location.server.requests == []


def test_status_shows_the_connection_without_its_configuration(location: AccountLocation) -> None:
    done = run_job(location, "status", connection_id=SHOP)
    shown = done.output()["status"]
    assert shown["id"] == SHOP
    assert shown["status"]["setup_state"] == "connected"
    assert "config" not in shown
    assert done.result.output_for_node("fivetran_status") == shown


def test_start_syncs_waits_and_reports_the_assets_of_the_connection(
    location: AccountLocation,
) -> None:
    done = run_job(location, "start", connection_id=SHOP)
    assert done.success
    assert set(done.materialized()) == {CONNECTION, *TABLES}
    assert done.checks() == [(CONNECTION, "last_sync", True)]
    assert done.tags()[starting_tag(SHOP)] == "1"
    sync = location.world.syncs(SHOP)[-1]
    assert done.output()["fivetran/sync_id"] == sync.sync_id
    output = done.result.output_for_node("fivetran_start")
    assert output["sync_id"] == sync.sync_id
    assert json.dumps(output)
    assert bodies(location, f"/{SHOP}$", "PATCH") == [
        {"schedule_type": "manual", "run_setup_tests": False}
    ]


def test_what_is_given_at_launch_wins_over_the_account(location: AccountLocation) -> None:
    location.fields["start"] = {"on_running": "attach"}
    location.world.start_sync(SHOP)
    done = run_job(location, "start", connection_id=SHOP, on_running="fail", manual=False)
    said, facts = done.failure()
    assert facts["error"] == "SyncRunningError"
    assert done.retries() == []
    assert SHOP in said
    assert location.server.calls("PATCH") == []


def test_a_connection_the_snapshot_does_not_know_is_reported_alone(
    location: AccountLocation,
) -> None:
    location.world.add_connection(id="fresh", schema="fresh")
    done = run_job(location, "start", connection_id="fresh")
    assert set(done.materialized()) == {"fivetran/fresh"}


def test_a_connection_that_is_not_there_is_an_error_with_fivetrans_own_code(
    location: AccountLocation,
) -> None:
    said, facts = run_job(location, "start", connection_id="no_such").failure()
    assert "no_such" in said
    assert facts["code"] == "NotFound_Connection"
    assert facts["status"] == 404
    assert facts["path"] == "/connections/no_such"


def test_a_sync_that_failed_fails_the_check_of_the_connection(location: AccountLocation) -> None:
    location.world.script(SHOP, Outcome.failure("No space left"))
    done = run_job(location, "start", connection_id=SHOP)
    said, _ = done.failure()
    assert "No space left" in said
    assert done.materialized() == {}
    key = dg.AssetCheckKey(dg.AssetKey(["fivetran", SHOP]), "last_sync")
    (record,) = done.instance.event_log_storage.get_asset_check_execution_history(key, limit=2)
    assert record.event
    evaluation: Any = record.event.asset_check_evaluation
    assert not evaluation.passed
    assert evaluation.metadata["reason"].value == "No space left"


def test_the_setup_tests_are_shown_by_how_they_ended(location: AccountLocation) -> None:
    location.world.script_tests(
        SHOP, [SetupTest("Host"), SetupTest("TLS", "WARNING", "Old | version"), SetupTest("Slot")]
    )
    facts = run_job(location, "test", connection_id=SHOP).output()
    assert (facts["passed"], facts["warnings"], facts["failed"], facts["skipped"]) == (2, 1, 0, 0)
    assert "| warnings | TLS | Old \\| version |" in facts["tests"]


def test_a_setup_test_that_fails_fails_the_job_and_says_which(location: AccountLocation) -> None:
    tests = [SetupTest("Host"), SetupTest("Password", "FAILED", "Wrong password")]
    location.world.script_tests(SHOP, tests)
    said, facts = run_job(location, "test", connection_id=SHOP).failure()
    assert said == f"{SHOP}: setup tests failed: Password: Wrong password"
    assert (facts["passed"], facts["failed"]) == (1, 1)


def test_single_tables_are_re_synced_and_nothing_else(location: AccountLocation) -> None:
    done = run_job(location, "resync", connection_id=SHOP, scope={"public": ["orders"]})
    assert done.success
    assert bodies(location, "resync$") == [{"public": ["orders"]}]
    assert set(done.materialized()) == {CONNECTION, *TABLES}


def test_a_whole_connection_is_re_synced_only_in_so_many_words(location: AccountLocation) -> None:
    for config in ({}, {"scope": {"public": ["orders"]}, "whole_connection": True}):
        said, facts = run_job(location, "resync", connection_id=SHOP, **config).failure()
        assert "whole_connection: true" in said
        assert facts["error"] == "ConfigError"
    assert location.server.calls("POST") == []
    assert run_job(location, "resync", connection_id=SHOP, whole_connection=True).success
    assert len(bodies(location, f"{SHOP}/resync$")) == 1


def test_a_table_that_is_not_there_is_named_with_the_nearest(location: AccountLocation) -> None:
    said, facts = run_job(
        location, "resync", connection_id=SHOP, scope={"public": ["ordres"]}
    ).failure()
    assert "orders" in said
    assert facts["error"] == "TableNotFoundError"
    assert location.server.calls("POST") == []


def test_a_call_that_may_do_better_is_made_again_by_the_step(location: AccountLocation) -> None:
    location.fields["retries"] = {"max_retries": 2, "delay_seconds": 0}
    location.server.fail(Fault.dropped(f"/{SHOP}$", times=1))
    done = run_job(location, "start", connection_id=SHOP)
    assert done.success
    assert len(done.retries()) == 1


def test_what_never_does_better_is_tried_once(location: AccountLocation) -> None:
    location.fields["retries"] = {"max_retries": 2, "delay_seconds": 0}
    location.server.expire_key()
    done = run_job(location, "start", connection_id=SHOP)
    _, facts = done.failure()
    assert facts["status"] == 401
    assert done.retries() == []


def test_a_re_sync_is_never_asked_for_twice(location: AccountLocation) -> None:
    location.fields["retries"] = {"max_retries": 3, "delay_seconds": 0}
    location.server.fail(Fault.dropped(f"/{SHOP}", times=1))
    done = run_job(location, "resync", connection_id=SHOP, scope={"public": ["orders"]})
    assert not done.success
    assert done.retries() == []


def test_after_the_last_attempt_the_step_fails_with_the_number_of_them(
    location: AccountLocation,
) -> None:
    location.fields["retries"] = {"max_retries": 1, "delay_seconds": 0}
    location.server.fail(Fault.dropped(f"/{SHOP}$", times=None))
    done = run_job(location, "start", connection_id=SHOP)
    _, facts = done.failure()
    assert facts["attempts"] == 2


def test_the_snapshot_is_refreshed_and_what_it_came_to_is_shown(location: AccountLocation) -> None:
    location.world.add_connection(id="fresh", schema="fresh")
    facts = run_job(location, "snapshot").output()
    assert facts["connections"] == 7
    assert facts["schemas_read"] == 1
    assert facts["file"] == str(location.settings.snapshot)
    assert location.known("fresh").schema == "fresh"
    assert run_job(location, "snapshot", everything=True).output()["schemas_read"] == 7


def test_what_the_snapshot_could_not_read_is_shown(location: AccountLocation) -> None:
    location.server.fail(Fault.status(400, f"{BUDGET}/schemas", message="Not_now"))
    facts = run_job(location, "snapshot", everything=True).output()
    assert facts["warnings"] == 1
    assert "Not\\_now" in facts["warning"]


def test_a_snapshot_may_be_refreshed_on_a_schedule(location: AccountLocation) -> None:
    assert not location.definitions().schedules
    location.fields["snapshot_cron"] = "0 6 * * *"
    repository = location.definitions().get_repository_def()
    schedule = repository.get_schedule_def("fivetran_snapshot_schedule")
    assert (schedule.cron_schedule, schedule.job_name) == ("0 6 * * *", "fivetran_snapshot_job")


def test_a_broken_connection_is_tested_first_and_its_tasks_are_said(
    location: AccountLocation,
) -> None:
    location.world.script_tests(LEGACY, [SetupTest("Password", "FAILED", "Wrong password")])
    said, facts = run_job(location, "start", connection_id=LEGACY).failure()
    assert facts["error"] == "ConnectionBrokenError"
    assert "Access denied for user" in said
    assert len(location.server.calls("POST", f"{LEGACY}/test$")) == 1


def test_no_secret_is_in_what_dagster_keeps_of_a_job(location: AccountLocation) -> None:
    for action, config in (("start", {}), ("status", {}), ("test", {})):
        told = run_job(location, action, connection_id=SHOP, **config).everything()
        assert KEY not in told
        assert SECRET not in told


def test_an_asset_and_a_job_report_the_same_sync_under_the_same_names(
    location: AccountLocation,
) -> None:
    by_asset = materialize(location, CONNECTION).materialized()[CONNECTION]
    by_job = run_job(location, "start", connection_id=SHOP).materialized()[CONNECTION]
    assert set(by_asset) == set(by_job)
    assert by_asset["fivetran/sync_id"] != by_job["fivetran/sync_id"]
