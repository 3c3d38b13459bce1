"""What goes wrong on the way: it is repeated, or it ends the run and leaves nothing behind."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.errors import (
    ConnectionFailedError,
    ExtractError,
    KadaError,
    PermissionDeniedError,
)
from kada_dagster.sandbox.hightouch import Faults, HightouchEstate
from kada_dagster.sandbox.hightouch.entities import Source
from kada_dagster.sandbox.hightouch.model import Model, WholeTable
from kada_dagster.sandbox.hightouch.places import postgres
from kada_dagster_tests.hightouch.extracted import EVER, HOST, Site, serving

ESTATE_SEED = 7


def workspace() -> HightouchEstate:
    return HightouchEstate.generate(ESTATE_SEED, 40)


def fails(site: Site, output: Path) -> KadaError:
    """The error of a run, which left no files."""
    with pytest.raises(KadaError) as raised:
        site.extract(output)
    assert not [path for path in output.rglob("*") if path.is_file() and path.suffix == ".csv"]
    assert site.server.token not in f"{raised.value!r} {raised.value} {raised.value.__cause__!r}"
    return raised.value


@pytest.mark.parametrize(
    "kind",
    [
        *("too_many", "too_many_for_a_second", "server_error", "bad_gateway", "unavailable"),
        *("reset", "cut"),
    ],
)
@pytest.mark.parametrize("path", ["/models", "/syncs/"])
def test_what_passes_is_repeated(kind: str, path: str, tmp_path: Path) -> None:
    estate = workspace()
    with serving(estate) as site:
        site.server.fail(kind, path, times=2)
        found = site.extract(tmp_path)
    assert sorted(found.meta) == sorted(estate.meta(HOST))
    assert sorted(found.events) == sorted(estate.events(HOST, EVER))
    assert found.calls == estate.least_calls(EVER) + 2


def test_an_answer_that_does_not_come_is_asked_for_again(tmp_path: Path) -> None:
    estate = workspace()
    with serving(estate) as site:
        site.server.fail("hang", "/destinations")
        found = site.extract(tmp_path, timeout=1)
    assert sorted(found.meta) == sorted(estate.meta(HOST))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("unauthorized", PermissionDeniedError),
        ("forbidden", PermissionDeniedError),
        ("not_found", ApiNotFoundError),
        ("bad_request", ApiError),
        ("unprocessable", ApiError),
        ("html", ExtractError),
        ("json_string", ExtractError),
        ("truncated_json", ExtractError),
        ("no_content", ExtractError),
        ("null", ExtractError),
        ("bad_gateway", ConnectionFailedError),
        ("server_error", ConnectionFailedError),
        ("too_many", ConnectionFailedError),
    ],
)
@pytest.mark.parametrize("path", ["/sources", "/models", "/syncs"])
def test_a_list_that_cannot_be_read_fails_the_run(
    kind: str, error: type[KadaError], path: str, tmp_path: Path
) -> None:
    with serving(workspace()) as site:
        site.server.fail(kind, path, times=None)
        found = fails(site, tmp_path)
    assert isinstance(found, error)
    assert path in str(found)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("unprocessable", ApiError),
        ("bad_request", ApiError),
        ("not_found", ApiNotFoundError),
        ("forbidden", PermissionDeniedError),
    ],
)
def test_a_list_of_runs_that_is_refused_though_the_sync_is_there_fails_the_run(
    kind: str, error: type[KadaError], tmp_path: Path
) -> None:
    estate = workspace()
    sync = next(iter(estate.runs))
    with serving(estate) as site:
        site.server.fail(kind, f"/syncs/{sync}/runs", times=None)
        found = fails(site, tmp_path)
        asked = [request.path for request in site.server.requests]
    assert isinstance(found, error)
    assert ("the sync is there" in str(found)) == (kind != "forbidden")
    assert asked.count(f"/syncs/{sync}") == (kind != "forbidden")


def test_an_api_that_refuses_pages_of_101_is_asked_for_100(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(ESTATE_SEED, 700, runs=0)
    with serving(estate) as site:
        site.server.fail("unprocessable", "/models")
        found = site.extract(tmp_path)
        sizes = {r.query["limit"] for r in site.server.requests if r.path == "/models"}
    assert sizes == {("101",), ("100",)}
    assert sorted(found.meta) == sorted(estate.meta(HOST))


@pytest.mark.parametrize("faults", [Faults(same_page=True, has_more="always")])
def test_pages_that_go_round_in_circles_end(faults: Faults, tmp_path: Path) -> None:
    with serving(workspace(), faults) as site:
        error = fails(site, tmp_path)
        assert isinstance(error, ApiError)
        assert len(site.server.requests) < 200  # eleven pages of each list, and the runs


def test_a_minute_without_the_api_is_waited_for(tmp_path: Path) -> None:
    estate = workspace()
    with serving(estate) as site:
        site.server.outage(40)
        found = site.extract(tmp_path)
    assert sorted(found.meta) == sorted(estate.meta(HOST))


def test_ten_minutes_without_the_api_are_an_error_that_may_pass(tmp_path: Path) -> None:
    estate = workspace()
    with serving(estate) as site:
        site.server.outage(600)
        error = fails(site, tmp_path)
        assert isinstance(error, ConnectionFailedError)
        assert error.transient
        site.clock.sleep(600)
        found = site.extract(tmp_path)
    assert sorted(found.events) == sorted(estate.events(HOST, EVER))


def test_a_key_that_expires_half_way_fails_the_run(tmp_path: Path) -> None:
    with serving(workspace()) as site:
        site.server.fail("unauthorized", "/syncs/", times=None, after=2)
        assert isinstance(fails(site, tmp_path), PermissionDeniedError)


def test_the_connection_test_takes_one_call_and_tells_a_wrong_key(tmp_path: Path) -> None:
    with serving(workspace()) as site:
        site.extractor(tmp_path).test_connection()
        assert [request.path for request in site.server.requests] == ["/sources"]
        site.server.token = "another"
        wrong = site.extractor(tmp_path)
        site.server.token = "the right one"
        with pytest.raises(PermissionDeniedError):
            wrong.test_connection()


@pytest.mark.parametrize("mask", [False, True])
def test_no_secret_of_a_configuration_and_no_key_is_stored_or_logged(
    mask: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(HightouchEstate.generate(ESTATE_SEED, 200)) as site:
        found = site.extract(tmp_path, mask=mask)
    assert found.manifest.files
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"never-to-be-stored" not in written
    assert "never-to-be-stored" not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "jdbc:postgresql://pg.example.org:5432/shop?user=u&password=planted",
        "jdbc:sqlserver://pg.example.org;user=u;password=planted",
        "pg.example.org;password=planted",
    ],
)
def test_a_password_in_an_address_reaches_no_file(address: str, tmp_path: Path) -> None:
    dates: Any = {"created_at": EVER.start, "updated_at": EVER.start}
    source = Source(id=1, name="pg", slug="pg", place=postgres(address, "shop"), **dates)
    model = Model(id=1, name="m", slug="m", source_id=1, query=WholeTable(name="t"), **dates)
    with serving(HightouchEstate.of([source], [model], [], [], {})) as site:
        found = site.extract(tmp_path, mapping={})
    written = "".join(path.read_text() for path in found.folder.iterdir())
    assert "planted" not in written
    assert '"pg.example.org"' in written.replace('""', '"')
