"""What every store of marks does, on each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange, parse_history
from kada_dagster.hwm.mark import MarkState, advanced, moved, settled, uploaded
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import utc_now
from kada_dagster_tests.hwm.store_places import Folder, Objects, Place, new_name
from kada_dagster_tests.hwm.test_mark import HOURS, after, bounds, hour, span

FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
acts = st.one_of(
    st.tuples(st.just("record"), bounds),
    st.tuples(st.sampled_from(["set", "advance"]), st.integers(0, HOURS)),
)


@pytest.fixture
def store(mark_place: Place) -> MarkStore:
    return mark_place.open()


def test_before_the_first_upload_there_is_nothing(store: MarkStore) -> None:
    assert store.read("shop") == MarkState()
    assert list(store.history("shop")) == []


def test_an_upload_ahead_of_a_gap_counts_as_soon_as_the_gap_is_filled(mark_place: Place) -> None:
    assert mark_place.open().record("shop", span(5, 7), hour(0)) == MarkState(None, (span(5, 7),))
    assert mark_place.open().record("shop", span(0, 2), hour(0)).mark == hour(2)
    assert mark_place.open().read("shop") == MarkState(hour(2), (span(5, 7),))
    assert mark_place.open().record("shop", span(2, 5), hour(0)) == MarkState(hour(7))
    assert mark_place.open().read("shop") == MarkState(hour(7))


@FEW
@given(st.lists(acts, max_size=8), st.integers(0, 10))
def test_whatever_is_done_the_state_is_that_of_the_pure_algebra(
    mark_place: Place, done: list[tuple[str, Any]], first: int
) -> None:
    name, truth = new_name(), MarkState()
    store: Any = mark_place.open()
    for act, what in done:
        if act == "record":
            truth = uploaded(truth, span(*what), hour(first))
            shown = store.record(name, span(*what), hour(first))
        else:
            truth = (moved if act == "set" else advanced)(truth, hour(what))
            shown = getattr(store, act)(name, hour(what))
        assert shown == settled(truth)
    assert mark_place.open().read(name) == settled(truth)


@FEW
@given(st.lists(acts, max_size=8))
def test_the_history_tells_every_change_and_only_changes(
    mark_place: Place, done: list[tuple[str, Any]]
) -> None:
    name, truth = new_name(), MarkState()
    store: Any = mark_place.open()
    expected: list[tuple[Any, ...]] = []
    for act, what in done:
        before = truth
        if act == "record":
            truth = uploaded(truth, span(*what), hour(0))
            store.record(name, span(*what), hour(0))
        else:
            truth = (moved if act == "set" else advanced)(truth, hour(what))
            getattr(store, act)(name, hour(what))
        if truth != before:
            action = {"record": "uploaded", "set": "set", "advance": "published"}[act]
            window = span(*what) if act == "record" else None
            expected.append((action, window, before.mark, truth.mark))
    found = store.history(name)
    assert [(c.action, c.window, c.before, c.after) for c in found] == expected
    assert all((utc_now() - change.at).total_seconds() < 600 for change in found)
    assert list(store.history(name, 2)) == list(found)[-2:]


def test_set_moves_the_mark_back_and_what_came_after_it_is_not_remembered(
    store: MarkStore,
) -> None:
    for pair in ((0, 2), (4, 6), (2, 4), (10, 12)):
        store.record("shop", span(*pair), hour(0))
    assert store.set("shop", hour(1)) == MarkState(hour(1), (span(10, 12),))
    assert store.set("shop", hour(1)) == store.read("shop")


def test_a_mark_set_to_the_edge_of_an_upload_is_read_at_its_end(store: MarkStore) -> None:
    for pair in ((0, 2), (4, 6), (8, 10)):
        store.record("shop", span(*pair), hour(0))
    assert store.set("shop", hour(4)) == MarkState(hour(6), (span(8, 10),))
    assert store.set("shop", hour(4)) == MarkState(hour(6), (span(8, 10),))
    assert store.record("shop", span(6, 8), hour(0)) == MarkState(hour(10))


def test_instances_do_not_share_a_mark(store: MarkStore) -> None:
    store.record("shop", span(0, 1), hour(0))
    store.record("shop_2", span(0, 3), hour(0))
    assert store.read("shop") == MarkState(hour(1))
    assert store.read("shop_2") == MarkState(hour(3))
    assert len(store.history("shop")) == 1


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a b", "a\n", ".a", "a\0"])
def test_a_name_that_is_no_file_name_is_refused(store: MarkStore, name: str) -> None:
    calls = (
        lambda: store.read(name),
        lambda: store.record(name, span(0, 1), hour(0)),
        lambda: store.set(name, hour(0)),
        lambda: store.advance(name, hour(0)),
        lambda: store.history(name),
        lambda: store.describe(name),
    )
    for call in calls:
        with pytest.raises(ConfigError, match="cannot name a mark"):
            call()


# --- what is written, where it is text -----------------------------------------------------


def test_where_a_mark_is_kept_can_be_told(text_place: Folder | Objects) -> None:
    assert text_place.open().describe("shop").endswith("/shop_hwm.txt")


def test_files_and_objects_have_the_documented_format(text_place: Folder | Objects) -> None:
    store = text_place.open()
    for pair in ((0, 2), (4, 6)):
        store.record("shop", span(*pair), hour(0))
    assert text_place.content("shop_hwm.txt") == b"2024-01-01 02:00:00\n"
    bound = {"start_hwm": "2024-01-01 04:00:00", "end_hwm": "2024-01-01 06:00:00"}
    assert json.loads(text_place.content("shop_hwm_ahead.json")) == {"uploaded_ahead": [bound]}
    lines = text_place.content("shop_hwm_history.jsonl").decode().splitlines()
    assert [json.loads(line)["after"] for line in lines] == ["2024-01-01 02:00:00"] * 2
    assert json.loads(lines[1]).keys() == {
        *("at", "action", "start_hwm", "end_hwm", "before", "after")
    }


def test_a_malformed_mark_is_an_error_until_it_is_set(text_place: Folder | Objects) -> None:
    store = text_place.open()
    for pair in ((0, 2), (4, 6)):
        store.record("shop", span(*pair), hour(0))
    text_place.spoil("shop_hwm.txt", b"password=hunter2\n")
    for call in (
        lambda: store.read("shop"),
        lambda: store.record("shop", span(2, 4), hour(0)),
        lambda: store.advance("shop", hour(4)),
    ):
        with pytest.raises(WatermarkError, match="not a moment") as caught:
            call()
        assert store.describe("shop") in str(caught.value)
        assert "kada hwm set" in str(caught.value)
        assert "hunter2" not in str(caught.value)
    assert store.set("shop", hour(3)) == MarkState(hour(3), (span(4, 6),))
    assert store.history("shop")[-1].before is None


def test_a_malformed_list_of_uploads_ahead_is_an_error(text_place: Folder | Objects) -> None:
    store = text_place.open()
    store.record("shop", span(0, 2), hour(0))
    text_place.spoil("shop_hwm_ahead.json", b'{"uploaded_ahead": "all"}')
    for call in (lambda: store.read("shop"), lambda: store.set("shop", hour(3))):
        with pytest.raises(WatermarkError, match="must then be uploaded again"):
            call()


DAMAGE = b'\n\nnot json\n\xff\xfe\n{"at": "now"}\n[1]\n{"at"'  # the last line was cut


def test_a_damaged_history_stops_no_mark_and_goes_on(text_place: Folder | Objects) -> None:
    store = text_place.open()
    store.record("shop", span(0, 2), hour(0))
    whole = text_place.content("shop_hwm_history.jsonl")
    text_place.spoil("shop_hwm_history.jsonl", whole + DAMAGE)
    assert [change.after for change in store.history("shop")] == [hour(2)]
    assert store.record("shop", span(2, 3), hour(0)) == MarkState(hour(3))
    assert [change.after for change in store.history("shop")] == [hour(2), hour(3)]


def test_the_history_keeps_only_the_last_changes(text_place: Folder | Objects) -> None:
    store = text_place.open()
    change = MarkChange.now("uploaded", span(0, 1), MarkState(), after([(0, 1)], 0))
    long = (change.to_json() + "\n").encode() * (4 * LONGEST_HISTORY)
    text_place.spoil("shop_hwm_history.jsonl", long)
    store.record("shop", span(0, 3), hour(0))
    data = text_place.content("shop_hwm_history.jsonl")
    assert data.count(b"\n") == LONGEST_HISTORY
    found = parse_history(data)
    assert len(found) == LONGEST_HISTORY
    assert found[-1].after == hour(3)
    assert store.history("shop") == found
