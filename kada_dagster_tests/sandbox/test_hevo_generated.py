"""Generated Hevo accounts: the same for the same seed, whole, and with everything odd in them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.identity import split_id
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hevo import HevoEstate
from kada_dagster.sandbox.hevo.generated_models import _BROKEN

WEEK = Window.parse("2026-01-01 00:00:00", "2026-01-08 00:00:00")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 300), st.floats(0, 1))
def test_every_account_is_sound(seed: int, objects: int, edge_share: float) -> None:
    estate = HevoEstate.generate(seed, objects, edge_share=edge_share)
    meta, linkage = estate.meta("h", users=True), estate.linkage("h")
    ids = {fact.object_id for fact in meta}
    assert len(ids) == len(meta)
    assert {fact.parent_id for fact in meta} - {""} <= ids
    assert len({link[:5] for link in linkage}) == len(linkage)
    named = [link for link in linkage if link.source_object_type in ("TABLE", "COLUMN")]
    lengths = {"TABLE": 4, "COLUMN": 5}
    assert all(
        len(split_id(link.source_object_id)) == lengths[link.source_object_type] for link in named
    )
    events = estate.events("h", WEEK)
    assert len({event.event_id for event in events}) == len(events)
    assert {event.object_id for event in events} <= ids
    served = sum(len(one.objects) for one in (*estate.pipelines, *estate.edge_pipelines))
    assert served == objects


def test_the_same_seed_gives_the_same_account_and_another_seed_another() -> None:
    assert HevoEstate.generate(4, 200) == HevoEstate.generate(4, 200)
    assert HevoEstate.generate(4, 200) != HevoEstate.generate(5, 200)


def test_a_large_account_has_every_oddity() -> None:
    estate = HevoEstate.generate(1, 5000)
    names = "".join(one.name for pipeline in estate.pipelines for one in pipeline.objects)
    assert set("/ \"'%#?&;+\\表ï") <= set(names)
    widths = [
        len(one.mapping.fields)
        for pipeline in estate.pipelines
        for one in pipeline.event_types
        if one.mapping
    ]
    assert max(widths) == 286
    pages = [len(one.objects) for one in (*estate.pipelines, *estate.edge_pipelines)]
    assert max(pages) >= 1000
    assert min(pages) == 0
    assert {"DRAFT", "HIBERNATING"} <= {one.status for one in estate.pipelines}
    assert {"DELETED", "DELETING"} & {one.status for one in estate.edge_pipelines}
    kinds = {one.connection.kind for one in estate.destinations}
    assert len(kinds) == 7
    confidence = Counter(link.confidence for link in estate.linkage("h"))
    assert min(confidence[word] for word in ("DIRECT", "INFERRED", "PARSED")) > 50
    assert any(model.sql == _BROKEN for model in estate.models)
    assert any(re.search(r'"\w+ \w+', model.sql) for model in estate.models)


@pytest.mark.parametrize("objects", [10, 10_000])
def test_the_truth_grows_with_the_account(objects: int) -> None:
    estate = HevoEstate.generate(1, objects)
    assert objects < len(estate.meta("h")) < 2 * objects + 50
    assert len(estate.linkage("h")) > 2 * objects
    assert estate.least_calls(WEEK) < objects + 50


def test_calls_are_counted_page_by_page() -> None:
    estate = HevoEstate.generate(7, 0)
    empty_pipelines = [p for p in estate.pipelines if not p.is_gone]
    assert estate.least_calls(WEEK) == 6 + 3 * len(empty_pipelines) + 4 + 2 + 3
    assert estate.least_calls(WEEK, users=True) == estate.least_calls(WEEK) + 1
