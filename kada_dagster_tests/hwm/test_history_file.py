"""The history of a mark as a file: it never stands in the way of the mark."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.history import LONGEST_HISTORY
from kada_dagster.hwm.mark import MarkState
from kada_dagster_tests.hwm.faults import NOBODY, open_folder
from kada_dagster_tests.hwm.test_mark import hour, span


@pytest.fixture
def store(tmp_path: Path) -> FileMarkStore:
    return FileMarkStore(tmp_path)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_dead_link(path: Path) -> None:
    path.symlink_to(path.parent / "not mounted" / "history")


@pytest.mark.parametrize("obstacle", [make_folder, make_pipe, make_dead_link])
def test_whatever_is_in_its_way_is_logged_and_the_mark_moves(
    store: FileMarkStore, caplog: pytest.LogCaptureFixture, obstacle: object
) -> None:
    obstacle(store.folder / "shop_hwm_history.jsonl")  # type: ignore[operator]
    with caplog.at_level(logging.WARNING):
        assert store.record("shop", span(0, 1), hour(0)) == MarkState(hour(1))
    assert "shop_hwm_history.jsonl" in caplog.text
    assert "the mark itself has moved" in caplog.text


@pytest.mark.parametrize("obstacle", [make_folder, make_pipe])
def test_asking_for_what_cannot_be_read_is_an_error(store: FileMarkStore, obstacle: object) -> None:
    obstacle(store.folder / "shop_hwm_history.jsonl")  # type: ignore[operator]
    with pytest.raises(WatermarkError, match=r"not a file|a folder is in the way"):
        store.history("shop")


def test_a_change_is_one_line_at_the_end_and_those_before_stay_as_they_are(
    store: FileMarkStore,
) -> None:
    path = store.folder / "shop_hwm_history.jsonl"
    old = b""
    for number in range(4):
        store.record("shop", span(number, number + 1), hour(0))
        now = path.read_bytes()
        assert now.startswith(old)
        assert now[len(old) :].count(b"\n") == 1
        old = now


def test_a_file_that_grew_long_is_shortened_once_and_not_at_every_change(
    store: FileMarkStore,
) -> None:
    path = store.folder / "shop_hwm_history.jsonl"
    store.record("shop", span(0, 1), hour(0))
    path.write_bytes(path.read_bytes() * (4 * LONGEST_HISTORY))
    store.record("shop", span(1, 2), hour(0))
    assert path.read_bytes().count(b"\n") == LONGEST_HISTORY
    shortened = path.stat().st_ino
    store.record("shop", span(2, 3), hour(0))
    assert path.stat().st_ino == shortened
    assert store.history("shop")[-1].after == hour(3)
    assert store.history("shop", 0) == []


def test_the_collectors_user_can_add_to_what_root_began() -> None:
    if os.geteuid():  # then every file is the user's own
        return
    with open_folder() as folder:
        os.chown(folder, NOBODY, NOBODY)
        FileMarkStore(folder).set("shop", hour(1))
        path = folder / "shop_hwm_history.jsonl"
        assert path.stat().st_uid == NOBODY
        assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
        os.seteuid(NOBODY)
        try:
            FileMarkStore(folder).record("shop", span(1, 2), hour(0))
        finally:
            os.seteuid(0)
        assert len(FileMarkStore(folder).history("shop")) == 2
