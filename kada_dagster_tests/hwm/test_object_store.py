"""Marks as objects: two objects and no lock, judged in every order of steps and at every death."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConnectionFailedError, WatermarkError
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.mark_format import parse_ahead, parse_mark
from kada_dagster.hwm.object_store import ObjectMarkStore
from kada_dagster.hwm.objects import Versioned
from kada_dagster.hwm.races import won
from kada_dagster_tests.hwm.faults import die_at_every_line, memory_folder
from kada_dagster_tests.hwm.file_objects import FileObjects
from kada_dagster_tests.hwm.test_mark import after, bounds, hour, span
from kada_dagster_tests.hwm.turns import InTurns, Turns

orders = st.lists(st.integers(0, 5), min_size=1, max_size=60)
windows = st.lists(bounds, min_size=2, max_size=4)
neighbours = st.permutations([(0, 2), (2, 4), (4, 6)])


def stored(folder: Path) -> MarkState:
    """The two objects as anybody else reads them, not put right while reading."""
    ahead = FileObjects(folder).read("shop_hwm_ahead.json").data
    mark = FileObjects(folder).read("shop_hwm.txt").data
    return MarkState(parse_mark(mark, "mark"), parse_ahead(ahead, "ahead"))


@settings(max_examples=60, deadline=None)
@given(st.one_of(windows, neighbours), orders)
def test_in_any_order_of_steps_every_window_counts_once_and_the_stored_mark_is_the_truth(
    pairs: list[tuple[int, int]], order: list[int]
) -> None:
    with memory_folder() as folder:
        turns, seen = Turns(order), list[datetime]()

        def record(number: int) -> None:
            store = ObjectMarkStore(InTurns(FileObjects(folder), turns, number))
            store.record("shop", span(*pairs[number]), hour(0))

        def look(number: int) -> None:
            store = ObjectMarkStore(InTurns(FileObjects(folder), turns, number))
            seen.extend(store.read("shop").mark or hour(0) for _ in range(5))

        turns.run(*[record] * len(pairs), look)
        assert stored(folder) == after(pairs, 0)
        assert seen == sorted(seen)
        assert seen[-1] <= (after(pairs, 0).mark or hour(0))


@settings(max_examples=150, deadline=None)
@given(neighbours, st.integers(0, 2), orders, st.integers(0, 9))
def test_whoever_dies_between_two_steps_takes_no_upload_of_others_with_it(
    pairs: list[tuple[int, int]], before: int, order: list[int], life: int
) -> None:
    """Of those that race, the first dies; what it was about is recorded by its next run."""
    with memory_folder() as folder:
        store, turns, done = ObjectMarkStore(FileObjects(folder)), Turns(order), pairs[:before]
        racing = pairs[before:]
        for pair in done:
            store.record("shop", span(*pair), hour(0))

        def record(number: int) -> None:
            objects = InTurns(FileObjects(folder), turns, number, None if number else life)
            ObjectMarkStore(objects).record("shop", span(*racing[number]), hour(0))
            done.append(racing[number])

        turns.run(*[record] * len(racing))
        reached = store.read("shop").mark or hour(0)
        assert (after(done, 0).mark or hour(0)) <= reached <= hour(6)
        for pair in [pair for pair in pairs if pair not in done]:
            store.record("shop", span(*pair), hour(0))
        assert store.read("shop") == MarkState(hour(6))


@settings(max_examples=60, deadline=None)
@given(neighbours, st.integers(0, 9), orders)
def test_a_mark_set_while_uploads_are_recorded_loses_none_that_comes_after_it(
    pairs: list[tuple[int, int]], moment: int, order: list[int]
) -> None:
    with memory_folder() as folder:
        turns = Turns(order)

        def record(number: int) -> None:
            store = ObjectMarkStore(InTurns(FileObjects(folder), turns, number))
            store.record("shop", span(*pairs[number]), hour(0))

        def set_(number: int) -> None:
            store = ObjectMarkStore(InTurns(FileObjects(folder), turns, number))
            store.set("shop", hour(moment))

        turns.run(*[record] * len(pairs), set_)
        store = ObjectMarkStore(FileObjects(folder))
        reached = store.read("shop").mark
        assert reached is not None
        assert hour(moment) <= reached <= hour(max(6, moment)), "neither forgotten nor invented"
        for pair in pairs:
            store.record("shop", span(*pair), hour(0))
        assert store.read("shop") == MarkState(hour(max(6, moment)))


# --- death at every line -------------------------------------------------------------------


def record_filling_a_gap(folder: Path) -> None:
    ObjectMarkStore(FileObjects(folder)).record("shop", span(2, 4), hour(0))


def record_ahead(folder: Path) -> None:
    ObjectMarkStore(FileObjects(folder)).record("shop", span(12, 14), hour(0))


def set_back(folder: Path) -> None:
    ObjectMarkStore(FileObjects(folder)).set("shop", hour(1))


def set_forward(folder: Path) -> None:
    ObjectMarkStore(FileObjects(folder)).set("shop", hour(7))


BEFORE = [(0, 2), (4, 6), (8, 10)]
DEATHS = {
    record_filling_a_gap: MarkState(hour(6), (span(8, 10),)),
    record_ahead: MarkState(hour(2), (span(4, 6), span(8, 10), span(12, 14))),
    set_back: MarkState(hour(1), (span(4, 6), span(8, 10))),
    set_forward: MarkState(hour(7), (span(8, 10),)),
}


@pytest.mark.parametrize("work", DEATHS, ids=lambda work: work.__name__)
def test_killed_at_any_line_the_state_is_the_old_or_the_new_and_a_repeat_mends_it(
    tmp_path: Path, work: object
) -> None:
    template, killed = tmp_path / "template", tmp_path / "killed"
    template.mkdir()
    killed.mkdir()
    for pair in BEFORE:
        ObjectMarkStore(FileObjects(template)).record("shop", span(*pair), hour(0))
    old, new = after(BEFORE, 0), DEATHS[work]  # type: ignore[index]
    seen: list[MarkState] = []
    watched = ("kada_dagster.hwm.object_store", "kada_dagster.hwm.races", FileObjects.__module__)
    for folder in die_at_every_line(work, killed, template, *watched):  # type: ignore[arg-type]
        store = ObjectMarkStore(FileObjects(folder))
        seen.append(store.read("shop"))
        assert seen[-1] in (old, new)
        work(folder)  # type: ignore[operator]
        assert stored(folder) == new
    assert old in seen
    assert seen[-1] == new


def test_what_a_dead_writer_left_behind_the_mark_does_not_come_back_when_it_is_set_back(
    tmp_path: Path,
) -> None:
    objects = FileObjects(tmp_path)
    store = ObjectMarkStore(objects)
    store.record("shop", span(4, 6), hour(0))
    left = objects.read("shop_hwm_ahead.json").data
    store.record("shop", span(0, 4), hour(0))
    now = objects.read("shop_hwm_ahead.json").version
    assert left is not None
    assert objects.replace("shop_hwm_ahead.json", left, now)  # as if it had died before this write
    assert store.set("shop", hour(1)) == MarkState(hour(1))


# --- refusals ------------------------------------------------------------------------------


class Contested(FileObjects):
    """Objects somebody else always changes first."""

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        return False


def test_a_race_that_is_never_won_is_an_error_that_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kada_dagster.hwm.races._LONGEST_SECONDS", 0.001)
    store = ObjectMarkStore(Contested(tmp_path))
    for call in (
        lambda: store.record("shop", span(0, 1), hour(0)),
        lambda: store.set("shop", hour(1)),
        lambda: store.advance("shop", hour(1)),
    ):
        with pytest.raises(ConnectionFailedError, match="other processes changed it") as caught:
            call()
        assert "shop_hwm.txt" in str(caught.value)
        assert caught.value.transient


class WithoutHistory(FileObjects):
    """Objects of which one may not be written."""

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        if name.endswith("history.jsonl"):
            raise WatermarkError(f"{name}: locked by a policy")
        return super().replace(name, data, version)


def test_a_history_that_cannot_be_written_is_logged_and_stops_no_mark(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ObjectMarkStore(WithoutHistory(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert store.record("shop", span(0, 1), hour(0)) == MarkState(hour(1))
    assert "locked by a policy" in caplog.text
    assert "its history lacks the change" in caplog.text


class LostAnswers(FileObjects):
    """Objects that are written, and say they were not: the answer got lost, and the request that
    was sent again met the new version."""

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        super().replace(name, data, version)
        return False


def test_a_write_whose_answer_was_lost_counts(tmp_path: Path) -> None:
    store = ObjectMarkStore(LostAnswers(tmp_path))
    for pair in ((0, 2), (4, 6), (2, 4)):
        store.record("shop", span(*pair), hour(0))
    assert store.read("shop") == MarkState(hour(6))
    assert store.set("shop", hour(3)) == MarkState(hour(3))


def test_reading_writes_nothing(tmp_path: Path) -> None:
    class Unwritable(FileObjects):
        def replace(self, name: str, data: bytes, version: str | None) -> bool:
            raise AssertionError(name)

    ObjectMarkStore(FileObjects(tmp_path)).record("shop", span(3, 4), hour(0))
    store = ObjectMarkStore(Unwritable(tmp_path))
    assert store.read("shop") == MarkState(None, (span(3, 4),))
    assert store.record("shop", span(3, 4), hour(0)) == store.read("shop"), "nothing is new"
    assert len(store.history("shop")) == 1


def test_work_is_tried_as_often_as_it_may_be(tmp_path: Path) -> None:
    answers: list[Versioned | None] = [None, None, Versioned(b"", "1")]
    assert won(3, "here", lambda: answers.pop(0)) == Versioned(b"", "1")
    with pytest.raises(ConnectionFailedError, match="here: other processes changed it 2 times"):
        won(2, "here", lambda: None)
