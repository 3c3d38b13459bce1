"""The staging folder: a run appears whole or not at all, whoever dies or writes beside it."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError, StagingError
from kada_dagster.extracts.contract import COLUMNS, LINKAGE, META
from kada_dagster.extracts.manifest import MANIFEST_NAME, read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window
from kada_dagster_tests.hwm.faults import (
    die_at_every_line,
    file_size_limit,
    memory_folder,
    open_folder,
    read_only,
    small_disk,
    unwritable,
)
from kada_dagster_tests.hwm.test_mark import hour, span

DAY = span(0, 24)
HEAD = ExtractHead("postgres", "shop", "db", (META, LINKAGE), compress=False)
WATCHED = ("kada_dagster.extracts.staging", "kada_dagster.extracts.writer")


def extract(output: Path, rows: int, window: Window = DAY) -> Path:
    """A real run of `rows` rows a family."""
    staging = Staging(output, "shop")
    with ExtractWriter(staging, window, HEAD) as writer:
        for family in HEAD.families:
            width = len(COLUMNS[family])
            writer.add_rows(family, (["T", *[str(n)] * (width - 1)] for n in range(rows)))
        writer.commit()
    return staging.run_folder(window)


def rows_of(folder: Path) -> int:
    """The rows of a run, after proving that it is whole and holds nothing else."""
    manifest = read_manifest(folder)
    names = {file.file for file in manifest.files}
    assert {path.name for path in folder.iterdir()} == {MANIFEST_NAME, *names}
    for file in manifest.files:
        data = (folder / file.file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert data.count(b"\n") == file.rows + 1
    return manifest.rows[META]


def hidden(output: Path) -> list[str]:
    """What is beside the runs, the folder's own lock file left out."""
    names = (path.name for path in (output / "shop").iterdir())
    return sorted(name for name in names if name.startswith(".") and name != ".lock")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: many small runs are written."""
    with memory_folder() as folder:
        yield folder


def without_exchange(patch: Callable[[object, str, object], None]) -> None:
    """As on a machine that cannot swap two folders in one system call."""
    patch(ctypes, "CDLL", lambda *_args, **_options: object())


def test_a_run_gets_its_final_name_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    folder = extract(tmp_path, 3)
    assert folder == tmp_path / "shop" / "20240101000000_20240102000000"
    assert rows_of(folder) == 3
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("exchange", [True, False], ids=["renameat2", "two renames"])
def test_a_later_run_of_the_window_takes_the_place_of_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        without_exchange(monkeypatch.setattr)
    for rows in (3, 5, 4):
        assert rows_of(extract(tmp_path, rows)) == rows
        assert hidden(tmp_path) == []
    assert Staging(tmp_path, "shop").runs() == {DAY: tmp_path / "shop" / DAY.folder}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_extract_that_fails_leaves_the_earlier_run_and_no_part(
    tmp_path: Path, error: type[BaseException]
) -> None:
    folder = extract(tmp_path, 3)
    staging = Staging(tmp_path, "shop")

    def fail() -> None:
        with ExtractWriter(staging, DAY, HEAD) as writer:
            writer.add_rows(META, [["x"] * len(COLUMNS[META])])
            raise error

    with pytest.raises(error):
        fail()
    assert rows_of(folder) == 3
    assert hidden(tmp_path) == []


def test_other_things_in_the_folder_are_no_runs(tmp_path: Path) -> None:
    folder = extract(tmp_path, 3)
    for name in ("20240101_20240102", "notes", ".partial-x", span(1, 2).folder):
        (folder.parent / name).mkdir()
    (folder.parent / span(2, 3).folder).write_text("a file")
    turned = "20240102000000_20240101000000"
    (folder.parent / turned).mkdir()
    (folder.parent / turned / MANIFEST_NAME).write_text("{}")
    staging = Staging(tmp_path, "shop")
    assert staging.runs() == {DAY: folder}
    assert Staging(tmp_path, "other").runs() == {}


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", ".x", "a\n", "a\0"])
def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a folder"):
        Staging(tmp_path, name)


# --- which runs make up a window -----------------------------------------------------------

spans = st.tuples(st.integers(0, 9), st.integers(1, 5)).map(lambda p: (p[0], p[0] + p[1]))


def hours_of(pairs: tuple[tuple[int, int], ...]) -> set[int]:
    return {number for start, end in pairs for number in range(start, end)}


@settings(max_examples=60, deadline=None)
@given(st.sets(spans, max_size=7), spans)
def test_the_fewest_runs_that_hold_every_hour_are_found_or_the_first_missing_hour_named(
    present: set[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    with memory_folder() as output:
        staging, window = Staging(output, "shop"), span(*wanted)
        for pair in present:
            staging.run_folder(span(*pair)).mkdir(parents=True)
            (staging.run_folder(span(*pair)) / MANIFEST_NAME).write_text("{}")
        missing = hours_of((wanted,)) - hours_of(tuple(present))
        if missing:
            first = hour(min(missing)).strftime("%Y-%m-%d %H:%M:%S")
            with pytest.raises(StagingError, match=f"nothing extracted from {first}"):
                staging.covering(window)
            return
        chosen = staging.covering(window)
    if wanted in present:
        assert chosen == [window]
        return
    pairs = {span(*pair): pair for pair in present}
    assert chosen == sorted(chosen)
    assert hours_of((wanted,)) <= hours_of(tuple(pairs[run] for run in chosen))
    enough = (
        len(some)
        for size in range(1, len(present) + 1)
        for some in itertools.combinations(present, size)
        if hours_of((wanted,)) <= hours_of(some)
    )
    assert len(chosen) == next(enough)


# --- disks and permissions -----------------------------------------------------------------


def test_a_full_disk_leaves_the_earlier_run_and_gives_back_the_space(tmp_path: Path) -> None:
    with small_disk(tmp_path, 160 * 1024) as is_disk:
        folder = extract(tmp_path, 20)
        with pytest.raises(StagingError, match=r"output_path: .*(disk is full|too large)"):
            extract(tmp_path, 4000)
        assert rows_of(folder) == 20
        assert hidden(tmp_path) == []
        if is_disk:
            assert rows_of(extract(tmp_path, 30)) == 30


def test_a_file_size_limit_leaves_the_earlier_run(tmp_path: Path) -> None:
    folder = extract(tmp_path, 3)
    with file_size_limit(2000), pytest.raises(StagingError, match=r"output_path"):
        extract(tmp_path, 400)
    assert rows_of(folder) == 3
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("barrier", [read_only, unwritable])
def test_where_nothing_may_be_written_the_error_says_the_cure(
    barrier: Callable[[Path], object],
) -> None:
    with open_folder() as output:
        folder = extract(output, 3)
        folder.chmod(0o755)
        with (
            barrier(output / "shop"),  # type: ignore[attr-defined]
            pytest.raises(StagingError, match=r"output_path: .*(read-only|no permission)"),
        ):
            extract(output, 5)
        assert rows_of(folder) == 3
        assert hidden(output) == []


def test_a_file_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    blocks = tmp_path / "file"
    blocks.write_text("mine")
    with pytest.raises(StagingError, match=r"output_path: .*a file is in the way"):
        extract(blocks, 3)
    staging = Staging(tmp_path, "shop")
    staging.folder.mkdir()
    staging.run_folder(DAY).write_text("mine")
    with pytest.raises(StagingError, match=r"output_path: .*a file is in the way"):
        extract(tmp_path, 3)
    assert staging.run_folder(DAY).read_text() == blocks.read_text() == "mine"
    assert hidden(tmp_path) == []


# --- death at every line -------------------------------------------------------------------


def run_again(folder: Path) -> None:
    extract(folder, 2)


def run_again_without_exchange(folder: Path) -> None:
    without_exchange(setattr)
    extract(folder, 2)


def test_killed_at_any_line_the_run_is_the_old_or_the_new_and_the_next_run_cleans_up(
    tmp_path: Path,
) -> None:
    template = tmp_path / "template"
    extract(template, 1)
    killed = tmp_path / "killed"
    killed.mkdir()
    seen: list[int] = []
    parts = 0
    for output in die_at_every_line(run_again, killed, template, *WATCHED):
        runs = Staging(output, "shop").runs()
        assert set(runs) == {DAY}, "a part is never taken for a run"
        seen.append(rows_of(runs[DAY]))
        parts += len(hidden(output))
        extract(output, 1, span(24, 48))
        assert hidden(output) == []
        assert rows_of(runs[DAY]) == seen[-1], "the next run of another window leaves it alone"
    assert set(seen) == {1, 2}
    assert seen == sorted(seen)
    assert parts > 0


def test_killed_between_two_renames_the_old_run_is_back_after_the_next_run(
    tmp_path: Path,
) -> None:
    template = tmp_path / "template"
    extract(template, 1)
    killed = tmp_path / "killed"
    killed.mkdir()
    seen: list[int] = []
    absent = 0
    for output in die_at_every_line(run_again_without_exchange, killed, template, WATCHED[0]):
        absent += DAY not in Staging(output, "shop").runs()
        extract(output, 1, span(24, 48))
        seen.append(rows_of(Staging(output, "shop").runs()[DAY]))
        assert hidden(output) == []
    assert set(seen) == {1, 2}
    assert absent > 0, "the two renames were not reached"


# --- several at once -----------------------------------------------------------------------


def run_often(output: str, rows: int, exchange: bool) -> None:
    if not exchange:
        without_exchange(setattr)
    for _ in range(25):
        extract(Path(output), rows)


@pytest.mark.parametrize("exchange", [True, False], ids=["renameat2", "two renames"])
def test_two_runs_of_one_window_at_once_both_succeed_and_one_of_them_stays_whole(
    tmp_path: Path, exchange: bool
) -> None:
    extract(tmp_path, 3)
    method = multiprocessing.get_context("spawn")
    rivals = [method.Process(target=run_often, args=(str(tmp_path), n, exchange)) for n in (3, 5)]
    for rival in rivals:
        rival.start()
    manifest = Staging(tmp_path, "shop").run_folder(DAY) / MANIFEST_NAME
    absent = 0
    while any(rival.is_alive() for rival in rivals):
        absent += not manifest.is_file()
    for rival in rivals:
        rival.join()
        assert rival.exitcode == 0
    assert absent == 0 or not exchange, "swapped at one stroke, the run is always there"
    assert rows_of(Staging(tmp_path, "shop").run_folder(DAY)) in (3, 5)
    assert hidden(tmp_path) == []


def test_work_in_progress_is_never_swept_by_another_run(tmp_path: Path) -> None:
    staging = Staging(tmp_path, "shop")
    with ExtractWriter(staging, DAY, HEAD) as writer:
        writer.add_rows(META, [["x"] * len(COLUMNS[META])])
        assert rows_of(extract(tmp_path, 2, span(24, 48))) == 2
        assert rows_of(extract(tmp_path, 4)) == 4, "the same window too"
        writer.commit()
    assert rows_of(staging.run_folder(DAY)) == 1
    assert hidden(tmp_path) == []


def test_a_run_about_to_get_its_final_name_is_not_swept_by_a_run_that_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, rivals = Path.rename, list[threading.Thread]()

    def rename_while_another_starts(source: Path, target: Path) -> Path:
        if not rivals:
            rivals.append(threading.Thread(target=extract, args=(tmp_path, 2, span(24, 48))))
            rivals[0].start()
            rivals[0].join(timedelta(seconds=0.5).total_seconds())
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", rename_while_another_starts)
    assert rows_of(extract(tmp_path, 7)) == 7
    rivals[0].join()
    assert rows_of(Staging(tmp_path, "shop").run_folder(span(24, 48))) == 2
    assert hidden(tmp_path) == []
