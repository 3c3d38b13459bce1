"""A crawl that died goes on, and what Hevo says did not change is not asked for again."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kada_dagster.errors import KadaError
from kada_dagster.hevo.answers import RESUME_WITHIN, Answers, as_it_is
from kada_dagster.hevo.client import CLASSIC, path_of
from kada_dagster.sandbox.hevo import Fault, HevoEstate, HevoServer
from kada_dagster.sandbox.hevo.connections import LEAK
from kada_dagster_tests.hevo.accounts import assert_is_the_truth, collector, extract, served

ESTATE = HevoEstate.generate(31, 400)
KEPT = {"resume": True, "skip_unchanged": True}


def details(server: HevoServer, words: Iterable[str] = ("/mappings/", "/objects/")) -> list[str]:
    """Paths of the calls for single things that were answered."""
    paths = [one.path for one in server.requests if one.status == 200]
    return [path for path in paths if any(word in path for word in words)]


def die(server: HevoServer, output: Path, path: str, after: int) -> None:
    """Let a crawl die at a call to such a path."""
    fault = Fault.status(401, path)
    fault.after = after
    server.fail(fault)
    with pytest.raises(KadaError):
        extract(server, output, **KEPT, concurrency=1)  # answers on their way are lost


def test_a_crawl_that_died_does_not_pay_again(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        die(server, tmp_path, "/mappings/", 60)
        paid = details(server)
        assert len(paid) > 50  # some of the 60 were not there
        server.requests.clear()
        found = extract(server, tmp_path, **KEPT)
    assert_is_the_truth(found, ESTATE)
    on_their_way = 3  # when it died
    assert not set(details(server)) & set(paid[:-on_their_way])


def test_a_crawl_that_died_begins_anew_where_that_is_wanted(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        die(server, tmp_path, "/mappings/", 60)
        paid = set(details(server))
        server.requests.clear()
        found = extract(server, tmp_path, resume=False, skip_unchanged=False)
    assert_is_the_truth(found, ESTATE)
    assert paid <= set(details(server))


def test_unchanged_edge_objects_are_not_asked_for_again(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        first = extract(server, tmp_path, **KEPT)
        asked = details(server)
        server.requests.clear()
        second = extract(server, tmp_path, **KEPT)
        again = details(server)
        server.requests.clear()
        extract(server, tmp_path, resume=True, skip_unchanged=False)
        unskipped = details(server)
    assert first.rows == second.rows
    assert_is_the_truth(second, ESTATE)
    assert any("/api/v1/" in path for path in asked)
    assert sorted(again) == sorted(path for path in asked if "/mappings/" in path)
    assert sorted(unskipped) == sorted(asked)


@pytest.mark.parametrize("field", ["updated", "refreshed"])
def test_the_objects_of_a_pipeline_whose_mark_moved_are_asked_for(
    field: str, tmp_path: Path
) -> None:
    with served(ESTATE) as server:
        extract(server, tmp_path, **KEPT)
    index, pipeline = max(enumerate(ESTATE.edge_pipelines), key=lambda one: len(one[1].objects))
    moved = replace(pipeline, **{field: pipeline.updated + 10**9})  # type: ignore[arg-type]
    pipelines = (*ESTATE.edge_pipelines[:index], moved, *ESTATE.edge_pipelines[index + 1 :])
    estate = replace(ESTATE, edge_pipelines=pipelines)
    with served(estate) as server:
        found = extract(server, tmp_path, **KEPT)
        asked = details(server, ("/objects/",))
    assert_is_the_truth(found, estate)
    assert asked
    assert all(f"/pipelines/{pipeline.id}/" in path for path in asked)


def test_an_object_that_changed_in_the_list_is_asked_for(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        extract(server, tmp_path, **KEPT)
    index, pipeline = max(enumerate(ESTATE.edge_pipelines), key=lambda one: len(one[1].objects))
    place, one = next(
        (place, one) for place, one in enumerate(pipeline.objects) if not one.is_silent
    )
    changed = replace(one, fields=one.fields[:-3])
    objects = (*pipeline.objects[:place], changed, *pipeline.objects[place + 1 :])
    pipelines = list(ESTATE.edge_pipelines)
    pipelines[index] = replace(pipeline, objects=objects)
    estate = replace(ESTATE, edge_pipelines=tuple(pipelines))
    with served(estate) as server:
        found = extract(server, tmp_path, **KEPT)
        asked = details(server, ("/objects/",))
    assert_is_the_truth(found, estate)
    assert [path.rpartition("/")[2] for path in asked] == [one.object_id]


def test_what_is_kept_is_for_the_owner_alone_and_holds_no_secret(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        die(server, tmp_path, "/mappings/", 60)
    files = sorted((tmp_path / "hevo").glob(".hevo-*"))
    assert len(files) == 2
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert LEAK not in file.read_text()
        assert "sandbox-secret" not in file.read_text()


def test_after_a_whole_crawl_nothing_is_kept_but_what_may_be_unchanged(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        die(server, tmp_path, "/mappings/", 60)
        crawl = tmp_path / "hevo" / ".hevo-crawl.journal"
        before = crawl.stat().st_size
        extract(server, tmp_path, **KEPT)
    assert crawl.stat().st_size < 100 < before


def test_state_goes_to_a_folder_of_its_own_where_one_is_named(tmp_path: Path) -> None:
    with served(ESTATE) as server:
        extract(server, tmp_path / "out", **KEPT, state_path=tmp_path / "state")
        shared = collector(server, "memory://staging", **KEPT)
    assert (tmp_path / "state" / "hevo" / ".hevo-unchanged.journal").is_file()
    assert not list((tmp_path / "out").rglob(".hevo-*"))
    assert shared.state_folder is None


def test_a_crawl_that_died_long_ago_is_forgotten(tmp_path: Path) -> None:
    path = path_of(CLASSIC, "destinations", str(ESTATE.destinations[0].id))

    def calls(at: float) -> int:
        with (
            served(ESTATE) as server,
            closing(collector(server, tmp_path).account.open()) as client,
        ):
            with Answers(client, tmp_path, clock=lambda: at) as answers:
                assert answers.get(path, "", as_it_is)["name"]
            return len(server.requests)

    assert calls(1000) == 1
    assert calls(1000 + RESUME_WITHIN - 1) == 0
    assert calls(1000 + RESUME_WITHIN) == 1
    assert calls(500) == 1  # the clock was put back: nobody knows how old it is
