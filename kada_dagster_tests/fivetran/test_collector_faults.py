"""What goes wrong during a crawl: what passes is outlived, what stays is said, nothing is half."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.errors import (
    ApiError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
)
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.catalogue import catalogue_world
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_events import events
from kada_dagster.sandbox.web import Request
from kada_dagster_tests.fivetran.collected import (
    DAY,
    HOST,
    altered,
    assert_is_the_truth,
    collector,
    extract,
    served,
)

SIZE = 120
Passing = Callable[[str], Fault]


def calm_world() -> FivetranWorld:
    """An account in which nothing is odd enough to be counted by accident."""
    return catalogue_world(6, SIZE)


def without_items(answer: Any) -> Any:
    return {**answer, "data": {"items": []}}


@pytest.mark.parametrize(
    "fault",
    [
        lambda path: Fault.status(500, path),
        lambda path: Fault.status(503, path, times=2),
        lambda path: Fault.html(path),
        lambda path: Fault.too_many(path, retry_after=1),
        lambda path: Fault.dropped(path),
        lambda path: Fault.lost(path),
        lambda path: Fault.cut(path),
    ],
)
@pytest.mark.parametrize(
    "path", ["/groups$", "/connections$", "/schemas$", "/columns$", "/sync-history$"]
)
def test_what_passes_is_outlived(fault: Passing, path: str, tmp_path: Path) -> None:
    world = calm_world()
    with served(world) as server:
        server.fail(fault(path))
        found = extract(server, tmp_path, columns=True)
    assert_is_the_truth(found, world, columns=True)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, "/schemas$", times=None),
        Fault.garbled("/connections$", times=None),
        Fault.status(401, "/schemas$", after=2),
        Fault.status(500, "/columns$", times=None),
        Fault.status(500, "/sync-history$", times=None),
        Fault.status(500, "/transformations$", times=None),
        Fault.status(403, "/connections$", times=None),
    ],
)
def test_what_stays_fails_the_run_and_leaves_nothing(fault: Fault, tmp_path: Path) -> None:
    with served(calm_world()) as server:
        server.fail(fault)
        with pytest.raises(KadaError) as caught:
            extract(server, tmp_path, columns=True)
    assert server.api_secret not in str(caught.value)
    assert not list(tmp_path.rglob("META*"))
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_list_without_end_is_no_list(tmp_path: Path) -> None:
    world = FivetranWorld()
    for number in range(1001):
        world.add_connection("google_drive", id=f"c{number}")
    with served(world) as server:
        server.fail(Fault.repeats_cursor("/connections$"))
        with pytest.raises(ApiError, match="never end"):
            extract(server, tmp_path)


def test_a_key_that_is_not_let_in_is_an_error_that_names_no_secret(tmp_path: Path) -> None:
    with served(calm_world()) as server:
        made = collector(server, tmp_path, key="wrong-key")
        with pytest.raises(ApiUnauthorizedError) as caught:
            made.test_connection()
        assert "wrong-key" not in str(caught.value)
        with pytest.raises(ApiUnauthorizedError):
            made.run("2026-11-01 00:00:00", "2026-11-02 00:00:00")
        collector(server, tmp_path).test_connection()
        let_in = [one.path for one in server.requests if one.status == 200]
        assert let_in == ["/v1/account/info"]


@pytest.mark.parametrize("what", ["groups", "destinations", "transformations"])
@pytest.mark.parametrize("status", [403, 404])
def test_a_list_the_key_may_not_see_is_left_out(what: str, status: int, tmp_path: Path) -> None:
    world = calm_world()
    with served(world) as server:
        server.fail(Fault.status(status, f"/v1/{what}$", times=None))
        found = extract(server, tmp_path)
    assert found.warnings["list_not_readable"] == 1
    assert what in found.samples["list_not_readable"]
    kinds = {one.tool_object_type for one in found.meta}
    assert f"FIVETRAN_{what.upper().removesuffix('S')}" not in kinds
    assert "FIVETRAN_CONNECTION" in kinds
    assert ("destination_missing" in found.warnings) == (what == "destinations")


@pytest.mark.parametrize(
    ("status", "code"), [(403, "not_permitted"), (404, "not_found"), (409, "not_readable")]
)
@pytest.mark.parametrize("path", ["/schemas$", "/columns$"])
def test_what_is_refused_of_one_connection_leaves_the_rest(
    status: int, code: str, path: str, tmp_path: Path
) -> None:
    world = calm_world()
    with served(world) as server:
        whole = extract(server, tmp_path / "whole", columns=True)
        server.fail(Fault.status(status, path, times=2))
        found = extract(server, tmp_path / "part", columns=True)
    assert found.warnings[code] == 2
    assert re.search(path.replace("$", ""), found.samples[code])
    assert len(found.meta) < len(whole.meta)
    assert {one.object_id for one in found.meta} < {one.object_id for one in whole.meta}
    connections = {one.object_id for one in whole.meta if one.object_type == "PIPELINE"}
    assert connections <= {one.object_id for one in found.meta}


def test_a_connection_that_is_deleted_meanwhile_is_counted_and_fails_nothing(
    tmp_path: Path,
) -> None:
    world = calm_world()
    gone = next(one for one in world.estate.connections.values() if one.has_schemas and one.config)

    def delete(request: Request) -> None:
        if request.path.endswith(f"/{gone.id}/schemas") and gone.id in world.estate.connections:
            world.delete_connection(gone.id)

    with served(world) as server:
        server.before_answer = delete
        found = extract(server, tmp_path)
    assert found.warnings["not_found"] == 1
    assert gone.id in found.samples["not_found"]
    assert found.warnings["sync_history_not_available"] == 1
    mine = [one for one in found.meta if gone.id in one.object_id.split(".")]
    assert [one.tool_object_type for one in mine] == ["FIVETRAN_CONNECTION"]
    others = world.estate.connections
    assert {f'"fivetran.com".connection.{number}' for number in others} < {
        one.object_id for one in found.meta
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, ApiForbiddenError), (404, ApiNotFoundError), (405, ApiError), (400, ApiError)],
)
@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_history_that_is_refused_where_others_have_one_fails_the_run_and_no_sync_is_lost(
    after: int, status: int, kind: type[KadaError], tmp_path: Path
) -> None:
    world = calm_world()
    with served(world) as server:
        server.fail(Fault.status(status, "/sync-history$", after=after))
        with pytest.raises(kind, match=f"/sync-history was answered with {status}") as caught:
            extract(server, tmp_path)
        assert ("sync_history: false" in str(caught.value)) == (status != 400)
        assert not list(tmp_path.rglob("EVENTS*"))
        found = extract(server, tmp_path)
    assert_is_the_truth(found, world)


@pytest.mark.parametrize("after", [0, 3])
def test_a_connection_that_is_gone_when_its_history_is_asked_for_leaves_the_others_theirs(
    after: int, tmp_path: Path
) -> None:
    world, asked, gone = calm_world(), list[str](), list[str]()
    truth = events(world, HOST, DAY)

    def delete(request: Request) -> None:
        if request.path.endswith("/sync-history"):
            asked.append(request.path.split("/")[-2])
            if len(asked) == after + 1:
                gone.append(asked[-1])
                world.delete_connection(asked[-1])

    with served(world) as server:
        server.before_answer = delete
        found = extract(server, tmp_path)
        assert len(server.calls("GET", f"/connections/{gone[0]}$")) == 1
    assert found.warnings["sync_history_not_available"] == 1
    mine = f".{gone[0]}."
    assert {one for one in found.events if mine not in one.event_id} == {
        one for one in truth if mine not in one.event_id
    }
    assert truth


def test_the_limit_of_a_trial_account_is_kept_by_waiting(tmp_path: Path) -> None:
    world = catalogue_world(3, 200)
    with FivetranSandbox(world, budgets=Budgets(source=((20, 60),))) as server:
        made = collector(server, tmp_path, columns=True)
        made.column_budgets = (RateBudget(20, 60, WorldClock(world)),)
        manifest = made.run("2026-11-01 00:00:00", "2026-11-02 00:00:00")
        asked = server.calls("GET", "/columns$")
    assert manifest.counts["DATASET_FIELD"] > 0
    assert len(asked) > 30
    assert 429 not in {request.status for request in asked}


class WorldClock:
    """The clock of a world, as a budget sees it."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def now(self) -> float:
        return self._world.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self._world.advance(seconds)


def test_a_group_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path) -> None:
    said = r"groups: there is no group 'Lakehouse'.*Warehouse"
    with served(calm_world()) as server, pytest.raises(ConfigError, match=said):
        extract(server, tmp_path, groups=["Lakehouse"])


def test_groups_are_chosen_by_name_or_id_without_a_call_more(tmp_path: Path) -> None:
    world = calm_world()
    first, second, *_ = world.estate.groups.values()
    with served(world) as server:
        found = extract(server, tmp_path, groups=[first.id, second.name])
        assert len(server.calls("GET", r"/v1/(groups|destinations|connections|transf\w+)$")) == 4
    chosen = [
        one for one in world.estate.connections.values() if one.group_id in {first.id, second.id}
    ]
    meta = {one.object_id for one in found.meta}
    assert {f'"fivetran.com".connection.{one.id}' for one in chosen} <= meta
    words = ("FIVETRAN_GROUP", "FIVETRAN_DESTINATION", "FIVETRAN_CONNECTION")
    counts = [sum(one.tool_object_type == word for one in found.meta) for word in words]
    assert counts == [2, 2, len(chosen)]
    for one in world.estate.transformations.values():
        needed = set(one.schedule["connection_ids"])
        is_wanted = bool(needed & {each.id for each in chosen})
        assert (f'"fivetran.com".transformation.{one.id}' in meta) == is_wanted


def test_groups_are_chosen_by_id_where_groups_may_not_be_listed(tmp_path: Path) -> None:
    world = calm_world()
    first = next(iter(world.estate.groups))
    with served(world) as server:
        server.fail(Fault.status(403, "/v1/groups$", times=None))
        found = extract(server, tmp_path, groups=[first])
    chosen = [one for one in world.estate.connections.values() if one.group_id == first]
    kinds = [one.tool_object_type for one in found.meta]
    assert kinds.count("FIVETRAN_CONNECTION") == len(chosen) > 0


@pytest.mark.parametrize(
    "fault",
    [Fault.status(403, "/v1/groups$", times=None), altered("/v1/groups$", without_items)],
    ids=["refused", "empty"],
)
def test_a_name_of_a_group_that_nothing_can_be_found_by_is_an_error(
    fault: Fault, tmp_path: Path
) -> None:
    """It would be taken for an id, fit no connection, and the extract would be empty."""
    world = calm_world()
    first, second, *_ = world.estate.groups.values()
    with served(world) as server:
        server.fail(fault)
        with pytest.raises(ConfigError, match=f"no connection is in a group.*'{second.name}'"):
            extract(server, tmp_path, groups=[first.id, second.name])
    assert not list(tmp_path.rglob("META*"))


NO_ITEMS: dict[str, Passing] = {
    "204": lambda path: Fault.no_content(path, times=None),
    "no data": lambda path: altered(path, lambda _: {"code": "Success", "message": "ok"}),
    "no items": lambda path: altered(path, lambda _: {"code": "Success", "data": {}}),
    "null": lambda path: altered(path, lambda _: {"code": "Success", "data": {"items": None}}),
}


@pytest.mark.parametrize("what", ["connections", "groups", "destinations", "transformations"])
@pytest.mark.parametrize("fault", NO_ITEMS.values(), ids=NO_ITEMS)
def test_a_list_without_items_is_no_empty_list(fault: Passing, what: str, tmp_path: Path) -> None:
    with served(calm_world()) as server:
        server.fail(fault(f"/v1/{what}$"))
        with pytest.raises(ApiError, match=f"{what} got an answer that cannot be used"):
            extract(server, tmp_path)
    assert not list(tmp_path.rglob("META*"))


def test_the_account_itself_must_be_readable(tmp_path: Path) -> None:
    with served(calm_world()) as server:
        server.fail(Fault.status(403, "/v1/connections$", times=None))
        with pytest.raises(ApiForbiddenError, match="connections"):
            extract(server, tmp_path)
