"""The Hightouch stand-in answers as the vendor's OpenAPI document says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from kada_dagster.sandbox.hightouch import Faults, HightouchEstate, HightouchServer
from kada_dagster_tests.sandbox.hightouch_calls import DOCUMENT, data, faults_of, get
from kada_dagster_tests.sandbox.hightouch_workspaces import NOON, model, run, workspace

LISTS = ("sources", "models", "destinations", "syncs")
PLAIN = HightouchEstate.generate(3, 240, quirks=False)
ODD = HightouchEstate.generate(3, 240)
KNOWN_ODDITIES = (
    r"/name: None|primaryKey: None|description: None|error: None"
    r"|'(description|lastRunSize|finishedAt)' is a required property"
    r"|Additional properties are not allowed \('(newSetting|externalField)' was unexpected\)"
)


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_a_plain_workspace_conform(kind: str) -> None:
    with HightouchServer(PLAIN) as server:
        body = get(server, f"/{kind}", limit=1000).json()
    assert len(body["data"]) == len(PLAIN.entities(kind))  # type: ignore[arg-type]
    assert faults_of(body, f"/{kind}") == []


@pytest.mark.parametrize("kind", LISTS)
def test_one_entity_is_as_in_the_list_and_conforms(kind: str) -> None:
    with HightouchServer(PLAIN) as server:
        (row,) = data(server, f"/{kind}", limit=1)
        body = get(server, f"/{kind}/{row['id']}").json()
    assert body == row
    assert faults_of(body, f"/{kind}/{{{kind[:-1]}Id}}") == []


def test_runs_that_are_over_conform() -> None:
    with HightouchServer(PLAIN, calls=None) as server:
        bodies = [get(server, f"/syncs/{number}/runs").json() for number in PLAIN.runs]
    assert sum(len(body["data"]) for body in bodies) == 240
    assert [fault for body in bodies for fault in faults_of(body, "/syncs/{syncId}/runs")] == []


def test_a_run_of_a_sequence_conforms_and_others_are_not_found() -> None:
    (declared,) = (path for path in DOCUMENT["paths"] if "sync-sequences" in path)
    estate = workspace()
    estate.sequence_runs["0cb7"] = {
        "id": "0cb7",
        "status": "done",
        "syncRuns": [
            {"syncId": 1, "status": "success", "finishedAt": "2026-02-16", "syncRunId": 2}
        ],
    }
    with HightouchServer(estate) as server:
        body = get(server, "/sync-sequences/runs/0cb7").json()
        assert get(server, "/sync-sequences/runs/0cb8").status_code == 404
    assert faults_of(body, declared) == []


def test_a_workspace_with_quirks_breaks_the_document_in_the_known_ways_only() -> None:
    with HightouchServer(ODD, calls=None) as server:
        found = [
            fault
            for kind in LISTS
            for fault in faults_of(get(server, f"/{kind}", limit=1000).json(), f"/{kind}")
        ]
        for number in ODD.runs:
            body = get(server, f"/syncs/{number}/runs").json()
            found += faults_of(body, "/syncs/{syncId}/runs")
    assert [fault for fault in found if not re.search(KNOWN_ODDITIES, fault)] == []
    for oddity in KNOWN_ODDITIES.split("|")[:4]:
        assert any(re.search(oddity, fault) for fault in found), oddity


@pytest.mark.parametrize(("kind", "first"), [("success", "data"), ("unprocessable", "message")])
def test_errors_with_a_declared_body_conform(kind: str, first: str) -> None:
    with HightouchServer(workspace()) as server:
        if kind != "success":
            server.fail(kind)
        answer = get(server, "/syncs")
    assert next(iter(answer.json())) == first
    assert faults_of(answer.json(), "/syncs", answer.status_code) == []


def test_every_kind_of_model_schedule_and_run_is_made_up() -> None:
    with HightouchServer(ODD) as server:
        models, syncs = data(server, "/models", limit=1000), data(server, "/syncs", limit=1000)
    kinds = {"raw_sql", "table", "tabel", "dbt", "dbt_cloud", "visual", "custom"}
    assert {row["queryType"] for row in models} == kinds
    shapes = {"+".join(row["schedule"]["schedule"]) if row["schedule"] else "" for row in syncs}
    assert shapes == {"", "interval", "expression", "expressions", "account+job"}
    assert {row["status"] for row in syncs} >= {"disabled", "pending", "success"}
    of_mappings = [item for row in syncs for item in row["configuration"]["mappings"]]
    words = {item.get("type") for item in of_mappings if isinstance(item, dict)}
    known = {None, "standard", "template", "reference", "static", "constant", "variable"}
    assert words == known | {"inline"}
    statuses = {run.status for runs in ODD.runs.values() for run in runs}
    assert statuses == {"success", "warning", "failed", "cancelled", "interrupted"}


@pytest.mark.parametrize(("ids", "kind"), [("number", int), ("float", float), ("string", str)])
def test_ids_are_written_as_the_switch_says(ids: Any, kind: type) -> None:
    estate = workspace(run(7, 0), models=[model(syncs=(1, 2))])
    with HightouchServer(estate, Faults(ids=ids)) as server:
        (row,) = data(server, "/models")
        (ran,) = data(server, "/syncs/1/runs")
        (sync,) = data(server, "/syncs")
        assert get(server, "/syncs/1").json() == sync
    found = [row["id"], row["sourceId"], *row["syncs"], ran["id"], sync["modelId"]]
    assert [type(value) for value in found] == [kind] * 6
    assert [int(value) for value in found] == [1, 1, 1, 2, 7, 1]


def test_a_run_is_shown_as_far_as_it_has_come() -> None:
    estate = workspace(run(5, 10, 5, created_at=NOON))
    seen: list[tuple[Any, ...]] = []
    with HightouchServer(estate) as server:
        for minute in (0, 9, 10, 14, 15):
            estate.now = NOON.replace(minute=minute)
            (row,) = data(server, "/syncs/1/runs")
            state = get(server, "/syncs/1").json()
            shown = ("startedAt" in row, "finishedAt" in row, row["status"])
            seen.append((*shown, state["status"], bool(state["lastRunAt"])))
    assert seen == [
        (False, False, "queued", "pending", False),
        (False, False, "queued", "pending", False),
        (True, False, "processing", "processing", True),
        (True, False, "processing", "processing", True),
        (True, True, "success", "success", True),
    ]


@pytest.mark.parametrize(
    ("header", "details"),
    [(None, "No authorization header found"), ("Bearer wrong", "Token is invalid")],
)
def test_without_the_key_nothing_is_told(header: str | None, details: str) -> None:
    with HightouchServer(workspace()) as server:
        headers = {"Authorization": header} if header else {}
        answer = requests.get(f"{server.url}/syncs", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Authentication error", "details": details}


def test_unknown_things_are_not_found_and_ids_that_are_no_numbers_are_refused() -> None:
    with HightouchServer(workspace()) as server:
        answers = {
            path: get(server, path).status_code
            for path in ("/models/2", "/nothing", "/syncs/1/other", "/syncs/one", "/syncs/x/runs")
        }
        assert get(server, "/syncs/1.0").json()["id"] == 1
    assert list(answers.values()) == [404, 404, 404, 422, 422]
