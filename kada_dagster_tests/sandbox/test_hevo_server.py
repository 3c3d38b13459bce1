"""The Hevo sandbox over HTTP: shapes, paging, limits, keys, and the moment it shows."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import given, settings

from kada_dagster.sandbox.hevo import HevoEstate, HevoServer, Quirks
from kada_dagster.sandbox.hevo.connections import LEAK
from kada_dagster.sandbox.hevo.edge import EdgeJob
from kada_dagster_tests.sandbox.hevo_accounts import (
    MIDNIGHT,
    edge_object,
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
    session,
)
from kada_dagster_tests.sandbox.hevo_strategies import accounts

LARGE = HevoEstate.generate(1, 1000)


def test_a_classic_pipeline_has_its_name_in_its_source_and_shows_secrets() -> None:
    with HevoServer(one_pipeline()) as server:
        (row,) = classic(server, "pipelines")["data"]
        assert classic(server, "pipelines/162")["data"] == row
        orders = classic(server, "pipelines/162/mappings/public.orders")["data"]
        objects = classic(server, "pipelines/162/objects")["data"]
        assert get(server, f"{CLASSIC}/pipelines/162/mappings/without").status_code == 404
    assert "name" not in row
    assert row["source"]["name"] == "orders_pg"
    assert row["source"]["type"]["name"] == "POSTGRES"
    assert LEAK in row["destination"]["config"]["private_key"]
    assert orders["destination_table"] == "pg_orders"
    assert orders["field_mappings"][1]["ignored"] is True
    assert "ignored" not in orders["field_mappings"][0]
    assert objects == [
        {
            "name": "public.orders",
            "status": "ACTIVE",
            "last_run_ts": MIDNIGHT + 1,
            "events_count": 12,
        }
    ]


def test_models_workflows_and_users_have_their_shapes() -> None:
    with HevoServer(one_model()) as server:
        (model,) = classic(server, "models")["data"]
        assert model["destination_table_details"]["table_name"] == "orders_daily"
        assert model["source_destination_id"] == 7
        assert classic(server, "models/31")["data"] == model
        assert classic(server, "workflows")["data"][0]["last_run_status"] == "SUCCESS"
        assert classic(server, "accounts/users")["data"][0]["role"] == "OWNER"
        assert classic(server, "oauth-accounts") is None


def test_edge_singles_are_bare_and_the_list_lacks_what_only_a_detail_says() -> None:
    with HevoServer(one_edge_pipeline(edge_object(1, "hevo_t1"))) as server:
        page = edge(server, "pipelines/123/objects")
        detail = edge(server, "pipelines/123/objects/uuid-1")
        assert edge(server, "pipelines/123")["name"] == "shop_edge"
        assert edge(server, "destinations")["data"][0]["config"]["database"] == "acme-1"
        assert edge(server, "pipelines/123/jobs") == {
            "data": [],
            "has_more": False,
            "next_cursor": None,
        }
        error = get(server, f"{EDGE}/pipelines/9")
    assert "fields" not in page["data"][0]
    assert detail["destination_table_name"] == "hevo_t1"
    assert [field["source_name"] for field in detail["fields"]] == ["id", "old", None]
    assert (error.status_code, error.json()["error"]) == (404, "PIPELINE_NOT_FOUND")


def test_names_of_any_kind_are_found_by_their_encoded_path_alone() -> None:
    with HevoServer(LARGE, budget=None) as server:
        pipeline = max(LARGE.pipelines, key=lambda one: len(one.objects))
        for one in pipeline.objects[:80]:
            path = f"{CLASSIC}/pipelines/{pipeline.id}/objects/"
            response = get(server, path + quote(one.name, safe=""))
            assert response.json()["data"]["name"] == one.name
        slashed = next(one.name for one in pipeline.objects if "/" in one.name)
        assert get(server, path + quote(slashed)).status_code == 404


@settings(max_examples=25, deadline=None)
@given(accounts())
def test_any_account_is_served_whole(estate: HevoEstate) -> None:
    with HevoServer(estate, budget=None) as server:
        for one in estate.pipelines:
            assert event_types(server, one.id) == [row.name for row in one.event_types]
            for row in one.event_types:
                path = f"{CLASSIC}/pipelines/{one.id}/mappings/{quote(row.name, safe='')}"
                answer = get(server, path)
                assert answer.status_code == (404 if row.mapping is None else 200)
                if row.mapping:
                    shown = answer.json()["data"]["field_mappings"]
                    assert [field["source_field"] for field in shown] == [
                        field.source for field in row.mapping.fields
                    ]
        for pipeline in estate.edge_pipelines:
            jobs = edge(server, f"pipelines/{pipeline.id}/jobs", limit=100)["data"]
            assert {job["job_id"] for job in jobs} == {job.job_id for job in pipeline.jobs}


def event_types(server: HevoServer, pipeline: int) -> list[str]:
    pages = classic_pages(server, f"pipelines/{pipeline}/event-types", limit=2)
    return [row["name"] for page in pages for row in page]


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_hold_every_row_once_in_order(limit: int) -> None:
    few = HevoEstate.generate(1, 60)
    with HevoServer(few if limit == 1 else LARGE, budget=None) as server:
        estate = few if limit == 1 else LARGE
        for one in estate.pipelines:
            if not one.is_gone:
                path = f"pipelines/{one.id}/objects"
                pages = list(classic_pages(server, path, limit=limit))
                names = [row["name"] for page in pages for row in page]
                assert names == [row.name for row in one.objects]
                assert all(len(page) == limit for page in pages[:-1])
        for pipeline in estate.edge_pipelines[:2]:
            rows = [
                row["object_id"]
                for page in edge_pages(server, f"pipelines/{pipeline.id}/objects", limit=limit)
                for row in page
            ]
            assert rows == [row.object_id for row in pipeline.objects]


def test_default_pages_have_20_and_10_rows_and_a_full_last_page_ends_the_list() -> None:
    pipeline = next(one for one in LARGE.pipelines if len(one.objects) >= 100)
    path = f"pipelines/{pipeline.id}/objects"
    exact = HevoEstate(users=LARGE.users * 20)  # 60 of them
    with HevoServer(LARGE) as server, HevoServer(exact) as other:
        page = classic(server, path)
        assert (len(page["data"]), page["pagination"]["count"]) == (20, 20)
        longest = max(LARGE.edge_pipelines, key=lambda one: len(one.objects))
        assert len(edge(server, f"pipelines/{longest.id}/objects")["data"]) == 10
        assert "pagination" not in classic(other, "accounts/users", limit=60)
        assert [len(page) for page in classic_pages(other, "accounts/users", limit=30)] == [30, 30]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", ""])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    with HevoServer(LARGE) as server:
        assert get(server, f"{CLASSIC}/pipelines", limit=limit).status_code == 400
        assert get(server, f"{EDGE}/pipelines", limit=limit).status_code == 400


def test_tokens_are_new_each_time_and_of_no_use_elsewhere() -> None:
    first, second = [one for one in LARGE.pipelines if len(one.objects) > 20][:2]
    with HevoServer(LARGE) as server:
        path = f"pipelines/{first.id}/objects"
        tokens = {classic(server, path)["pagination"]["starting_after"] for _ in range(3)}
        assert len(tokens) == 3
        other = f"{CLASSIC}/pipelines/{second.id}/objects"
        assert get(server, other, starting_after=tokens.pop()).status_code == 400
        assert get(server, f"{CLASSIC}/{path}", starting_after="made up").status_code == 400
        assert get(server, f"{EDGE}/pipelines", cursor=tokens.pop()).status_code == 400


def test_statuses_filter_the_objects() -> None:
    pipeline = max(LARGE.pipelines, key=lambda one: len(one.objects))
    with HevoServer(LARGE, budget=None) as server:
        path, wanted = f"pipelines/{pipeline.id}/objects", {"FAILED", "SKIPPED"}
        pages = list(classic_pages(server, path, statuses="FAILED,SKIPPED", limit=100))
    found = [row["name"] for page in pages for row in page]
    assert found == [one.name for one in pipeline.objects if one.status in wanted]
    assert found


def test_the_budget_slides_and_both_families_share_it() -> None:
    now = [0.0]
    with HevoServer(one_pipeline(), budget=(3, 60.0), clock=lambda: now[0]) as server:
        statuses: list[Any] = []
        for at, path in (
            (0, CLASSIC),
            (20, EDGE),
            (30, CLASSIC),
            (59, EDGE),
            (60, EDGE),
            (61, EDGE),
        ):
            now[0] = at
            statuses.append(get(server, f"{path}/pipelines").status_code)
        refused = get(server, f"{CLASSIC}/pipelines")
    assert statuses == [200, 200, 200, 429, 200, 429]
    assert refused.json() == {"message": "Request rate limit exceeded"}
    assert "Retry-After" not in refused.headers


def test_a_refusal_says_how_long_to_wait_if_it_is_to() -> None:
    quirks = Quirks(retry_after=True)
    with HevoServer(one_pipeline(), quirks=quirks, budget=(1, 60.0), clock=lambda: 7.0) as server:
        get(server, f"{CLASSIC}/pipelines")
        assert get(server, f"{CLASSIC}/pipelines").headers["Retry-After"] == "60"


@pytest.mark.parametrize("auth", [None, ("sandbox-key", "wrong"), ("wrong", "sandbox-secret")])
def test_a_wrong_key_is_refused_before_anything_else(auth: Any) -> None:
    with HevoServer(one_pipeline()) as server:
        classic_answer = get(server, f"{CLASSIC}/pipelines", auth=auth)
        edge_answer = get(server, f"{EDGE}/pipelines", auth=auth)
        assert "sandbox-secret" not in repr(server.requests)
    assert classic_answer.status_code == edge_answer.status_code == 401
    assert classic_answer.json() == {"message": "The API key and secret is not valid."}
    assert edge_answer.json()["error"] == "AUTHENTICATION_FAILED"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_anything_but_get_is_recorded_and_changes_nothing(method: str) -> None:
    with HevoServer(one_pipeline()) as server:
        url = f"{server.url}{CLASSIC}/pipelines/162"
        response = send(method, url, json={"a": 1}, auth=KEY)
        assert response.status_code == 405
        assert [(one.method, one.status) for one in server.writes] == [(method, 405)]
        assert classic(server, "pipelines/162")["data"]["id"] == 162


def test_jobs_show_what_was_known_at_a_moment() -> None:
    jobs = (
        EdgeJob("first", MIDNIGHT, MIDNIGHT + 1000, 1000),
        EdgeJob("second", MIDNIGHT + 2000, MIDNIGHT + 9000, 7000, ingested=5),
    )
    start = datetime.fromtimestamp(MIDNIGHT / 1000, timezone.utc)
    seen: list[Any] = []
    with HevoServer(one_edge_pipeline(jobs=jobs), quirks=Quirks(job_delay=500)) as server:
        for seconds in (0, 1, 2, 3, 9, 10):
            server.moment = start + timedelta(seconds=seconds)
            rows = edge(server, "pipelines/123/jobs")["data"]
            seen.append([(row["job_id"], row["status"]) for row in rows])
    done, running = ("first", "COMPLETED"), ("first", "IN_PROGRESS")
    late, late_done = ("second", "IN_PROGRESS"), ("second", "COMPLETED")
    assert seen == [[], [running], [done], [late, done], [late, done], [late_done, done]]


def test_the_last_run_is_that_of_the_moment() -> None:
    start = datetime.fromtimestamp(MIDNIGHT / 1000, timezone.utc)
    with HevoServer(one_pipeline()) as server:
        shown: list[Any] = []
        for shift in (timedelta(hours=-1), timedelta(0), timedelta(hours=1)):
            server.moment = start + shift
            shown.append(classic(server, "pipelines/162/objects")["data"][0]["last_run_ts"])
    assert shown == [None, MIDNIGHT - 5, MIDNIGHT + 1]


def test_many_connections_are_served_at_once_and_all_end_with_the_server() -> None:
    before = set(threading.enumerate())
    with HevoServer(LARGE, budget=None) as server, session() as pooled:
        pooled.auth = KEY
        idle = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))

        def call(number: int) -> int:
            query = {"limit": 1 + number % 100}
            url = f"{server.url}{CLASSIC}/destinations"
            return pooled.get(url, params=query, timeout=10).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(call, range(200))) == {200}
        assert len(server.requests) == 200
        url = server.url
    idle.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(requests.ConnectionError):
        send("GET", url)
