"""What an API does on a bad day: what is lost, what is not, and what is said about it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiError, ApiUnauthorizedError, ApiUnavailableError
from kada_dagster.errors import KadaError, PermissionDeniedError
from kada_dagster.sandbox.hevo import Fault, HevoEstate, Quirks
from kada_dagster.sandbox.web.faults import HANG
from kada_dagster_tests.hevo.accounts import assert_is_the_truth, collector, extract, served
from kada_dagster_tests.hevo.extracted import END, START

SMALL = HevoEstate.generate(21, 60)
HIDDEN = "planted-key"


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("family", ["classic", "edge"])
def test_a_family_that_is_not_there_is_said_once(status: int, family: str, tmp_path: Path) -> None:
    quirks = Quirks(**{f"{family}_status": status})  # type: ignore[arg-type]
    with served(SMALL, quirks=quirks) as server:
        found = extract(server, tmp_path)
    words = {row["TOOL_OBJECT_TYPE"] for row in found.rows["META"]}
    assert {word.startswith("HEVO_EDGE") for word in words} == {family == "classic"}
    assert found.warnings["family_not_available"] == 1
    assert f"answered with {status}" in found.samples["family_not_available"]
    assert sum(request.status == status for request in server.requests) >= 1
    absent = "/api/public/v2.0" if family == "classic" else "/api/v1"
    assert len([one for one in server.requests if one.path.startswith(absent)]) == 1


@pytest.mark.parametrize("statuses", [(401, 401), (403, 404), (404, 404)])
def test_no_family_at_all_is_a_refusal(statuses: tuple[int, int], tmp_path: Path) -> None:
    classic, edge = statuses
    with served(SMALL, quirks=Quirks(classic_status=classic, edge_status=edge)) as server:
        with pytest.raises(PermissionDeniedError, match="pipelines") as caught:
            extract(server, tmp_path)
        with pytest.raises(PermissionDeniedError):
            collector(server, tmp_path).test_connection()
    assert str(classic) in str(caught.value)
    assert str(edge) in str(caught.value)


def test_a_wrong_key_is_refused_and_shown_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served(SMALL) as server, pytest.raises(PermissionDeniedError) as caught:
        extract(server, tmp_path, key=HIDDEN)
    error: BaseException | None = caught.value
    while error is not None:
        assert HIDDEN not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    assert HIDDEN not in caplog.text
    assert not (tmp_path / "hevo").is_dir() or not list((tmp_path / "hevo").glob("2*"))


def test_connecting_asks_for_no_more_than_the_pipelines(tmp_path: Path) -> None:
    with served(SMALL) as server:
        collector(server, tmp_path).test_connection()
    assert sorted(request.path for request in server.requests) == [
        "/api/public/v2.0/pipelines",
        "/api/v1/pipelines",
    ]


def test_a_members_key_costs_what_it_may_not_see_and_no_more(tmp_path: Path) -> None:
    with served(SMALL, quirks=Quirks(member_key=True)) as server:
        found = extract(server, tmp_path)
    with served(SMALL) as server:
        whole = extract(server, tmp_path)
    users = [row for row in whole.rows["META"] if row["OBJECT_TYPE"] == "USER"]
    assert len(found.rows["META"]) == len(whole.rows["META"]) - len(users) < len(whole.rows["META"])
    assert found.rows["LINKAGE"] == whole.rows["LINKAGE"]
    assert found.warnings["not_permitted"] == 1
    assert "not permitted" in found.samples["not_permitted"]


@pytest.mark.parametrize(
    "path",
    [
        *("v2.0/destinations$", "v2.0/models$", "v2.0/workflows$", "v2.0/accounts/users$"),
        *("v2.0/.*/event-types$", "v2.0/.*/transformations$"),
        *("v1/destinations$", "v1/.*/objects$"),
    ],
)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((403, "not_permitted"), (404, "not_found"), (410, "not_found")),
        *((400, "not_readable"), (409, "not_readable"), (422, "not_readable")),
    ],
)
def test_an_endpoint_that_is_refused_does_not_end_the_extract(
    status: int, code: str, path: str, tmp_path: Path
) -> None:
    with served(SMALL) as server:
        whole = extract(server, tmp_path)
        server.fail(Fault.status(status, path, message="not for you", times=10**6))
        found = extract(server, tmp_path)
    assert found.warnings[code] > whole.warnings.get(code, 0)
    assert code == "not_found" or "not for you" in found.samples[code]
    assert found.rows["EVENTS"] == whole.rows["EVENTS"] != []
    assert any(row["TOOL_OBJECT_TYPE"] == "HEVO_PIPELINE" for row in found.rows["META"])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.status(401, "event-types$", times=10**6), ApiUnauthorizedError),
        (Fault.status(429, "event-types$", times=10**6), ApiUnavailableError),
        (Fault.garbled("event-types$"), ApiError),
    ],
    ids=["credentials", "rate", "no JSON"],
)
def test_what_is_no_refusal_of_one_list_ends_the_extract(
    fault: Fault, kind: type[KadaError], tmp_path: Path
) -> None:
    with served(SMALL) as server:
        server.fail(fault)
        with pytest.raises(kind, match="event-types"):
            extract(server, tmp_path)
    assert not list((tmp_path / "hevo").glob("2*"))


def test_a_key_that_expires_on_the_way_ends_the_extract(tmp_path: Path) -> None:
    with (
        served(SMALL, quirks=Quirks(calls_until_expired=20)) as server,
        pytest.raises(ApiUnauthorizedError),
    ):
        extract(server, tmp_path)
    assert not list((tmp_path / "hevo").glob("2*"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, "event-types"),
        Fault.status(503, "/jobs", times=2),
        Fault.html("objects", times=2),
        Fault("mappings", sent=-1),
        Fault("mappings", sent=0.5),
        Fault.status(429, "pipelines$", message="Request rate limit exceeded"),
        Fault("/destinations", delay=HANG),
    ],
    ids=["500", "503 twice", "HTML 502 twice", "reset", "reset within", "429", "no answer"],
)
def test_what_passes_is_tried_again_and_nothing_is_missing(fault: Any, tmp_path: Path) -> None:
    with served(SMALL) as server:
        server.fail(fault)
        found = extract(server, tmp_path, timeout=2 if fault.delay else 20)
    assert_is_the_truth(found, SMALL)
    assert fault.seen > fault.times


def test_an_outage_ends_the_extract_as_an_error_that_may_pass(tmp_path: Path) -> None:
    with served(SMALL) as server:
        server.fail(Fault.html("event-types", times=10**6))
        with pytest.raises(ApiUnavailableError, match="502") as caught:
            extract(server, tmp_path)
    assert caught.value.transient
    assert "<html" not in str(caught.value)


def test_a_page_that_is_no_json_is_an_error_that_names_it(tmp_path: Path) -> None:
    with served(SMALL) as server:
        server.fail(Fault.garbled("/objects$"))
        with pytest.raises(KadaError, match="objects"):
            extract(server, tmp_path)
    assert not list((tmp_path / "hevo").glob("2*"))


@pytest.mark.parametrize("loop", ["same token", "new tokens"])
def test_a_list_without_an_end_is_an_error_and_not_a_loop(loop: Any, tmp_path: Path) -> None:
    estate = HevoEstate.generate(4, 400)
    with (
        served(estate, quirks=Quirks(page_loop=loop)) as server,
        pytest.raises(ApiError, match="cannot be used"),
    ):
        extract(server, tmp_path)
    assert len(server.requests) < 1000


@pytest.mark.parametrize(
    ("path", "kind"), [("/mappings/", "HEVO_EVENT_TYPE"), ("/objects/", "HEVO_EDGE_OBJECT")]
)
@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (403, "not_permitted"), (400, "not_readable")]
)
def test_one_thing_that_cannot_be_had_is_counted_and_the_rest_is_there(
    path: str, kind: str, status: int, code: str, tmp_path: Path
) -> None:
    with served(SMALL) as server:
        whole = extract(server, tmp_path)
        server.fail(Fault.status(status, path, message="no such luck"))
        found = extract(server, tmp_path)
    assert found.warnings[code] == whole.warnings.get(code, 0) + 1
    rows = [sum(row["TOOL_OBJECT_TYPE"] == kind for row in x.rows["META"]) for x in (whole, found)]
    assert rows[0] == rows[1]
    assert len(found.rows["LINKAGE"]) <= len(whole.rows["LINKAGE"])


def test_a_dead_address_is_an_error_that_may_pass(tmp_path: Path) -> None:
    with served(SMALL) as server:
        made = collector(server, tmp_path)
    with pytest.raises(ApiUnavailableError) as caught:
        made.run(START, END)
    with pytest.raises(ApiUnavailableError):
        made.test_connection()
    assert caught.value.transient


def test_ten_minutes_without_an_answer_cost_no_call_twice(tmp_path: Path) -> None:
    now = [0.0]
    with served(SMALL, clock=lambda: now[0]) as server:
        made = collector(server, tmp_path, resume=True, skip_unchanged=True)
        made.on_progress = lambda what, _rows: server.outage(600) if "pipeline 3" in what else None
        with pytest.raises(ApiUnavailableError, match="503"):
            made.run(START, END)
        paid = {one.path for one in server.requests if one.status == 200}
        server.requests.clear()
        now[0] = 600.0
        found = extract(server, tmp_path, resume=True, skip_unchanged=True)
    assert_is_the_truth(found, SMALL)
    singles = {path for path in paid if "/mappings/" in path or "/objects/" in path}
    assert singles
    assert not singles & {one.path for one in server.requests}
