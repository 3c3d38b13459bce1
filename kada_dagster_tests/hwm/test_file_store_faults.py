"""Marks as files under faults: full disks, missing rights, death at every line, rivals."""

from __future__ import annotations

import multiprocessing
import os
import random
from datetime import datetime
from pathlib import Path

import pytest
from filelock import FileLock

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm import file_store
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark import MarkState
from kada_dagster_tests.hwm.faults import (
    NOBODY,
    die_at_every_line,
    file_size_limit,
    open_folder,
    read_only,
    small_disk,
    unwritable,
)
from kada_dagster_tests.hwm.test_mark import after, hour, hours_of, span, true_mark

WATCHED = tuple(f"kada_dagster.hwm.{name}" for name in ("file_store", "mark_file", "history_file"))


@pytest.fixture
def store(tmp_path: Path) -> FileMarkStore:
    return FileMarkStore(tmp_path / "hwm")


def test_what_root_sets_the_collectors_user_can_still_move() -> None:
    if os.geteuid():  # then every file is the user's own: nothing can be taken away
        return
    with open_folder() as folder:
        os.chown(folder, NOBODY, NOBODY)
        FileMarkStore(folder).set("shop", hour(1))
        os.seteuid(NOBODY)
        try:
            state = FileMarkStore(folder).record("shop", span(1, 2), hour(0))
        finally:
            os.seteuid(0)
        assert state == MarkState(hour(2))
        assert {path.stat().st_uid for path in folder.iterdir()} == {NOBODY}


def test_without_permission_the_error_says_so_and_the_mark_stays() -> None:
    with open_folder() as folder:
        store = FileMarkStore(folder)
        store.record("shop", span(0, 1), hour(0))
        (folder / ".shop_hwm.lock").chmod(0o666)
        with unwritable(folder), pytest.raises(WatermarkError, match="no permission"):
            store.record("shop", span(1, 2), hour(0))
        assert store.read("shop") == MarkState(hour(1))


def test_on_a_read_only_disk_marks_can_be_read_but_not_moved() -> None:
    with open_folder() as folder:
        store = FileMarkStore(folder)
        store.record("shop", span(0, 1), hour(0))
        with read_only(folder):
            assert store.read("shop") == MarkState(hour(1))
            with pytest.raises(WatermarkError, match=r"read-only|no permission"):
                store.record("shop", span(1, 2), hour(0))
        assert store.read("shop") == MarkState(hour(1))


def test_on_a_full_disk_the_mark_stays_and_nothing_else_is_left(tmp_path: Path) -> None:
    with small_disk(tmp_path, 16_384) as is_disk:
        store = FileMarkStore(tmp_path)
        store.record("shop", span(0, 1), hour(0))
        store.record("shop", span(5, 6), hour(0))
        if is_disk:
            with pytest.raises(OSError, match="No space left"):
                (tmp_path / "filler").write_bytes(bytes(16_384))
        before = {path: path.read_bytes() for path in tmp_path.glob("shop*")}
        with file_size_limit(0 if not is_disk else 1 << 30):
            for pair in ((1, 2), (8, 9)):
                with pytest.raises(WatermarkError, match=r"disk is full|size limit"):
                    store.record("shop", span(*pair), hour(0))
        assert {path: path.read_bytes() for path in tmp_path.glob("shop*")} == before
        assert not list(tmp_path.glob(".*.new"))


def test_a_lock_that_is_never_given_back_is_an_error_and_not_a_wait_forever(
    store: FileMarkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_store, "_LOCK_SECONDS", 0.1)
    store.record("shop", span(0, 1), hour(0))
    with FileLock(store.folder / ".shop_hwm.lock"):
        with pytest.raises(WatermarkError, match="held by another process"):
            store.record("shop", span(1, 2), hour(0))
        assert store.read("shop").mark == hour(1), "reading needs no lock"
    assert store.record("shop", span(1, 2), hour(0)).mark == hour(2)


# --- death at every line -------------------------------------------------------------------


def record_filling_a_gap(folder: Path) -> None:
    FileMarkStore(folder).record("shop", span(2, 4), hour(0))


def record_ahead(folder: Path) -> None:
    FileMarkStore(folder).record("shop", span(12, 14), hour(0))


def set_back(folder: Path) -> None:
    FileMarkStore(folder).set("shop", hour(1))


def set_forward(folder: Path) -> None:
    FileMarkStore(folder).set("shop", hour(5))


BEFORE = [(0, 2), (4, 6), (8, 10)]
DEATHS = {
    record_filling_a_gap: MarkState(hour(6), (span(8, 10),)),
    record_ahead: MarkState(hour(2), (span(4, 6), span(8, 10), span(12, 14))),
    set_back: MarkState(hour(1), (span(4, 6), span(8, 10))),
    set_forward: MarkState(hour(6), (span(8, 10),)),
}


@pytest.mark.parametrize("work", DEATHS, ids=lambda work: work.__name__)
def test_killed_at_any_line_the_state_is_the_old_or_the_new_and_a_repeat_mends_it(
    tmp_path: Path, work: object
) -> None:
    template = tmp_path / "template"
    for pair in BEFORE:
        FileMarkStore(template).record("shop", span(*pair), hour(0))
    old, new = after(BEFORE, 0), DEATHS[work]  # type: ignore[index]
    (tmp_path / "killed").mkdir()
    seen: list[MarkState] = []
    for folder in die_at_every_line(work, tmp_path / "killed", template, *WATCHED):  # type: ignore[arg-type]
        seen.append(FileMarkStore(folder).read("shop"))
        assert seen[-1] in (old, new)
        work(folder)  # type: ignore[operator]
        assert FileMarkStore(folder).read("shop") == new
        FileMarkStore(folder).record("shop", span(0, 20), hour(0))
        assert not list(folder.glob(".*.new")), "the next change cleans up what the dead one left"
    assert old in seen
    assert seen[-1] == new


# --- several processes ---------------------------------------------------------------------


def record_all(folder: str, pairs: list[tuple[int, int]]) -> None:
    for start, end in pairs:
        FileMarkStore(Path(folder)).record("shop", span(start, end), hour(0))


def test_two_processes_at_once_lose_no_upload_and_a_reader_never_sees_the_mark_go_back(
    store: FileMarkStore,
) -> None:
    pairs = [(number, number + 1) for number in range(40)]
    random.Random(7).shuffle(pairs)
    method = multiprocessing.get_context("spawn")
    workers = [
        method.Process(target=record_all, args=(str(store.folder), pairs[part::2] + pairs[:5]))
        for part in (0, 1)
    ]
    for worker in workers:
        worker.start()
    seen: list[datetime] = []
    while any(worker.is_alive() for worker in workers):
        seen.append(store.read("shop").mark or hour(0))
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert seen == sorted(seen)
    assert true_mark(hours_of(pairs), 0) == 40
    assert store.read("shop") == MarkState(hour(40))
