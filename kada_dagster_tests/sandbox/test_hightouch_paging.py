"""Lists of the Hightouch stand-in: pages, order, filters, and all the ways pages can go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kada_dagster.sandbox.hightouch import Faults, HightouchEstate, HightouchServer
from kada_dagster.sandbox.hightouch.payload import iso
from kada_dagster_tests.sandbox.hightouch_calls import data, get, ids, pages
from kada_dagster_tests.sandbox.hightouch_workspaces import MADE, NOON, model, run, sync, workspace

ESTATE = HightouchEstate.generate(5, 600)
SYNCS = sorted(ESTATE.syncs)


def many(count: int) -> HightouchEstate:
    return workspace(syncs=[sync(number) for number in range(count, 0, -1)])


def test_a_page_has_a_hundred_rows_and_the_ids_ascend() -> None:
    with HightouchServer(ESTATE) as server:
        body = get(server, "/syncs").json()
    assert [row["id"] for row in body["data"]] == SYNCS[:100]
    assert body["hasMore"] is True


@pytest.mark.parametrize("kind", ["sources", "models", "destinations", "syncs"])
def test_pages_hold_every_row_once(kind: Any) -> None:
    with HightouchServer(ESTATE) as server:
        found = [row["id"] for page in pages(server, f"/{kind}", 17) for row in page["data"]]
    assert found == sorted(ESTATE.entities(kind))


@pytest.mark.parametrize(("rows", "says"), [(0, [False]), (2, [True, False]), (3, [True, True])])
def test_has_more_tells_whether_there_are_more(rows: int, says: list[bool]) -> None:
    with HightouchServer(many(rows)) as server:
        found = [get(server, "/syncs", limit=1, offset=at).json()["hasMore"] for at in range(2)]
    assert found[: len(says)] == says


@pytest.mark.parametrize("kind", ["sources", "models", "destinations"])
@pytest.mark.parametrize(("switch", "says"), [("as_declared", False), ("always", True)])
def test_has_more_is_left_out_where_the_schema_does_not_require_it(
    kind: str, switch: Any, says: bool
) -> None:
    with HightouchServer(workspace(run(1, 0)), Faults(has_more=switch)) as server:
        assert ("hasMore" in get(server, f"/{kind}").json()) is says
        assert "hasMore" in get(server, "/syncs").json()
        assert "hasMore" in get(server, "/syncs/1/runs").json()


def test_has_more_can_be_left_out_everywhere() -> None:
    with HightouchServer(many(3), Faults(has_more="never")) as server:
        assert "hasMore" not in get(server, "/syncs", limit=1).json()


def test_has_more_can_stay_true_behind_the_end() -> None:
    with HightouchServer(many(3), Faults(more_after_end=True)) as server:
        assert get(server, "/syncs", offset=3).json() == {"data": [], "hasMore": True}


def test_pages_can_repeat_for_ever() -> None:
    with HightouchServer(many(3), Faults(same_page=True)) as server:
        bodies = [get(server, "/syncs", limit=2, offset=at).json() for at in (0, 2, 400)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["hasMore"] is True


def test_pages_can_be_smaller_than_asked_for() -> None:
    with HightouchServer(many(5), Faults(largest_page=2)) as server:
        body = get(server, "/syncs", limit=100).json()
    assert ([row["id"] for row in body["data"]], body["hasMore"]) == ([1, 2], True)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("id", [1, 2, 3]), ("slug", [3, 1, 2]), ("createdAt", [3, 2, 1]), ("updatedAt", [1, 2, 3])],
)
def test_rows_come_in_the_order_asked_for(order: str, expected: list[int]) -> None:
    rows = [
        sync(number, slug=slug, created_at=NOON - timedelta(days=number), updated_at=NOON)
        for number, slug in ((2, "c"), (3, "a"), (1, "b"))
    ]
    with HightouchServer(workspace(syncs=rows)) as server:
        assert ids(server, "/syncs", orderBy=order) == expected


def test_the_order_can_be_ignored() -> None:
    with HightouchServer(many(3), Faults(ignores_order=True)) as server:
        assert ids(server, "/syncs", orderBy="id") == [3, 2, 1]


@pytest.mark.parametrize(
    "query",
    [{"orderBy": "finishedAt"}, {"limit": "many"}, {"offset": -1}, {"after": "yesterday"}],
)
def test_parameters_of_a_wrong_type_are_refused(query: dict[str, Any]) -> None:
    with HightouchServer(workspace()) as server:
        answer = get(server, "/syncs", **query)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation failed"
    assert list(answer.json()["details"]) == list(query)


def test_a_plus_that_is_not_encoded_is_no_moment() -> None:
    with HightouchServer(workspace()) as server:
        assert get(server, "/syncs?after=2026-02-16T12:00:00+00:00").status_code == 422
        assert get(server, "/syncs", after="2026-02-16T12:00:00+00:00").status_code == 200


def test_rows_are_found_by_name_slug_model_and_tags() -> None:
    models = [
        model(1, name="a", tags={"x": "1", "y": "2"}),
        model(2, name="b", slug="s", tags={"x": "1"}),
    ]
    syncs = [sync(1), sync(2, model_id=2)]
    with HightouchServer(workspace(models=models, syncs=syncs)) as server:
        assert ids(server, "/models", name="b") == ids(server, "/models", slug="s") == [2]
        assert ids(server, "/models", tags="x:1") == [1, 2]
        assert ids(server, "/models", tags=["x:1", "y:2"]) == [1]
        assert ids(server, "/syncs", modelId=2) == [2]
        assert get(server, "/models", tags="x").status_code == 422


def test_syncs_are_found_by_the_moment_of_their_last_run() -> None:
    estate = workspace(run(1, 0), run(2, 30), syncs=[sync(1), sync(2), sync(3)])
    estate.runs[2] = [run(3, -60)]
    with HightouchServer(estate) as server:
        assert ids(server, "/syncs", after=iso(NOON)) == [1]
        assert ids(server, "/syncs", before=iso(NOON)) == [2]
        assert ids(server, "/syncs", after=iso(NOON + timedelta(minutes=30))) == []
        server.faults.includes_moment = True
        assert ids(server, "/syncs", after=iso(NOON + timedelta(minutes=30))) == [1]


@pytest.mark.parametrize(("moment", "minutes"), [("created", -5), ("started", 0), ("finished", 1)])
def test_the_last_run_is_dated_as_the_switch_says(moment: Any, minutes: int) -> None:
    estate = workspace(run(1, 0, created_at=NOON - timedelta(minutes=5)))
    estate.last_run_at = moment
    with HightouchServer(estate) as server:
        (row,) = data(server, "/syncs")
    assert row["lastRunAt"] == iso(NOON + timedelta(minutes=minutes))


def test_runs_are_found_by_the_moment_they_began() -> None:
    estate = workspace(*(run(number, number) for number in range(5)))
    estate.now = NOON + timedelta(minutes=5)
    at = {number: iso(NOON + timedelta(minutes=number)) for number in range(5)}
    with HightouchServer(estate) as server:
        assert ids(server, "/syncs/1/runs", after=at[1], before=at[3]) == [2]
        assert ids(server, "/syncs/1/runs", within=2.5) == [3, 4]
        assert ids(server, "/syncs/1/runs", runId=3) == [3]
        server.faults.includes_moment = True
        assert ids(server, "/syncs/1/runs", after=at[1], before=at[3]) == [1, 2, 3]


@pytest.mark.parametrize(("switch", "expected"), [(False, [1]), (True, [1, 2])])
def test_queued_runs_pass_the_window_as_the_switch_says(switch: bool, expected: list[int]) -> None:
    estate = workspace(run(1, 0), run(2, 60, created_at=NOON))
    estate.now = NOON + timedelta(minutes=30)
    with HightouchServer(estate, Faults(queued_in_windows=switch)) as server:
        assert ids(server, "/syncs/1/runs", after=iso(NOON - timedelta(hours=1))) == expected
        assert ids(server, "/syncs/1/runs") == [1, 2]


def test_runs_come_in_the_order_asked_for_and_what_has_no_moment_is_last() -> None:
    estate = workspace(run(1, 5, 60), run(2, 3, 1), run(3, 4, 1, created_at=NOON))
    estate.now = NOON + timedelta(minutes=30)
    with HightouchServer(estate) as server:
        assert ids(server, "/syncs/1/runs", orderBy="startedAt") == [2, 3, 1]
        assert ids(server, "/syncs/1/runs", orderBy="finishedAt") == [2, 3, 1]
        assert ids(server, "/syncs/1/runs", orderBy="createdAt") == [3, 2, 1]
        assert get(server, "/syncs/1/runs", orderBy="slug").status_code == 422


@pytest.mark.parametrize(
    ("switch", "status"), [("not_found", 404), ("unprocessable", 422), ("empty", 200)]
)
def test_runs_of_a_sync_that_is_gone_are_answered_as_the_switch_says(
    switch: Any, status: int
) -> None:
    estate = workspace(run(1, 0))
    estate.delete("syncs", 1)
    with HightouchServer(estate, Faults(runs_of_deleted=switch)) as server:
        assert get(server, "/syncs/1/runs").status_code == status


def test_rows_that_go_between_two_pages_shift_the_ones_behind_them() -> None:
    estate = many(6)

    def delete_first(request: Any) -> None:
        if request.query.get("offset") == ("2",):
            estate.delete("syncs", 1)

    with HightouchServer(estate, Faults(before_answer=delete_first)) as server:
        found = [row["id"] for page in pages(server, "/syncs", 2) for row in page["data"]]
    assert found == [1, 2, 4, 5, 6]


def test_rows_that_come_between_two_pages_are_seen_once_or_twice() -> None:
    estate = workspace(syncs=[sync(number) for number in (2, 3, 4)])

    def add_first(request: Any) -> None:
        if request.query.get("offset") == ("2",):
            estate.put(replace(sync(1), **MADE))

    with HightouchServer(estate, Faults(before_answer=add_first)) as server:
        found = [row["id"] for page in pages(server, "/syncs", 2) for row in page["data"]]
    assert found == [2, 3, 3, 4]
