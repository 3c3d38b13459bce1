"""Made-up workspaces are extracted as they are known to be."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hightouch import Faults, HightouchEstate
from kada_dagster.sandbox.hightouch.faults import Ids
from kada_dagster_tests.hightouch.extracted import EVER, HOST, Extracted, serving

BEFORE_ALL = Window.parse("2020-01-01 00:00:00", "2020-01-02 00:00:00")


def assert_is_truth(found: Extracted, estate: HightouchEstate, window: Window = EVER) -> None:
    assert sorted(found.meta) == sorted(estate.meta(HOST))
    assert sorted(found.links) == sorted(estate.linkage(HOST))
    assert sorted(found.events) == sorted(estate.events(HOST, window))


@pytest.mark.parametrize("objects", [0, 1, 10, 100, 10_000])
def test_objects_lineage_and_events_are_those_of_the_workspace(
    objects: int, tmp_path: Path
) -> None:
    estate = HightouchEstate.generate(objects + 1, objects)
    with serving(estate) as site:
        found = site.extract(tmp_path)
        assert_is_truth(found, estate)
        assert found.calls == len(site.server.requests) == estate.least_calls(EVER)
        assert site.server.budget.refused == 0
        assert {request.method for request in site.server.requests} == {"GET"}


def test_a_workspace_of_thousands_costs_no_call_too_many(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(5, 1500, runs=15_000)
    window = Window.parse("2026-01-03 00:00:00", "2026-01-03 01:00:00")
    estate.now = window.end
    with serving(estate) as site:
        found = site.extract(tmp_path, window, lookback_hours=24)
        assert sorted(found.events) == sorted(estate.events(HOST, window))
        assert found.calls == estate.least_calls(window)
        assert site.server.budget.refused == 0


@given(
    seed=st.integers(0, 10_000),
    objects=st.integers(1, 120),
    quirks=st.booleans(),
    mapped=st.booleans(),
    ids=st.sampled_from(get_args(Ids)),
    has_more=st.sampled_from(["as_declared", "always", "never"]),
    largest_page=st.sampled_from([None, 100]),
    more_after_end=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_any_workspace_is_extracted_exactly(
    seed: int,
    objects: int,
    quirks: bool,
    mapped: bool,
    ids: Ids,
    has_more: str,
    largest_page: int | None,
    more_after_end: bool,
) -> None:
    estate = HightouchEstate.generate(seed, objects, quirks=quirks)
    if not mapped:
        estate.mapping = {}
    faults = Faults(ids=ids, largest_page=largest_page, more_after_end=more_after_end)
    faults.has_more = has_more  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    with serving(estate, faults) as site, TemporaryDirectory() as output:
        assert_is_truth(site.extract(Path(output)), estate)


def test_masking_changes_code_and_errors_only(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(3, 120)
    with serving(estate) as site:
        found = site.extract(tmp_path, mask=True)
    plain = {fact._replace(query_code="") for fact in estate.meta(HOST)}
    assert {fact._replace(query_code="") for fact in found.meta} == plain
    assert sorted(found.links) == sorted(estate.linkage(HOST))
    assert sorted(found.events) == sorted(estate.events(HOST, EVER, mask=True))
    texts = "".join(fact.query_code for fact in found.meta)
    assert "select" in texts.lower()
    assert "it's" not in texts
    assert "it''s" not in texts


def test_two_extracts_of_one_state_are_the_same_bytes(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(8, 150)
    with serving(estate) as site:
        first, second = (site.extract(tmp_path / name) for name in ("one", "two"))
    sums = [[(file.family, file.sha256) for file in run.manifest.files] for run in (first, second)]
    assert sums[0] == sums[1]


def test_each_kind_of_gap_is_counted_with_a_sample(tmp_path: Path) -> None:
    estate = HightouchEstate.generate(2, 300)
    with serving(estate) as site:
        found = site.extract(tmp_path)
    unmapped = {name for name in found.warnings if name != "run_near_lookback"}
    assert unmapped == {
        *("connection_unmapped", "destination_missing", "dialect_unknown", "model_missing"),
        *("mapping_not_understood", "model_without_sql", "parent_missing", "visual_cycle"),
        "sql_not_understood",
    }
    assert all(found.samples.values())
    assert found.warnings["mapping_not_understood"] == sum(
        sync.unknown_mappings for sync in estate.syncs.values() if sync.model_id in estate.models
    )
