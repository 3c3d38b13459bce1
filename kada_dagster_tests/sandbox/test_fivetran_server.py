"""The Fivetran stand-in over HTTP: envelope, paging, changes, and everything it refuses."""

from __future__ import annotations

import subprocess
import sys
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import pytest
import requests

from kada_dagster.sandbox.fivetran import (
    FivetranSandbox,
    FivetranWorld,
    Quirks,
    SetupTest,
    demo_world,
    generated_world,
)
from kada_dagster.sandbox.fivetran import demo as names
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster_tests.sandbox.fivetran_calls import served

V2 = "application/json;version=2"


def many(count: int) -> FivetranWorld:
    world = FivetranWorld()
    for number in range(count):
        world.add_connection(id=f"c{number:04}", schema=f"s{number % 7}", schedule_type="manual")
    return world


def one(service: str = "postgres", **fields: Any) -> FivetranWorld:
    world = FivetranWorld()
    world.add_connection(service, **{"id": "one", "schedule_type": "manual", **fields})
    return world


def test_pages_are_of_a_hundred_unless_told_and_of_a_thousand_at_most() -> None:
    with served(many(1203)) as caller:
        pages = list(caller.pages("/connections"))
        assert [len(page) for page in pages] == [100] * 12 + [3]
        large = list(caller.pages("/connections", limit=1000))
        assert [len(page) for page in large] == [1000, 203]
        ids = [item["id"] for page in pages for item in page]
        assert ids == [item["id"] for page in large for item in page]
        assert ids == [f"c{number:04}" for number in range(1203)]
        assert "next_cursor" not in caller.data("/connections", limit=1000, schema="s1")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "ten", "1.5", ""])
def test_limits_out_of_range_are_refused(limit: str) -> None:
    with served(many(2)) as caller:
        answer = caller.get("/connections", limit=limit)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    with served(many(5)) as caller:
        cursor = caller.data("/connections", limit=2)["next_cursor"]
        assert caller.data("/connections", limit=2, cursor=cursor)["items"][0]["id"] == "c0002"
        for path, given in (
            ("/connections", {"cursor": "made up"}),
            ("/connections", {"cursor": "Ünïcode"}),
            ("/connections", {"cursor": cursor, "schema": "s1"}),
            ("/groups", {"cursor": cursor}),
        ):
            assert caller.get(path, **given).status_code == 400


def test_the_last_page_may_say_null() -> None:
    world = many(2)
    with served(world) as caller:
        assert "next_cursor" not in caller.data("/connections")
        world.quirks.null_cursor = True
        assert caller.data("/connections")["next_cursor"] is None
        assert caller.data("/groups")["next_cursor"] is None


def test_lists_are_chosen_by_group_and_name() -> None:
    world = demo_world()
    with served(world) as caller:
        of_group = caller.data("/connections", group_id=names.MARKETING)["items"]
        assert [item["id"] for item in of_group] == [names.ADS, names.LEGACY]
        assert caller.data(f"/groups/{names.MARKETING}/connections")["items"] == of_group
        named = caller.data("/connections", schema="finance.budget")["items"]
        assert [item["id"] for item in named] == [names.BUDGET]
        assert caller.data(f"/groups/{names.MARKETING}/connections", schema="shop")["items"] == []
        assert caller.get("/groups/nobody/connections").json()["code"] == "NotFound_Group"


def test_what_is_listed_is_what_python_gets_without_http() -> None:
    world = generated_world(5, 120, odd=True)
    world.advance(7200)
    with served(world) as caller:
        (items,) = caller.pages("/connections", limit=1000)
        assert items == world.list_connections()
        for item in items[:20]:
            assert caller.data(f"/connections/{item['id']}") == world.connection(item["id"])
    reply = world.ask("GET", "/v1/connections", {"limit": "1000"})
    assert (reply.status, reply.value["data"]["items"]) == (200, items)


def test_a_connection_by_itself_has_what_the_list_has_and_its_masked_configuration() -> None:
    with served(demo_world()) as caller:
        (item, *_) = caller.data("/connections")["items"]
        found = caller.data(f"/connections/{names.SHOP}")
    assert {name: found[name] for name in item} == item
    assert found["config"]["password"] == "******"
    assert "config" not in item


def test_only_the_key_opens_and_an_expired_one_does_not() -> None:
    with FivetranSandbox(one()) as server:
        for auth in (None, ("wrong", server.api_secret), (server.api_key, "wrong")):
            answer = requests.get(f"{server.base_url}/account/info", auth=auth, timeout=10)
            assert answer.status_code == 401
            assert set(answer.json()) == {"code", "message"}
        auth = (server.api_key, server.api_secret)
        assert requests.get(f"{server.base_url}/account/info", auth=auth, timeout=10).ok
        server.expire_key()
        answer = requests.get(f"{server.base_url}/account/info", auth=auth, timeout=10)
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/connections/nobody", "NotFound_Connection"),
        ("/connections/nobody/schemas", "NotFound_Connection"),
        ("/groups/nobody", "NotFound_Group"),
        ("/destinations/nobody", "NotFound_Destination"),
        ("/transformations/nobody", "NotFound_Transformation"),
        ("/webhooks/nobody", "NotFound_Webhook"),
        ("/metadata/connector-types/nobody", "NotFound_Connector"),
        ("/connections/one/schemas/public/tables/nobody/columns", "NotFound_Table"),
        ("/connections/one/nothing", "NotFound"),
        ("/nothing", "NotFound"),
        ("/metadata/connectors/one/schemas", "NotFound"),
        ("/connections/one/warnings", "NotFound"),
        ("/connections/one/errors", "NotFound"),
    ],
)
def test_what_is_not_there_is_not_found_by_its_name(path: str, code: str) -> None:
    with served(one()) as caller:
        answer = caller.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/connections"), ("POST", "/connections/one"), ("GET", "/connections/one/sync")],
)
def test_methods_that_a_path_does_not_have_are_refused(method: str, path: str) -> None:
    with served(one()) as caller:
        assert caller.ask(method, path).status_code == 405


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/connections", V2, 200),
        ("/connections", "application/json; version=2", 200),
        ("/connections", "application/json", 200),
        ("/connections", "text/html, */*;q=0.8", 200),
        ("/connections", "text/html", 406),
        ("/connections", "application/json;version=3", 406),
        ("/destinations", V2, 200),
        ("/groups", V2, 406),
        ("/groups/warehouse/connections", V2, 406),
        ("/connections/one/schemas", V2, 406),
        ("/groups", "application/json", 200),
    ],
)
def test_answers_are_of_a_version_that_is_accepted(path: str, accept: str, status: int) -> None:
    world = one()
    with served(world) as caller:
        assert caller.ask("GET", path, headers={"Accept": accept}).status_code == status
        world.quirks.strict_accept = False
        relaxed = caller.ask("GET", path, headers={"Accept": accept}).status_code
        assert relaxed == (200 if accept == V2 else status)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_bodies_that_are_said_to_be_no_json_are_refused_and_nothing_is_done(kind: str) -> None:
    world = one()
    with served(world) as caller:
        headers = {"Content-Type": kind}
        answer = caller.ask("POST", "/connections/one/sync", data=b"{}", headers=headers)
        assert answer.status_code == 415
        right = {"Content-Type": "application/json;version=2"}
        assert world.syncs("one") == []
        answer = caller.ask("POST", "/connections/one/sync", data=b"{}", headers=right)
        assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'"force"', b'{"force": "yes"}', b'{"force": 1}'])
def test_bodies_that_are_not_right_are_refused(body: bytes) -> None:
    world = one()
    with served(world) as caller:
        headers = {"Content-Type": "application/json"}
        answer = caller.ask("POST", "/connections/one/sync", data=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")
    assert world.syncs("one") == []


def test_a_sync_is_answered_without_data_whether_it_starts_or_not() -> None:
    world = one()
    with served(world) as caller:
        answers = [caller.post("/connections/one/sync", body) for body in ({"force": False}, None)]
    for answer in answers:
        assert answer.json() == {
            "code": "Success",
            "message": "Sync has been successfully triggered for connection with id 'one'",
        }
    assert len(world.syncs("one")) == 1


def test_the_answer_says_the_time_of_the_server() -> None:
    world = one()
    world.advance(12.7)
    with served(world) as caller:
        answer = caller.post("/connections/one/sync")
    told = parsedate_to_datetime(answer.headers["Date"])
    assert told == world.syncs("one")[0].start.replace(microsecond=0)
    assert world.syncs("one")[0].start.microsecond == 700_000


def test_a_change_runs_setup_tests_unless_it_says_otherwise() -> None:
    world = one()
    with served(world) as caller:
        plain = caller.patch("/connections/one", schedule_type="auto", run_setup_tests=False)
        assert "setup_tests" not in plain.json()["data"]
        assert world.setup_tests_run == []
        tested = caller.patch("/connections/one", schedule_type="manual").json()["data"]
        assert [test["status"] for test in tested["setup_tests"]] == ["PASSED", "SKIPPED", "PASSED"]
        caller.patch("/connections/one", paused=True, run_setup_tests=True)
        assert [id for id, _ in world.setup_tests_run] == ["one", "one"]
        assert "setup_tests" not in caller.data("/connections/one")


def test_changes_are_shown_and_work() -> None:
    world = one(sync_frequency=60)
    with served(world) as caller:
        shown = caller.patch(
            "/connections/one",
            sync_frequency=1440,
            daily_sync_time="05:00",
            schedule_type="auto",
            data_delay_sensitivity="HIGH",
            pause_after_trial=True,
            run_setup_tests=False,
        ).json()["data"]
        assert shown == caller.data("/connections/one")
        assert caller.data("/connections")["items"][0]["sync_frequency"] == 1440
    assert (shown["daily_sync_time"], shown["schedule_type"]) == ("05:00", "auto")
    assert (shown["data_delay_sensitivity"], shown["pause_after_trial"]) == ("HIGH", True)
    world.advance(86_400)
    assert [sync.start.hour for sync in world.syncs("one")] == [5]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"run_setup_tests": False},
        {"run_setup_tests": True, "trust_certificates": True},
        {"schedule": "manual"},
        {"schedule_type": "MANUAL"},
        {"schedule_type": None},
        {"paused": "yes"},
        {"paused": True, "sync_frequency": 7},
        {"sync_frequency": True},
        {"sync_frequency": "60"},
        {"daily_sync_time": "5:00"},
        {"daily_sync_time": "05:00", "sync_frequency": 60},
        {"paused": True, "run_setup_tests": "no"},
    ],
)
def test_changes_that_are_none_or_not_right_change_nothing(fields: dict[str, Any]) -> None:
    world = one()
    before = world.connection("one")
    with served(world) as caller:
        answer = caller.patch("/connections/one", **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")
    assert world.connection("one") == before
    assert world.setup_tests_run == []


def test_setup_tests_need_a_body_and_tell_their_results() -> None:
    world = one()
    failed = SetupTest("Connecting to host", "FAILED", "no route to host")
    job = SetupTest("Checking permissions", "JOB_FAILED")
    world.script_tests("one", [failed, job])
    with served(world) as caller:
        assert caller.post("/connections/one/test").status_code == 400
        assert world.setup_tests_run == []
        answer = caller.post("/connections/one/test", {}).json()
        assert answer["message"] == "Setup tests have been completed"
        assert answer["data"]["setup_tests"] == [failed.payload(), job.payload()]
        assert answer["data"]["status"]["setup_state"] == "broken"
        trusting = {"trust_certificates": True, "trust_fingerprints": False}
        assert caller.post("/connections/one/test", trusting).status_code == 200
        assert caller.post("/connections/one/test", {"trust_me": True}).status_code == 400
    assert len(world.setup_tests_run) == 2


def test_the_older_paths_are_the_same_or_absent() -> None:
    world = one()
    with served(world) as caller:
        assert caller.data("/connectors/one") == caller.data("/connections/one")
        assert caller.data("/groups/warehouse/connectors") == caller.data("/connections")
        assert caller.post("/connectors/one/force").status_code == 200
        assert world.syncs("one")[-1].started_by == "request"
        assert caller.post("/connectors/one/force").status_code == 200
        assert world.syncs("one")[-1].started_by == "force"
        nobody = caller.get("/connectors/nobody").json()
        assert nobody == {
            "code": "NotFound_Connector",
            "message": "Connector with id 'nobody' does not exist.",
        }
        world.quirks.legacy_paths = False
        assert caller.get("/connectors/one").json()["code"] == "NotFound"
        world.quirks.current_paths = False
        assert caller.get("/connections/one").json()["code"] == "NotFound"
        assert caller.get("/groups/warehouse/connections").json()["code"] == "NotFound"
        assert caller.get("/groups/warehouse").status_code == 200


def test_a_schema_configuration_is_there_after_the_first_sync_or_a_reload() -> None:
    world = one(new=True)
    with served(world) as caller:
        answer = caller.get("/connections/one/schemas")
        assert (answer.status_code, answer.json()["code"]) == (404, "NotFound_SchemaConfig")
        loaded = caller.post("/connections/one/schemas/reload", {"exclude_mode": "PRESERVE"})
        assert caller.data("/connections/one/schemas") == loaded.json()["data"]
        wrong = caller.post("/connections/one/schemas/reload", {"exclude_mode": "ALL"})
        assert wrong.status_code == 400
    assert loaded.json()["data"] == world.schemas("one")


def test_a_magic_folder_never_has_one() -> None:
    world = one("google_drive")
    with served(world) as caller:
        assert caller.get("/connections/one/schemas").json()["code"] == "NotFound_SchemaConfig"
        assert caller.post("/connections/one/schemas/reload", {}).status_code == 404
    assert world.schemas("one") is None


def test_columns_are_listed_in_full_only_by_themselves() -> None:
    table = Table(
        "a.b/c d",
        "a_b_c_d",
        (Column("id", "id", is_primary_key=True), Column("mail", "mail", hashed=True,
         overridden=True)),
    )  # fmt: skip
    schema = Schema("Sales Dept/EU", "sales_dept_eu", {table.name: table})
    world = one(layout=lambda: SchemaConfig({schema.name: schema}))
    path = f"/schemas/{quote(schema.name, safe='')}/tables/{quote(table.name, safe='')}/columns"
    with served(world) as caller:
        config = caller.data("/connections/one/schemas")
        listed = config["schemas"][schema.name]["tables"][table.name]["columns"]
        assert list(listed) == ["mail"]
        columns = caller.data(f"/connections/one{path}")["columns"]
        assert list(columns) == ["id", "mail"]
        assert columns["id"]["is_primary_key"] is True
        assert caller.get(f"/connections/one{path.replace('Sales', 'sales')}").status_code == 404
        world.break_connection("one")
        assert caller.get(f"/connections/one{path}").status_code == 400


def test_the_older_metadata_is_there_only_if_the_account_has_it() -> None:
    world = demo_world()
    world.quirks.old_metadata = True
    path = f"/metadata/connectors/{names.SHOP}"
    with served(world) as caller:
        (schema,) = caller.data(f"{path}/schemas")["items"]
        tables = caller.data(f"{path}/tables")["items"]
        columns = [item for page in caller.pages(f"{path}/columns", limit=7) for item in page]
        assert caller.get(f"{path}/rows").status_code == 404
    assert schema["name_in_destination"] == "shop_public"
    assert {table["parent_id"] for table in tables} == {schema["id"]}
    assert {column["parent_id"] for column in columns} == {table["id"] for table in tables}


def test_previews_are_there_only_if_the_account_has_them() -> None:
    world = demo_world()
    world.quirks.previews = True
    with served(world) as caller:
        assert caller.data(f"/connections/{names.SHOP}/warnings")["items"] == []
        (error,) = caller.data(f"/connections/{names.LEGACY}/errors")["items"]
    assert (error["type"], error["reason"]) == (
        "reconnect",
        "Access denied for user 'fivetran'",
    )


def test_state_is_for_programs_and_is_set_while_they_are_paused() -> None:
    world = one("connector_sdk")
    world.add_connection("postgres", id="two")
    path = "/connections/one/state"
    with served(world) as caller:
        assert caller.get("/connections/two/state").status_code == 400
        assert caller.data(path) == {"state": {}}
        assert caller.patch(path, state={"page": 3}).status_code == 400
        world.start_sync("one")
        assert caller.patch(path, state={"page": 3}).status_code == 409
        world.pause("one")
        assert caller.patch(path, state="3").status_code == 400
        assert caller.patch(path, state={"page": 3}).status_code == 200
        assert caller.data(path) == {"state": {"page": 3}}


def test_groups_and_destinations_are_the_same_by_other_names() -> None:
    with served(demo_world()) as caller:
        groups = caller.data("/groups")["items"]
        destinations = caller.data("/destinations")["items"]
        assert [item["id"] for item in groups] == [item["id"] for item in destinations]
        assert caller.data(f"/groups/{names.WAREHOUSE}") == groups[0]
        assert caller.data(f"/destinations/{names.WAREHOUSE}") == destinations[0]
    assert destinations[0]["config"] == {"password": "******", "database": "ANALYTICS"}
    assert [item["setup_status"] for item in destinations] == ["connected", "CONNECTED"]


def test_kinds_say_what_they_can() -> None:
    with served(one()) as caller:
        kinds = [item for page in caller.pages("/metadata/connector-types", limit=5)
                 for item in page]  # fmt: skip
        known = {item["id"]: {one["id"] for one in item["supported_features"]} for item in kinds}
        assert "RE_SYNC" in known["postgres"]
        assert "RE_SYNC" not in known["google_sheets"]
        assert caller.data("/metadata/connector-types/postgres")["name"] == "PostgreSQL"


def test_a_transformation_runs_by_the_clock() -> None:
    world = demo_world()
    path = "/transformations/dbt_orders"
    with served(world) as caller:
        assert caller.data("/transformations", group_id=names.MARKETING)["items"] == []
        assert caller.data("/transformations")["items"] == [caller.data(path)]
        assert caller.data(path)["status"] == "NEW"
        assert caller.post(f"{path}/cancel").status_code == 409
        assert caller.post(f"{path}/run", {"full_refresh": True}).status_code == 200
        assert caller.post(f"{path}/run").status_code == 409
        assert caller.data(path)["status"] == "RUNNING"
        world.advance(120)
        done = caller.data(path)
        assert (done["status"], done["last_ended_at"]) == (
            "SUCCEEDED",
            "2026-11-02T00:02:00.000000Z",
        )
        caller.post(f"{path}/run")
        assert caller.post(f"{path}/cancel").status_code == 200
        assert caller.data(path)["status"] == "CANCELED"
        assert caller.patch(path, paused=True).json()["data"]["paused"] is True
        assert caller.post(f"{path}/run", {"full_refresh": "yes"}).status_code == 400


def test_a_transformation_may_end_otherwise() -> None:
    world = one()
    made = Transformation(id="t", created_at=0, seconds=5, ends_as="PARTIALLY_SUCCEEDED")
    world.estate.transformations["t"] = made
    with served(world) as caller:
        caller.post("/transformations/t/run")
        world.advance(5)
        assert caller.data("/transformations/t")["status"] == "PARTIALLY_SUCCEEDED"


def test_nulls_may_be_left_out() -> None:
    world = one()
    assert world.connection("one")["failed_at"] is None
    quiet = FivetranWorld(quirks=Quirks(absent_nulls=True))
    quiet.add_connection(id="one")
    assert "failed_at" not in quiet.connection("one")
    assert "succeeded_at" in quiet.connection("one")


def test_the_sandbox_runs_on_its_own_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "kada_dagster.sandbox.fivetran", "--objects", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url, key, secret = (process.stdout.readline().strip() for _ in range(3))
        answer = requests.get(f"{url}/connections", auth=(key, secret), timeout=10)
        process.stdin.close()
        last = process.stdout.read()
    assert answer.json()["data"]["items"][0]["id"] == names.SHOP
    assert (last, process.returncode) == ("1 requests\n", 0)
