"""A workspace that changes while it is read: nothing that stays is missed, nothing comes twice."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from kada_dagster.sandbox.hightouch import Faults, HightouchEstate
from kada_dagster.sandbox.hightouch.estate import Kind
from kada_dagster.sandbox.web import Request
from kada_dagster_tests.hightouch.extracted import EVER, HOST, serving

_LISTED = {"HIGHTOUCH_SOURCE", "HIGHTOUCH_MODEL", "HIGHTOUCH_DESTINATION", "HIGHTOUCH_SYNC"}


def meta_ids(estate: HightouchEstate) -> set[str]:
    return {fact.object_id for fact in estate.meta(HOST) if fact.tool_object_type in _LISTED}


@pytest.mark.parametrize("removed", [1, 3, 40])
@pytest.mark.parametrize("kind", ["models", "syncs"])
def test_what_is_deleted_between_two_pages_hides_nothing(
    kind: Kind, removed: int, tmp_path: Path
) -> None:
    estate = HightouchEstate.generate(4, 700, runs=300)

    def delete(request: Request) -> None:
        if request.path == f"/{kind}" and request.query["offset"] == ("100",):
            for number in sorted(estate.entities(kind))[:removed]:
                estate.delete(kind, number)

    with serving(estate, Faults(before_answer=delete)) as site:
        found = site.extract(tmp_path)
    assert meta_ids(estate) <= {fact.object_id for fact in found.meta}
    assert estate.events(HOST, EVER) <= set(found.events)
    assert len({fact.object_id for fact in found.meta}) == len(found.meta)
    assert len({fact.event_id for fact in found.events}) == len(found.events)


@pytest.mark.parametrize("answer", ["not_found", "unprocessable", "empty"])
def test_a_sync_deleted_before_its_runs_are_read_is_no_failure(
    answer: Literal["not_found", "unprocessable", "empty"], tmp_path: Path
) -> None:
    estate = HightouchEstate.generate(4, 60, runs=100)
    gone = max(estate.runs, key=lambda number: len(estate.runs[number]))

    def delete(request: Request) -> None:
        if request.path.endswith("/runs") and gone in estate.syncs:
            estate.delete("syncs", gone)

    with serving(estate, Faults(before_answer=delete, runs_of_deleted=answer)) as site:
        found = site.extract(tmp_path)
    assert sorted(found.events) == sorted(estate.events(HOST, EVER))
    assert found.warnings.get("sync_vanished", 0) == (answer != "empty")


def test_rows_that_come_while_pages_are_read_come_once(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(4, 700, runs=0)
    late = estate.models.pop(max(estate.models))

    def insert(request: Request) -> None:
        if request.path == "/models" and request.query["offset"] == ("200",):
            estate.put(late)

    with serving(estate, Faults(before_answer=insert)) as site:
        found = site.extract(tmp_path)
    assert meta_ids(estate) == {
        fact.object_id for fact in found.meta if fact.tool_object_type in _LISTED
    }


def test_an_order_the_api_does_not_keep_changes_nothing(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(6, 400, quirks=False)
    with serving(estate, Faults(ignores_order=True)) as site:
        found = site.extract(tmp_path)
    assert sorted(found.meta) == sorted(estate.meta(HOST))
    assert {link[:5] for link in found.links} == {link[:5] for link in estate.linkage(HOST)}
    assert sorted(found.events) == sorted(estate.events(HOST, EVER))
