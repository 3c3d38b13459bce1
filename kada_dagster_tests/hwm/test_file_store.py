"""Marks as files: what is written, and what is refused. Faults: `test_file_store_faults`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.store import MarkStore
from kada_dagster_tests.hwm.faults import (
    memory_folder,
)
from kada_dagster_tests.hwm.test_mark import after, hour, span, uploads


@pytest.fixture
def store(tmp_path: Path) -> FileMarkStore:
    return FileMarkStore(tmp_path / "hwm")


def mark_text(store: FileMarkStore, name: str = "shop") -> str:
    """The mark's file as anybody else reads it."""
    return (store.folder / f"{name}_hwm.txt").read_text(encoding="ascii")


def visible(folder: Path) -> set[str]:
    """The files users see, but for the history."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    return {name for name in names if not name.endswith("_hwm_history.jsonl")}


def test_the_file_holds_one_line_and_only_files_that_say_something_are_left(
    store: FileMarkStore,
) -> None:
    store.record("shop", span(0, 24), hour(0))
    assert mark_text(store) == "2024-01-02 00:00:00\n"
    assert visible(store.folder) == {"shop_hwm.txt"}


def test_before_the_first_upload_there_is_no_mark_and_reading_makes_no_folder(
    store: FileMarkStore,
) -> None:
    assert store.read("shop") == MarkState()
    assert not store.folder.exists()


def test_an_upload_ahead_of_a_gap_is_kept_beside_the_mark_until_the_gap_is_filled(
    store: FileMarkStore,
) -> None:
    store.record("shop", span(5, 7), hour(0))
    assert visible(store.folder) == {"shop_hwm_ahead.json"}
    store.record("shop", span(0, 2), hour(0))
    assert mark_text(store) == "2024-01-01 02:00:00\n"
    ahead = json.loads((store.folder / "shop_hwm_ahead.json").read_text())
    bounds = {"start_hwm": "2024-01-01 05:00:00", "end_hwm": "2024-01-01 07:00:00"}
    assert ahead == {"uploaded_ahead": [bounds]}
    store.record("shop", span(2, 5), hour(0))
    assert mark_text(store) == "2024-01-01 07:00:00\n"
    assert visible(store.folder) == {"shop_hwm.txt"}


@settings(max_examples=40, deadline=None)
@given(uploads, st.integers(0, 40))
def test_through_files_the_state_is_the_same_as_in_memory(
    windows: list[tuple[int, int]], first: int
) -> None:
    with memory_folder() as folder:
        for start, end in windows:
            FileMarkStore(folder).record("shop", span(start, end), hour(first))
        assert FileMarkStore(folder).read("shop") == after(windows, first)


def test_instances_do_not_share_a_mark(store: FileMarkStore) -> None:
    store.record("shop", span(0, 1), hour(0))
    store.record("shop_2", span(0, 3), hour(0))
    assert store.read("shop") == MarkState(hour(1))
    assert store.read("shop_2") == MarkState(hour(3))


def test_a_repeated_record_writes_nothing(store: FileMarkStore) -> None:
    store.record("shop", span(0, 4), hour(0))
    store.record("shop", span(6, 8), hour(0))
    files = [store.folder / name for name in visible(store.folder)]
    before = [path.stat().st_ino for path in files]
    for pair in ((0, 4), (1, 2), (6, 8)):
        store.record("shop", span(*pair), hour(0))
    assert [path.stat().st_ino for path in files] == before


def test_set_moves_the_mark_back_and_forward(store: FileMarkStore) -> None:
    store.record("shop", span(0, 4), hour(0))
    store.record("shop", span(6, 8), hour(0))
    store.record("shop", span(10, 12), hour(0))
    assert store.set("shop", hour(2)) == MarkState(hour(2), (span(6, 8), span(10, 12)))
    assert store.set("shop", hour(9)) == MarkState(hour(9), (span(10, 12),))
    assert store.set("shop", hour(20)) == store.read("shop") == MarkState(hour(20))
    assert visible(store.folder) == {"shop_hwm.txt"}


MALFORMED = {
    "empty": (b"", "is empty"),
    "blank line": (b"\n", "not a moment"),
    "two lines": (b"2024-01-01 00:00:00\n2024-01-02 00:00:00\n", "more than one line"),
    "line and blank": (b"2024-01-01 00:00:00\n\n", "more than one line"),
    "byte order mark": (b"\xef\xbb\xbf2024-01-01 00:00:00\n", "byte order mark"),
    "UTF-16": ("2024-01-01 00:00:00".encode("utf-16"), "byte order mark"),
    "date only": (b"2024-01-01\n", "not a moment"),
    "ISO 8601": (b"2024-01-01T00:00:00Z\n", "not a moment"),
    "no such day": (b"2024-02-30 00:00:00\n", "not a moment"),
    "spaces": (b" 2024-01-01 00:00:00 \n", "not a moment"),
    "fraction": (b"2024-01-01 00:00:00.000\n", "not a moment"),
    "cut": (b"2024-01-01 00:0", "not a moment"),
    "zero bytes": (bytes(20), "not a moment"),
    "binary": (bytes(range(128, 256)) * 50, "not a moment"),
}


@pytest.mark.parametrize(("content", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_mark_is_an_error_that_names_the_file_and_never_a_reset(
    store: FileMarkStore, content: bytes, fault: str
) -> None:
    store.folder.mkdir()
    path = store.folder / "shop_hwm.txt"
    path.write_bytes(content)
    for call in (
        lambda: store.read("shop"),
        lambda: store.record("shop", span(0, 4), hour(0)),
        lambda: store.advance("shop", hour(4)),
    ):
        with pytest.raises(WatermarkError, match=fault) as caught:
            call()
        assert str(path) in str(caught.value)
        assert "kada hwm set" in str(caught.value)
    assert path.read_bytes() == content
    assert visible(store.folder) == {"shop_hwm.txt"}


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_line_is_a_line_with_any_ending(store: FileMarkStore, ending: str) -> None:
    store.folder.mkdir()
    (store.folder / "shop_hwm.txt").write_bytes(f"2024-01-01 05:00:00{ending}".encode())
    assert store.read("shop").mark == hour(5)


def test_the_content_of_a_malformed_file_stays_out_of_the_message(store: FileMarkStore) -> None:
    store.folder.mkdir()
    for name in ("shop_hwm.txt", "shop_hwm_ahead.json"):
        (store.folder / name).write_text("password=hunter2")
        with pytest.raises(WatermarkError) as caught:
            store.read("shop")
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None or "hunter2" not in str(caught.value.__cause__)
        (store.folder / name).unlink()


def test_setting_a_malformed_mark_by_hand_mends_it(store: FileMarkStore) -> None:
    store.record("shop", span(6, 8), hour(0))
    (store.folder / "shop_hwm.txt").write_text("rubbish")
    assert store.set("shop", hour(3)) == MarkState(hour(3), (span(6, 8),))
    assert mark_text(store) == "2024-01-01 03:00:00\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"uploaded_ahead": null}',
        '{"uploaded_ahead": {}}',
        '{"uploaded_ahead": [["2024-01-01 00:00:00", "2024-01-01 01:00:00"]]}',
        '{"uploaded_ahead": [{"start_hwm": "2024-01-01 00:00:00"}]}',
        '{"uploaded_ahead": [{"start_hwm": 1, "end_hwm": 2}]}',
        '{"uploaded_ahead": [{"start_hwm": "2024-01-02 00:00:00", '
        '"end_hwm": "2024-01-01 00:00:00"}]}',
        '{"uploaded_ahead": [], "more": 1}',
        '{"uploaded_ahead": [',
        "\ufeff{}",
        "[" * 100_000,
    ],
)
def test_a_malformed_list_of_uploads_ahead_is_an_error_that_says_what_deleting_it_means(
    store: FileMarkStore, text: str
) -> None:
    store.record("shop", span(0, 1), hour(0))
    path = store.folder / "shop_hwm_ahead.json"
    path.write_text(text)
    for call in (
        lambda: store.read("shop"),
        lambda: store.record("shop", span(1, 2), hour(0)),
        lambda: store.set("shop", hour(9)),
    ):
        with pytest.raises(WatermarkError, match="must then be uploaded again") as caught:
            call()
        assert str(path) in str(caught.value)
    assert mark_text(store) == "2024-01-01 01:00:00\n"
    path.unlink()
    assert store.record("shop", span(1, 2), hour(0)) == MarkState(hour(2))


@pytest.mark.parametrize("name", ["shop_hwm.txt", "shop_hwm_ahead.json"])
def test_whatever_is_in_the_way_of_a_file_is_an_error(store: FileMarkStore, name: str) -> None:
    path = store.folder / name
    path.mkdir(parents=True)
    with pytest.raises(WatermarkError, match="not a file"):
        store.record("shop", span(0, 1), hour(0))
    path.rmdir()
    os.mkfifo(path)  # must not block either
    with pytest.raises(WatermarkError, match="not a file"):
        store.read("shop")
    path.unlink()
    path.symlink_to(store.folder / "not mounted" / name)
    with pytest.raises(WatermarkError, match="link leads nowhere"):
        store.record("shop", span(0, 1), hour(0))
    assert path.is_symlink()


def test_set_does_not_remove_a_folder_in_the_way_of_the_mark(store: FileMarkStore) -> None:
    (store.folder / "shop_hwm.txt").mkdir(parents=True)
    with pytest.raises(WatermarkError, match="a folder is in the way"):
        store.set("shop", hour(1))
    assert visible(store.folder) == {"shop_hwm.txt"}


def test_a_file_in_the_way_of_the_folder_is_an_error(store: FileMarkStore) -> None:
    store.folder.write_text("a file")
    for call in (lambda: store.read("shop"), lambda: store.record("shop", span(0, 1), hour(0))):
        with pytest.raises(WatermarkError, match="where the folder for high water marks should be"):
            call()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a b", "a\n", ".a", "a\0"])
def test_a_name_that_would_leave_the_folder_is_refused(store: FileMarkStore, name: str) -> None:
    calls = (
        lambda: store.read(name),
        lambda: store.record(name, span(0, 1), hour(0)),
        lambda: store.set(name, hour(0)),
        lambda: store.describe(name),
    )
    for call in calls:
        with pytest.raises(ConfigError, match="cannot name a mark"):
            call()
    assert not store.folder.exists()


def test_the_mark_is_readable_for_others_by_umask_and_keeps_its_mode(
    store: FileMarkStore,
) -> None:
    path = store.folder / "shop_hwm.txt"
    old = os.umask(0o022)
    try:
        store.record("shop", span(0, 1), hour(0))
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        path.chmod(0o664)
        store.record("shop", span(1, 2), hour(0))
        assert stat.S_IMODE(path.stat().st_mode) == 0o664
    finally:
        os.umask(old)


def test_a_mark_behind_a_link_stays_behind_it(store: FileMarkStore, tmp_path: Path) -> None:
    store.record("shop", span(0, 1), hour(0))
    path, real = store.folder / "shop_hwm.txt", tmp_path / "shared.txt"
    path.rename(real)
    path.symlink_to(real)
    store.record("shop", span(1, 2), hour(0))
    assert path.is_symlink()
    assert real.read_text() == "2024-01-01 02:00:00\n"


def test_a_store_is_what_the_collectors_ask_for(store: FileMarkStore) -> None:
    asked: MarkStore = store
    assert asked.describe("shop").endswith("hwm/shop_hwm.txt")
