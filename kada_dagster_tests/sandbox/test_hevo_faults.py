"""Every quirk and fault of the Hevo sandbox can be switched on, and is off otherwise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import requests

from kada_dagster.sandbox.hevo import Fault, HevoEstate, HevoServer, Quirks
from kada_dagster.sandbox.hevo.classic import ClassicPipeline, EventType, SourceTable
from kada_dagster.sandbox.hevo.edge import EdgeJob
from kada_dagster_tests.sandbox.hevo_accounts import (
    edge_object,
    from_salesforce,
    one_edge_pipeline,
    one_model,
    one_pipeline,
)
from kada_dagster_tests.sandbox.hevo_calls import (
    CLASSIC,
    EDGE,
    KEY,
    classic,
    classic_pages,
    edge,
    edge_pages,
    get,
    send,
)

JOBS = tuple(EdgeJob(f"job {n}", n * 1000, n * 1000 + 5) for n in range(25))


def test_empty_lists_are_204_or_empty_as_each_family_is_told() -> None:
    with HevoServer(HevoEstate()) as server:
        assert classic(server, "models") is None
        assert edge(server, "pipelines")["data"] == []
    quirks = Quirks(classic_no_content=False, edge_no_content=True)
    with HevoServer(HevoEstate(), quirks=quirks) as server:
        assert classic(server, "models") == {"data": []}
        assert edge(server, "pipelines") is None


def test_singles_can_be_bare_types_texts_and_positions_lists() -> None:
    with HevoServer(one_pipeline(code="x = 1")) as server:
        assert classic(server, "pipelines/162/transformations") == {"data": {"code": "x = 1"}}
        assert isinstance(classic(server, "pipelines/162/position")["data"], dict)
    quirks = Quirks(bare_singles=True, type_as_text=True, position_as_list=True)
    with HevoServer(one_pipeline(code="x = 1"), quirks=quirks) as server:
        assert classic(server, "pipelines/162/transformations") == {"code": "x = 1"}
        assert classic(server, "pipelines/162")["source"]["type"] == "POSTGRES"
        assert classic(server, "destinations/7")["type"] == "SNOWFLAKE"
        assert isinstance(classic(server, "pipelines/162/position"), list)


def test_a_pipeline_without_code_answers_204() -> None:
    with HevoServer(from_salesforce()) as server:
        assert classic(server, "pipelines/5/transformations") is None


def test_an_event_type_without_a_status_is_its_bare_name() -> None:
    bare = EventType(SourceTable("", "", "orders"), status="")
    pipeline = ClassicPipeline(1, None, None, (), (bare,))
    with HevoServer(HevoEstate(pipelines=(pipeline,))) as server:
        assert classic(server, "pipelines/1/event-types")["data"] == ["orders"]


def test_a_draft_has_neither_source_nor_destination() -> None:
    estate = HevoEstate(pipelines=(ClassicPipeline(1, None, None, status="DRAFT"),))
    with HevoServer(estate) as server:
        (row,) = classic(server, "pipelines")["data"]
    assert (row["source"], row["destination"], row["schedule"]) == (None, None, None)
    assert estate.linkage("h") == set()


def test_a_list_of_edge_objects_can_hold_all_and_count() -> None:
    estate = one_edge_pipeline(edge_object(1, "t"), edge_object(2, "u", "DISABLED"))
    with HevoServer(estate, quirks=Quirks(edge_full_list=True, edge_count=True)) as server:
        page = edge(server, "pipelines/123/objects")
    assert page["count"] == 2
    assert [len(row.get("fields", [])) for row in page["data"]] == [3, 0]


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
def test_jobs_come_in_the_order_that_is_set(order: Any) -> None:
    with HevoServer(one_edge_pipeline(jobs=JOBS), quirks=Quirks(jobs_order=order)) as server:
        pages = list(edge_pages(server, "pipelines/123/jobs"))
    created = [row["created_ts"] for page in pages for row in page]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(created) == [job.created for job in JOBS]
    assert (created == sorted(created)) == (order == "oldest")
    assert (created == sorted(created, reverse=True)) == (order == "newest")


def test_rows_come_again_and_changed_when_others_came_in_at_the_front() -> None:
    estate = one_edge_pipeline(*(edge_object(n, "t") for n in range(25)), jobs=JOBS)
    with HevoServer(estate, quirks=Quirks(repeated_rows=2)) as server:
        pages = list(edge_pages(server, "pipelines/123/objects", limit=10))
        jobs = list(edge_pages(server, "pipelines/123/jobs", limit=10))
    assert [len(page) for page in pages] == [10, 10, 9]
    assert pages[1][:2] == [{**row, "status": "CHANGED_SINCE"} for row in pages[0][-2:]]
    assert {row["object_id"] for page in pages for row in page} == {f"uuid-{n}" for n in range(25)}
    assert jobs[1][:2] == jobs[0][-2:]


@pytest.mark.parametrize("loop", ["same token", "new tokens"])
def test_a_list_can_go_round_for_ever(loop: Any) -> None:
    estate = one_edge_pipeline(jobs=JOBS)
    tokens: list[str] = []
    with HevoServer(estate, quirks=Quirks(page_loop=loop)) as server:
        page = edge(server, "pipelines/123/jobs")
        for _ in range(6):
            tokens.append(page["next_cursor"])
            page = edge(server, "pipelines/123/jobs", cursor=tokens[-1])
    assert page["has_more"]
    assert len(set(tokens)) == (1 if loop == "same token" else 6)


def test_a_member_key_is_refused_on_some_paths_only() -> None:
    with HevoServer(one_model(), quirks=Quirks(member_key=True)) as server:
        refused = get(server, f"{CLASSIC}/accounts/users")
        assert get(server, f"{CLASSIC}/oauth-accounts/3").status_code == 403
        assert classic(server, "models")["data"]
    assert refused.status_code == 403
    assert "account members are not permitted" in refused.json()["message"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_family_can_be_absent(status: int) -> None:
    with HevoServer(one_pipeline(), quirks=Quirks(edge_status=status)) as server:
        assert get(server, f"{EDGE}/pipelines").status_code == status
        assert classic(server, "pipelines")
    with HevoServer(one_edge_pipeline(), quirks=Quirks(classic_status=status)) as server:
        assert get(server, f"{CLASSIC}/pipelines").status_code == status
        assert edge(server, "pipelines")


def test_a_key_expires_after_some_calls_or_at_once() -> None:
    with HevoServer(one_pipeline(), quirks=Quirks(calls_until_expired=2)) as server:
        statuses = [get(server, f"{CLASSIC}/pipelines").status_code for _ in range(3)]
    assert statuses == [200, 200, 401]
    with HevoServer(one_pipeline()) as server:
        server.expire_key()
        assert get(server, f"{EDGE}/pipelines").status_code == 401


def test_what_is_deleted_after_it_was_listed_answers_404() -> None:
    estate = one_edge_pipeline(edge_object(1, "t", gone=True))
    with HevoServer(estate) as server:
        assert len(edge(server, "pipelines/123/objects")["data"]) == 1
        assert get(server, f"{EDGE}/pipelines/123/objects/uuid-1").status_code == 404
    with HevoServer(one_pipeline(is_gone=True)) as server:
        assert len(classic(server, "pipelines")["data"]) == 1
        for part in ("", "/objects", "/event-types", "/transformations"):
            assert get(server, f"{CLASSIC}/pipelines/162{part}").status_code == 404
    with HevoServer(one_pipeline()) as server:
        server.fail(Fault.gone("/pipelines/162/objects", after=1))
        path = f"{CLASSIC}/pipelines/162/objects"
        assert [get(server, path).status_code for _ in range(3)] == [200, 404, 404]


def test_errors_happen_as_often_as_told_and_only_where_told() -> None:
    with HevoServer(one_pipeline()) as server:
        server.fail(Fault.status(500, "/pipelines$", message="job is in progress", times=2))
        answers = [get(server, f"{CLASSIC}/pipelines") for _ in range(3)]
        assert [one.status_code for one in answers] == [500, 500, 200]
        assert answers[0].json() == {"message": "job is in progress"}
        server.fail(Fault.html("/destinations"))
        html = get(server, f"{CLASSIC}/destinations")
        assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html; charset=UTF-8")
        server.fail(Fault.garbled("/destinations"))
        with pytest.raises(requests.JSONDecodeError):
            get(server, f"{CLASSIC}/destinations").json()
        assert classic(server, "destinations")["data"]


def test_connections_break_before_or_within_an_answer() -> None:
    with HevoServer(one_pipeline()) as server:
        server.fail(Fault("/pipelines", sent=-1))
        server.fail(Fault("/destinations", sent=0.5))
        with pytest.raises(requests.ConnectionError):
            get(server, f"{CLASSIC}/pipelines")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(server, f"{CLASSIC}/destinations")
        assert classic(server, "pipelines")
        assert [one.status for one in server.requests] == [0, 200, 200]


def test_a_slow_answer_outlasts_the_client_but_not_the_server() -> None:
    with HevoServer(one_pipeline()) as server:
        server.fail(Fault("/pipelines", delay=300))
        with pytest.raises(requests.ReadTimeout):
            send("GET", server.url + f"{CLASSIC}/pipelines", timeout=0.2)
        assert classic(server, "pipelines")


def test_an_outage_lasts_as_long_as_the_clock_says() -> None:
    now = [100.0]
    with HevoServer(one_pipeline(), clock=lambda: now[0]) as server:
        server.outage(600)
        assert get(server, f"{CLASSIC}/pipelines").status_code == 503
        now[0] += 599
        assert get(server, f"{EDGE}/pipelines").status_code == 503
        now[0] += 1
        assert classic(server, "pipelines")


def test_repeated_rows_of_a_list_of_texts_stay_texts() -> None:
    types = tuple(EventType(SourceTable("", "", f"t{n}"), status="") for n in range(5))
    estate = HevoEstate(pipelines=(ClassicPipeline(1, None, None, (), types),))
    with HevoServer(estate, quirks=Quirks(repeated_rows=1)) as server:
        pages = list(classic_pages(server, "pipelines/1/event-types", limit=3))
    assert pages == [["t0", "t1", "t2"], ["t2", "t3", "t4"]]


def test_it_runs_on_its_own_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "kada_dagster.sandbox.hevo", "--objects", "20", "--calls", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        response = send("GET", f"{url}{CLASSIC}/pipelines", auth=KEY)
        process.stdin.close()
        assert process.stdout.read() == "1 requests\n"
        assert process.wait(timeout=30) == 0
    expected = HevoEstate.generate(0, 20).pipelines
    assert [row["id"] for row in response.json()["data"]] == [one.id for one in expected]
