"""The Fivetran stand-in answers as the vendor's OpenAPI document says, but for what life does."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, demo_world, generated_world
from kada_dagster_tests.sandbox.fivetran_calls import DOCUMENT, faults_of

LIFE = {
    "moments that never were are null": r"(succeeded|failed|last_started|last_ended)_at: None",
    "ids of what is not there are null": r"(private_link_id|proxy_agent_id): None",
    "a time of day that was not set is null": r"daily_sync_time: None",
    "frequencies are numbers, not texts": r"sync_frequency: \d+ is not one of \['1'",
    "flexible schedules have no frequency": r"sync_frequency: None",
    "details are objects": r"status/(tasks|warnings)/\d+/details: \{\} is not of type 'string'",
    "states of destinations are in small letters": r"setup_status: 'connected' is not one of",
}
"""What real answers hold and the document does not allow."""

ODD = re.compile(
    r"details: \{'table': 'a.b'\} is not of type|status/(tasks|warnings|rescheduled_for): None"
    r"|networking_method: 'Carrier'|data_delay_sensitivity: None|connected_by: None"
)
PLAIN = generated_world(7, 60)
PLAIN.advance(40_000)
LIVELY = generated_world(3, 80, odd=True)


def strange(faults: list[str], *, odd: bool = False) -> list[str]:
    """Faults that are neither of life nor, if so told, of oddities that were made up."""
    left = [fault for fault in faults if not re.search("|".join(LIFE.values()), fault)]
    return [fault for fault in left if not (odd and ODD.search(fault))]


def asked(world: FivetranWorld, template: str, method: str = "get", body: Any = None,
          **ids: str) -> list[str]:  # fmt: skip
    """What is strange in an answer of a path of the document."""
    path = template
    for name, value in ids.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    reply = world.ask(method.upper(), path, {} if "{" in template else {"limit": "1000"}, body)
    # The document has no 201, which creations are answered with.
    assert reply.status in (200, 201), reply.value
    return strange(faults_of(reply.value, template, method))


LISTS = [
    path
    for path, methods in DOCUMENT["paths"].items()
    if "get" in methods and "{" not in path and path != "/v1/account/info"
]


@pytest.mark.parametrize("path", ["/v1/account/info", *LISTS])
def test_lists_conform(path: str) -> None:
    PLAIN.add_webhook("https://example.com/hook", ["sync_end"], "secret")
    assert asked(PLAIN, path) == []
    if path != "/v1/account/info":
        assert PLAIN.ask("GET", path).value["data"]["items"]


def test_everything_of_every_connection_conforms() -> None:
    with_config = 0
    for id in PLAIN.estate.connections:
        start = "/v1/connections/{connectionId}"
        assert asked(PLAIN, start, connectionId=id) == []
        assert asked(PLAIN, f"{start}/sync-history", connectionId=id) == []
        config = PLAIN.schemas(id)
        if config is None:
            continue
        with_config += 1
        assert asked(PLAIN, f"{start}/schemas", connectionId=id) == []
        assert config_faults(config) == []
        if PLAIN.connection(id)["status"]["setup_state"] == "connected":
            for schema, held in list(config["schemas"].items())[:1]:
                for table in list(held["tables"])[-2:]:
                    path = f"{start}/schemas/{{schema}}/tables/{{table}}/columns"
                    names = {"connectionId": id, "schema": schema, "table": table}
                    assert asked(PLAIN, path, **names) == []
    assert with_config > 40


def config_faults(config: dict[str, Any]) -> list[str]:
    """Faults of schemas, whose names the document has as `schema`, `table` and `column`."""
    found: list[str] = []
    for schema in config["schemas"].values():
        for table in schema["tables"].values():
            column = next(iter(table["columns"].values()), None)
            columns = {"column": column} if column else {}
            shown = {**schema, "tables": {"table": {**table, "columns": columns}}}
            body = {"code": "", "data": {**config, "schemas": {"schema": shown}}}
            found += strange(faults_of(body, "/v1/connections/{connectionId}/schemas"))
    return found


def test_every_other_path_of_the_document_is_answered_as_it_says() -> None:
    world = demo_world()
    world.quirks.previews = True
    world.add_connection("connector_sdk", id="sdk", schedule_type="manual")
    hook = world.add_webhook("http://127.0.0.1:9/hook", ["sync_end"], "secret")
    group = next(iter(world.estate.groups))
    sdk = {"connectionId": "sdk"}
    sheet = {"connectionId": "shop_postgres"}
    done = {"transformationId": "dbt_orders"}
    made = {"url": "https://example.com/hook", "events": ["sync_end"], "secret": "s"}
    table = {"public": ["orders"]}
    asks: list[tuple[str, str, Any, dict[str, str]]] = [
        ("/v1/connections/{connectionId}", "patch", {"paused": False}, sheet),
        ("/v1/connections/{connectionId}/state", "get", None, sdk),
        ("/v1/connections/{connectionId}/test", "post", {}, sheet),
        ("/v1/connections/{connectionId}/sync", "post", {"force": True}, sheet),
        ("/v1/connections/{connectionId}/warnings", "get", None, sheet),
        ("/v1/connections/{connectionId}/schemas/reload", "post", {}, sheet),
        ("/v1/connections/{connectionId}/resync", "post", {}, sdk),
        ("/v1/connections/{connectionId}/schemas/tables/resync", "post", table, sheet),
        ("/v1/groups/{groupId}", "get", None, {"groupId": group}),
        ("/v1/groups/{groupId}/connections", "get", None, {"groupId": group}),
        ("/v1/destinations/{destinationId}", "get", None, {"destinationId": group}),
        ("/v1/metadata/connector-types/{service}", "get", None, {"service": "postgres"}),
        ("/v1/transformations/{transformationId}", "get", None, done),
        ("/v1/transformations/{transformationId}/run", "post", {"full_refresh": False}, done),
        ("/v1/transformations/{transformationId}/cancel", "post", None, done),
        ("/v1/webhooks/account", "post", made, {}),
        ("/v1/webhooks/group/{groupId}", "post", made, {"groupId": group}),
        ("/v1/webhooks/{webhookId}", "get", None, {"webhookId": hook.id}),
        ("/v1/webhooks/{webhookId}", "patch", {"events": ["sync_start"]}, {"webhookId": hook.id}),
        ("/v1/webhooks/{webhookId}/test", "post", {"event": "sync_end"}, {"webhookId": hook.id}),
        ("/v1/webhooks/{webhookId}", "delete", None, {"webhookId": hook.id}),
    ]
    for path, method, body, ids in asks:
        assert asked(world, path, method, body, **ids) == [], (method, path)
    covered = {(path, method) for path, method, _, _ in asks} | {(path, "get") for path in LISTS}
    one = "/v1/connections/{connectionId}"
    tested_above = {
        (path, "get")
        for path in (
            "/v1/account/info",
            one,
            f"{one}/schemas",
            f"{one}/sync-history",
            f"{one}/schemas/{{schema}}/tables/{{table}}/columns",
        )
    }
    left = [
        (path, method)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method in ("get", "post", "patch", "delete")
        and (path, method) not in covered | tested_above
    ]
    assert left == []


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 25), st.booleans(), st.integers(0, 100_000))
def test_accounts_of_any_kind_conform_at_any_moment(
    seed: int, connections: int, odd: bool, seconds: int
) -> None:
    world = generated_world(seed, connections, 2, odd=odd)
    world.advance(seconds)
    listed = world.ask("GET", "/v1/connections", {"limit": "1000"}).value
    assert len(listed["data"]["items"]) == connections
    assert strange(faults_of(listed, "/v1/connections"), odd=odd) == []
    for id in world.estate.connections:
        reply = world.ask("GET", f"/v1/connections/{id}").value
        assert strange(faults_of(reply, "/v1/connections/{connectionId}"), odd=odd) == []
    for path in ("/v1/groups", "/v1/destinations", "/v1/transformations"):
        assert strange(faults_of(world.ask("GET", path).value, path)) == []


@pytest.mark.parametrize("deviation", LIFE)
def test_what_life_does_is_in_generated_accounts(deviation: str) -> None:
    found = [
        fault
        for path in ("/v1/connections", "/v1/destinations", "/v1/transformations")
        for fault in faults_of(LIVELY.ask("GET", path, {"limit": "1000"}).value, path)
    ]
    for id in LIVELY.estate.connections:
        reply = LIVELY.ask("GET", f"/v1/connections/{id}").value
        found += faults_of(reply, "/v1/connections/{connectionId}")
    assert any(re.search(LIFE[deviation], fault) for fault in found)


def test_generated_accounts_are_equal_for_equal_seeds_only() -> None:
    first, second, third = (generated_world(seed, 30) for seed in (4, 4, 5))
    for world in (first, second, third):
        world.advance(9000)
    assert first.list_connections() == second.list_connections()
    assert first.list_connections() != third.list_connections()
    ids = [id for id in first.estate.connections if first.schemas(id)]
    assert [first.schemas(id) for id in ids] == [second.schemas(id) for id in ids]


def test_generated_accounts_hold_all_kinds_and_states() -> None:
    world = generated_world(1, 400, 5, odd=True)
    world.advance(86_400)
    items = world.list_connections()
    states = {item["status"]["sync_state"] for item in items}
    assert states == {"scheduled", "syncing", "paused", "rescheduled", "queued"}
    setups = {item["status"]["setup_state"] for item in items}
    assert setups == {"connected", "broken", "incomplete", "suspended"}
    assert {item["schedule_type"] for item in items} == {"auto", "manual"}
    assert None in {item["sync_frequency"] for item in items}
    assert len({item["service"] for item in items}) > 18
    destinations = world.ask("GET", "/v1/destinations").value["data"]["items"]
    assert {item["setup_status"] for item in destinations} == {"connected", "CONNECTED"}
    statuses = {sync.status for id in world.estate.connections for sync in world.syncs(id)}
    assert statuses >= {"COMPLETED", "FAILURE", "RESCHEDULED"}
    names = [
        name
        for id in world.estate.connections
        for schema in (world.schemas(id) or {"schemas": {}})["schemas"].values()
        for name in schema["tables"]
    ]
    assert {letter for name in names for letter in name} >= set("./ %ß")


def test_a_large_account_is_moved_through_many_syncs() -> None:
    world = FivetranWorld()
    for number in range(1500):
        world.add_connection(sync_frequency=(5, 15, 60)[number % 3], usual=Outcome.success(30))
    world.advance(3600)
    assert len(world.completed_syncs()) == 500 * (12 + 4 + 1)
    assert len(world.list_connections()) == 1500
