"""What is extracted of an account is exactly what is in it, whatever its size and shape."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.hevo import HevoEstate, Quirks
from kada_dagster.sandbox.hevo.connections import LEAK
from kada_dagster_tests.hevo.accounts import WEEK, assert_is_the_truth, extract, served

QUIRKS = st.builds(
    Quirks,
    bare_singles=st.booleans(),
    type_as_text=st.booleans(),
    classic_no_content=st.booleans(),
    edge_no_content=st.booleans(),
    edge_full_list=st.booleans(),
    edge_count=st.booleans(),
    jobs_order=st.sampled_from(("newest", "oldest", "shuffled")),
    repeated_rows=st.integers(0, 5),
)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    objects=st.integers(0, 150),
    jobs=st.integers(0, 400),
    edge_share=st.sampled_from((0.0, 0.3, 0.5, 1.0)),
    quirks=QUIRKS,
)
def test_objects_lineage_and_events_are_those_of_the_account(
    seed: int, objects: int, jobs: int, edge_share: float, quirks: Quirks
) -> None:
    estate = HevoEstate.generate(seed, objects, jobs=jobs, edge_share=edge_share)
    with tempfile.TemporaryDirectory() as folder, served(estate, quirks=quirks) as server:
        found = extract(server, Path(folder))
        assert LEAK not in found.text()
    assert_is_the_truth(found, estate)


@pytest.mark.parametrize(("seed", "objects"), [(1, 0), (2, 10), (3, 100), (4, 10_000)])
def test_no_call_is_made_that_is_not_needed(seed: int, objects: int, tmp_path: Path) -> None:
    estate = HevoEstate.generate(seed, objects)
    with served(estate) as server:
        found = extract(server, tmp_path)
    assert_is_the_truth(found, estate)
    assert len(server.requests) == estate.least_calls(WEEK, users=True)
    paths = [request.target for request in server.requests]
    assert len(paths) == len(set(paths))


def test_the_same_account_gives_the_same_bytes(tmp_path: Path) -> None:
    estate = HevoEstate.generate(5, 300)
    files: list[list[bytes]] = []
    with served(estate) as server:
        for name in ("one", "two"):
            found = extract(server, tmp_path / name, concurrency=1 if name == "one" else 8)
            files.append([(found.folder / f.file).read_bytes() for f in found.manifest.files])
    assert files[0] == files[1]


def test_what_was_not_there_or_not_understood_is_counted_with_a_sample(tmp_path: Path) -> None:
    estate = HevoEstate.generate(50, 2000)
    with served(estate) as server:
        found = extract(server, tmp_path)
    assert_is_the_truth(found, estate)
    assert found.warnings.keys() == {
        *("connection_unmapped", "event_type_renamed", "job_status_unknown"),
        *("not_found", "sql_not_understood", "table_not_named"),
    }
    assert all(sample for sample in found.samples.values())
    refused = [request.path for request in server.requests if request.status == 404]
    gone = [path for path in refused if re.search(r"/pipelines/\d+$", path)]
    assert found.warnings["not_found"] == len(refused) - len(gone) > 0
    assert len(gone) == len(set(gone)) > 0


def test_what_moves_from_page_to_page_is_asked_for_once(tmp_path: Path) -> None:
    estate = HevoEstate.generate(4, 2500, edge_share=0.2)
    with served(estate, quirks=Quirks(repeated_rows=5)) as server:
        found = extract(server, tmp_path)
    assert_is_the_truth(found, estate)
    singles = [one.path for one in server.requests if "/mappings/" in one.path]
    assert len(singles) == len(set(singles)) > 100
