"""What accounts of the Fivetran stand-in hold: the demo, names, pages and spans without gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.fivetran import (
    FivetranWorld,
    Outcome,
    Quirks,
    RefusedError,
    demo_world,
    generated_world,
)
from kada_dagster.sandbox.fivetran import demo as names
from kada_dagster.sandbox.fivetran.call import Call
from kada_dagster.sandbox.fivetran.changes import checked, runs_tests
from kada_dagster.sandbox.fivetran.layouts import in_destination
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.services import SERVICES, service_of

START = datetime(2026, 11, 2, tzinfo=timezone.utc)


def config_of(service: str, schema: str) -> dict[str, Any]:
    world = FivetranWorld()
    world.add_connection(service, id="one", schema=schema)
    config = world.schemas("one")
    assert config is not None
    return config


def refusal(asks: Callable[[], object]) -> RefusedError | None:
    """How something is refused; None: it is not."""
    try:
        asks()
    except RefusedError as error:
        return error
    return None


def arrivals(config: dict[str, Any]) -> set[str]:
    return {schema["name_in_destination"] for schema in config["schemas"].values()}


def test_the_account_of_the_demo_is_the_one_that_the_pages_tell_of() -> None:
    world = demo_world()
    shown = {
        item["id"]: (item["service"], item["schema"], item["sync_frequency"])
        for item in world.list_connections()
    }
    assert shown == {
        names.SHOP: ("postgres", "shop", 5),
        names.CRM: ("salesforce", "salesforce", 15),
        names.BUDGET: ("google_sheets", "finance.budget", 1440),
        names.PLATFORM: ("fivetran_log", "fivetran_metadata", 60),
        names.ADS: ("google_ads", "google_ads", 30),
        names.LEGACY: ("mysql", "legacy_shop", 60),
    }
    tables = world.ask("GET", f"/v1/connections/{names.SHOP}/schemas").value["data"]
    shop = tables["schemas"]["public"]
    assert shop["name_in_destination"] == "shop_public"
    assert {name: table["enabled"] for name, table in shop["tables"].items()} == {
        "customers": True,
        "orders": True,
        "order_lines": True,
        "products": True,
        "sessions": False,
    }


def test_a_day_of_the_demo_has_successes_delays_and_failures() -> None:
    world = demo_world()
    world.advance(86_400)
    said = {id: [sync.status for sync in world.syncs(id)] for id in world.estate.connections}
    assert said[names.SHOP] == ["COMPLETED"] * 288
    assert said[names.BUDGET] == ["COMPLETED"]
    assert set(said[names.LEGACY]) == {"FAILURE"}
    assert said[names.ADS][:4] == ["COMPLETED", "RESCHEDULED", "COMPLETED", "COMPLETED"]


@pytest.mark.parametrize(
    ("service", "schema", "arrives"),
    [
        ("salesforce", "sf", {"sf"}),
        ("google_sheets", "finance.budget", {"finance"}),
        ("fivetran_log", "platform", {"platform"}),
    ],
)
def test_schemas_arrive_under_the_name_of_the_connection(
    service: str, schema: str, arrives: set[str]
) -> None:
    config = config_of(service, schema)
    assert arrivals(config) == arrives
    if service == "google_sheets":
        assert list(config["schemas"]["finance"]["tables"]) == ["budget"]


def test_schemas_of_a_database_arrive_with_the_name_before_them() -> None:
    config = config_of("postgres", "crm")
    assert "public" in config["schemas"]
    assert arrivals(config) == {f"crm_{in_destination(name)}" for name in config["schemas"]}


def test_a_kind_that_nobody_knows_is_taken_for_an_application() -> None:
    assert service_of("new_thing").name == "New Thing"
    assert list(config_of("new_thing", "s")["schemas"]) == ["new_thing"]
    assert service_of("postgres") is SERVICES["postgres"]


def test_no_configuration_of_any_kind_shows_a_secret() -> None:
    words = ("password", "secret", "secrets", "client_secret")
    for service in SERVICES.values():
        hidden = [value for name, value in service.config.items() if name in words]
        assert set(hidden) <= {"******"}, service.id


def test_tables_and_columns_say_why_they_cannot_be_switched() -> None:
    column = Column("id", "id", locked="SYSTEM_COLUMN").payload()
    assert column["enabled_patch_settings"]["reason_code"] == "SYSTEM_COLUMN"
    table = Table("t", "t", enabled=False, sync_mode=None, locked="DELETED").payload()
    assert table["enabled_patch_settings"]["allowed"] is False
    assert "sync_mode" not in table
    assert Table("t", "t").payload()["enabled_patch_settings"] == {"allowed": True}


def test_a_schema_may_come_without_its_tables() -> None:
    config = SchemaConfig({"s": Schema("s", "s", None)}, "BLOCK_ALL")
    assert config.payload() == {
        "enable_new_by_default": False,
        "schema_change_handling": "BLOCK_ALL",
        "schemas": {"s": {"name_in_destination": "s", "enabled": True}},
    }
    assert config.table("s", "t") is None


def test_a_connection_of_an_unknown_group_cannot_be_added() -> None:
    world = FivetranWorld()
    world.add_group("One")
    with pytest.raises(RefusedError, match="'two' does not exist"):
        world.add_connection(group="two")
    assert world.list_connections() == []


def test_fields_of_the_answer_can_be_set_to_anything() -> None:
    world = FivetranWorld()
    world.add_connection(
        id="one",
        fields={"schema": None, "succeeded_at": "2026-10-06T22:55:45.275Z", "extra": [1]},
        status_fields={"sync_state": "thinking", "tasks": None},
    )
    found = world.connection("one")
    assert (found["schema"], found["extra"]) == (None, [1])
    assert found["succeeded_at"] == "2026-10-06T22:55:45.275Z"
    assert found["status"]["sync_state"] == "thinking"
    assert world.list_connections()[0]["status"]["tasks"] is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(1, 70))
def test_pages_of_any_size_hold_every_connection_once(count: int, limit: int) -> None:
    world = generated_world(count, count)
    found: list[str] = []
    query = {"limit": str(limit)}
    while True:
        data = world.ask("GET", "/v1/connections", query).value["data"]
        found += [item["id"] for item in data["items"]]
        assert len(data["items"]) <= limit
        if "next_cursor" not in data:
            break
        query = {"limit": str(limit), "cursor": data["next_cursor"]}
    assert found == list(world.estate.connections)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=12),
    st.sampled_from(["start", "end"]),
    st.sampled_from([0.0, -1.5, 2.0]),
)
def test_spans_that_follow_each_other_tell_every_sync(
    minutes: list[int], window: Any, skew: float
) -> None:
    world = FivetranWorld(quirks=Quirks(history_window=window, history_skew=skew))
    world.add_connection(id="one", sync_frequency=5, usual=Outcome.success(17.25))
    world.advance(sum(minutes) * 60)
    told: set[str] = set()
    start = START
    for length in minutes:
        end = start + timedelta(minutes=length)
        told |= {item["sync_id"] for item in world.sync_history("one", start, end) or []}
        start = end
    known = [sync for sync in world.syncs("one") if sync.end]
    told_late = timedelta(seconds=skew if window == "end" else 0)
    expected = {sync.sync_id for sync in known if sync.end and sync.end + told_late < start}
    assert expected <= told <= {sync.sync_id for sync in world.syncs("one")}


@given(st.text(max_size=12))
def test_names_in_destinations_are_of_plain_characters(name: str) -> None:
    made = in_destination(name)
    assert made == made.lower() or not name.isascii()
    assert all(letter.isalnum() or letter == "_" for letter in made)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["paused", "schedule_type", "sync_frequency", "daily_sync_time", "config", "run_setup_tests",
     "is_historical_sync", "data_delay_threshold", "trust_certificates", "nothing"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_changes_of_any_shape_are_checked_or_refused_never_broken_on(fields: Any) -> None:
    refused = refusal(lambda: checked(fields))
    if refused is None:
        assert fields.get("paused", True) in (True, False)
        assert fields.get("schedule_type", "auto") in ("auto", "manual")
    else:
        assert (refused.status, refused.code) == (400, "InvalidInput")
    assert runs_tests(fields) is (fields.get("run_setup_tests", True) is not False)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["sync", "resync", "test", "schemas/reload"]), JSON)
def test_bodies_of_any_shape_get_an_answer_of_the_api(action: str, body: Any) -> None:
    world = FivetranWorld()
    world.add_connection(id="one", schedule_type="manual")
    reply = world.ask("POST", f"/v1/connections/one/{action}", body=body)
    assert reply.status in (200, 400, 404)
    assert set(reply.value) >= {"code", "message"}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20), st.text(max_size=10))
def test_paths_and_queries_of_any_text_get_an_answer_of_the_api(path: str, text: str) -> None:
    from urllib.parse import quote

    world = demo_world()
    for whole in (f"/v1/{quote(path)}", f"/v1/connections/{quote(path, safe='')}"):
        for name in ("limit", "cursor", "group_id", "start_time"):
            reply = world.ask("GET", whole, {name: text})
            assert reply.status in (200, 400, 404, 405), whole


@given(st.text(max_size=30))
def test_accepted_types_of_any_text_are_taken_or_refused(text: str) -> None:
    call = Call("GET", "/v1/groups", headers={"accept": text})
    refused = refusal(lambda: call.check_accept(second=True))
    assert refused is None or refused.status == 406
