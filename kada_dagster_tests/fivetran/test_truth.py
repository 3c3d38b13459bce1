"""Made-up accounts are extracted as they are known to be."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran import Quirks
from kada_dagster.sandbox.fivetran.catalogue import LEAK, catalogue_world
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_calls import least_calls
from kada_dagster.sandbox.fivetran.truth_events import events
from kada_dagster.sandbox.fivetran.truth_meta import meta
from kada_dagster_tests.fivetran.collected import (
    DAY,
    HOST,
    assert_is_the_truth,
    assert_same,
    extract,
    served,
)


def columns_asked(server: FivetranSandbox) -> list[str]:
    """Paths of the calls for columns."""
    return [request.path for request in server.calls("GET", r"/columns$")]


@pytest.mark.parametrize("objects", [0, 1, 10, 100, 1000])
@pytest.mark.parametrize("columns", [False, True])
def test_objects_lineage_and_events_are_those_of_the_account_at_the_fewest_calls(
    objects: int, columns: bool, tmp_path: Path
) -> None:
    world = catalogue_world(objects + 3, objects)
    with served(world) as server:
        found = extract(server, tmp_path, columns=columns)
        assert_is_the_truth(found, world, columns=columns)
        assert found.calls == len(server.requests) == least_calls(world, DAY, columns=columns)
        asked = columns_asked(server)
    assert len(asked) == len(set(asked))
    assert bool(asked) == (columns and objects > 1)
    assert LEAK not in found.text()
    assert server.api_secret not in found.text()


def test_an_account_of_ten_thousand_objects_is_extracted_exactly(tmp_path: Path) -> None:
    world = catalogue_world(7, 10_000)
    with served(world) as server:
        found = extract(server, tmp_path)
        assert_is_the_truth(found, world)
        assert found.calls == least_calls(world, DAY)
    assert len(found.meta) > 10_000


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    objects=st.integers(0, 150),
    columns=st.booleans(),
    mapped=st.booleans(),
    history=st.sampled_from(["on", "empty", 403, 404, 405]),
    digits=st.sampled_from([0, 3, 6]),
    order=st.sampled_from(["newest", "oldest"]),
    window=st.sampled_from(["start", "end", "overlap"]),
    absent_nulls=st.booleans(),
    running=st.booleans(),
)
def test_any_account_is_extracted_exactly(
    seed: int,
    objects: int,
    columns: bool,
    mapped: bool,
    history: Any,
    digits: Literal[0, 3, 6],
    order: Any,
    window: Any,
    absent_nulls: bool,
    running: bool,
) -> None:
    quirks = Quirks(
        history=history,
        history_order=order,
        history_window=window,
        digits=digits,
        absent_nulls=absent_nulls,
        history_running=running,
    )
    world = catalogue_world(seed, objects, quirks=quirks)
    world.advance(3 * 3600 + 1.5)
    options: dict[str, Any] = {} if mapped else {"mapping": {}}
    with served(world) as server, TemporaryDirectory() as output:
        found = extract(server, Path(output), columns=columns, **options)
        assert_is_the_truth(found, world, columns=columns, mapping=options.get("mapping"))
        assert LEAK not in found.text()


def test_masking_changes_reasons_and_nothing_else(tmp_path: Path) -> None:
    world = catalogue_world(12, 400)
    world.advance(24 * 3600)
    window = Window(DAY.end, world.now)
    with served(world) as server:
        plain = extract(server, tmp_path / "plain", window)
        masked = extract(server, tmp_path / "masked", window, mask=True)
    assert (masked.meta, masked.links) == (plain.meta, plain.links)
    assert_same(masked.events, events(world, HOST, window, mask=True))
    reasons = {one.message for one in plain.events}
    assert {len(reason) for reason in reasons} >= {0, 501}
    assert {one.message for one in masked.events} == {"", "***"}


def test_the_same_account_gives_the_same_bytes(tmp_path: Path) -> None:
    world = catalogue_world(5, 300)
    files: list[list[bytes]] = []
    with served(world) as server:
        for name, concurrency in (("one", 1), ("two", 8)):
            found = extract(server, tmp_path / name, columns=True, concurrency=concurrency)
            files.append([(found.folder / f.file).read_bytes() for f in found.manifest.files])
            assert found.samples == extract(server, tmp_path / name, columns=True).samples
    assert files[0] == files[1]


def test_each_kind_of_gap_is_counted_with_a_sample(tmp_path: Path) -> None:
    world = catalogue_world(2, 1000)
    with served(world) as server:
        found = extract(server, tmp_path)
    assert found.warnings.keys() == {
        *("connection_unmapped", "destination_missing", "schema_missing"),
        *("schema_without_prefix", "sync_not_in_history", "table_not_named"),
    }
    assert all(found.samples.values())
    lost = [
        one for one in world.estate.connections.values() if one.group_id not in world.estate.groups
    ]
    assert found.warnings["destination_missing"] == len(lost) > 0
    empty = [
        one
        for one in world.estate.connections.values()
        if one.setup_state != "incomplete" and not (one.config and one.has_schemas)
    ]
    assert found.warnings["schema_missing"] == len(empty) > 0


def test_what_moves_from_page_to_page_is_written_and_asked_for_once(tmp_path: Path) -> None:
    world = catalogue_world(4, 400)
    first = next(iter(world.estate.connections.values()))
    world.estate.connections["again"] = first  # the same connection, listed twice
    with served(world) as server:
        found = extract(server, tmp_path)
        assert len(server.calls("GET", f"/connections/{first.id}/schemas$")) == 1
        assert len(server.calls("GET", f"/connections/{first.id}/sync-history$")) == 1
    assert_same(found.meta, meta(world, HOST))
