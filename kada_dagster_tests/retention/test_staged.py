"""Removing real staged runs, in a folder and in stores."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from kada_dagster.errors import WatermarkError
from kada_dagster.extracts.manifest import MANIFEST_NAME
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.extracts.shared_store import SharedStore
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.staging_place import StagingPlace, staging_at
from kada_dagster.extracts.upload_notes import note_path, note_text, noted_upload
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.retention.decision import Kept
from kada_dagster.retention.staged import Pruned, prune_staging
from kada_dagster_tests.extracts.shared_places import PLACES, on_host
from kada_dagster_tests.retention.staged import DAYS, ago, extract, note_age, upload


@pytest.fixture
def marks(tmp_path: Path) -> FileMarkStore:
    return FileMarkStore(tmp_path / "marks")


@pytest.fixture(params=["folder", "memory"])
def staging(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StagingPlace:
    """The staging of a source, in places of each kind."""
    on_host(monkeypatch, tmp_path / "temporary")
    if request.param == "folder":
        return staging_at(tmp_path / "extracts", "shop")
    return staging_at(PLACES[request.param](request, monkeypatch), "shop")


def prune(staging: StagingPlace, marks: FileMarkStore, *, dry_run: bool = False) -> Pruned:
    return prune_staging(staging, marks, before=ago(30), sends=True, dry_run=dry_run)


def files(staging: StagingPlace) -> Mapping[str, object]:
    """All that is there of a source, by path."""
    if isinstance(staging, SharedStaging):
        return SharedStore(f"{staging.url}/{staging.name}").files()
    assert isinstance(staging, Staging)
    found = (path for path in staging.folder.rglob("*") if path.is_file())
    return {str(path.relative_to(staging.folder)): path for path in found if path.name != ".lock"}


def test_old_uploads_go_and_leave_nothing_behind(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    for window in DAYS[:4]:
        extract(staging, window)
        upload(staging, window, marks)
    for window in DAYS[:2]:
        note_age(staging, window, days=31)
    done = prune(staging, marks)
    assert [one.window for one in done.removed] == DAYS[:2]
    assert [one.location for one in done.removed] == [staging.location(one) for one in DAYS[:2]]
    assert done.bytes > 0
    assert list(done.kept) == [Kept.YOUNG, Kept.NEWEST]
    assert sorted(staging.runs()) == DAYS[2:4]
    assert not [path for path in files(staging) for one in DAYS[:2] if one.folder in path]


def test_a_dry_run_names_the_same_runs_and_removes_none(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    for window in DAYS[:2]:
        extract(staging, window)
        upload(staging, window, marks)
    note_age(staging, DAYS[0], days=31)
    before = set(files(staging))
    planned = prune(staging, marks, dry_run=True)
    assert set(files(staging)) == before
    assert planned == prune(staging, marks)
    assert [one.window for one in planned.removed] == [DAYS[0]]


def test_what_was_extracted_again_and_not_sent_stays(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    for window in DAYS[:2]:
        extract(staging, window)
        upload(staging, window, marks)
        note_age(staging, window, days=31)
    extract(staging, DAYS[0])  # its note is of the earlier one
    extract(staging, DAYS[2])
    done = prune(staging, marks)
    assert [one.window for one in done.removed] == [DAYS[1]]
    assert list(done.kept) == [Kept.NOT_UPLOADED, Kept.NOT_UPLOADED]


def test_a_run_that_took_its_place_meanwhile_is_not_removed(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    extract(staging, DAYS[0])
    noted = staging.noted(DAYS[0])
    assert noted is not None
    extract(staging, DAYS[0])
    assert staging.remove(DAYS[0], noted.manifest) is False
    with staging.reading(DAYS[0]) as folder:
        assert (folder / MANIFEST_NAME).is_file()
    fresh = staging.noted(DAYS[0])
    assert fresh is not None
    assert staging.remove(DAYS[0], fresh.manifest) is True
    assert staging.remove(DAYS[0], fresh.manifest) is False
    assert staging.noted(DAYS[0]) is None


def test_uploads_beyond_a_gap_stay(staging: StagingPlace, marks: FileMarkStore) -> None:
    for window in (DAYS[0], DAYS[2], DAYS[3]):
        extract(staging, window)
        upload(staging, window, marks)
        note_age(staging, window, days=31)
    done = prune(staging, marks)
    assert [one.window for one in done.removed] == [DAYS[0]]
    assert list(done.kept) == [Kept.NOT_PASSED, Kept.NOT_PASSED]


def test_a_mark_that_was_set_past_a_run_does_not_make_it_uploaded(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    for window in DAYS[:2]:
        extract(staging, window)
    marks.set("shop", DAYS[5].end)
    assert set(prune(staging, marks).kept) == {Kept.NOT_UPLOADED}


def test_an_unreadable_mark_removes_nothing(staging: StagingPlace, marks: FileMarkStore) -> None:
    for window in DAYS[:2]:
        extract(staging, window)
        upload(staging, window, marks)
        note_age(staging, window, days=31)
    (marks.folder / "shop_hwm.txt").write_text("tomorrow\n")
    with pytest.raises(WatermarkError, match=r"shop_hwm\.txt"):
        prune(staging, marks)
    assert len(staging.runs()) == 2


def test_a_run_of_an_earlier_release_goes_by_the_history_of_the_mark(
    tmp_path: Path, marks: FileMarkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no note. Where nothing is sent by the source itself, the history proves nothing."""
    staging = Staging(tmp_path / "extracts", "shop")
    for window in DAYS[:3]:
        extract(staging, window)
    monkeypatch.setattr("kada_dagster.hwm.history.utc_now", lambda: ago(-1))
    for window in DAYS[:3]:
        marks.record("shop", window, DAYS[0].start)
    late = ago(-31)
    done = prune_staging(staging, marks, sends=False, before=late)
    assert set(done.kept) == {Kept.NOT_UPLOADED}
    done = prune_staging(staging, marks, sends=True, before=late)
    assert [one.window for one in done.removed] == DAYS[:2]


def test_what_is_left_of_a_removal_goes_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies on the way leaves a folder nobody takes for a run."""
    staging = Staging(tmp_path / "extracts", "shop")
    extract(staging, DAYS[0])
    noted = staging.noted(DAYS[0])
    assert noted is not None
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", _died)
        assert staging.remove(DAYS[0], noted.manifest)
    assert not staging.runs()
    assert [path.name for path in staging.folder.glob(".partial-*")]
    extract(staging, DAYS[1])
    assert not [path.name for path in staging.folder.glob(".partial-*")]


def test_a_manifest_that_cannot_be_read_keeps_its_run(tmp_path: Path, marks: FileMarkStore) -> None:
    staging = Staging(tmp_path / "extracts", "shop")
    for window in DAYS[:3]:
        extract(staging, window)
        upload(staging, window, marks)
        note_age(staging, window, days=31)
    (staging.run_folder(DAYS[0]) / MANIFEST_NAME).write_text("{}")
    done = prune(staging, marks)
    assert [one.window for one in done.removed] == [DAYS[1]]
    assert Kept.UNREADABLE in done.kept


def test_a_source_without_a_run_has_nothing_to_remove(
    staging: StagingPlace, marks: FileMarkStore
) -> None:
    assert prune(staging, marks) == Pruned("shop", (), ())


def _died(path: Path, ignore_errors: bool = False) -> None:
    """In place of what a process did not come to do."""


@pytest.mark.parametrize(
    "note", [None, b"", b"[]", b"{", b'{"manifest": 1}', b"\xff", b'{"uploaded_at": "now"}']
)
def test_a_damaged_note_says_nothing(note: bytes | None) -> None:
    assert noted_upload(note, b"{}") is None


def test_a_note_is_of_one_manifest() -> None:
    note = note_text(b"one")
    assert noted_upload(note, b"one") is not None
    assert noted_upload(note, b"another") is None
    assert note_path(DAYS[0]) == "uploaded/20240101000000_20240102000000.json"


def test_an_upload_whose_note_cannot_be_written_is_one_all_the_same(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "extracts", "shop")
    extract(staging, DAYS[0])
    (staging.folder / "uploaded").write_text("in the way")
    staging.release(DAYS[0])
    noted = staging.noted(DAYS[0])
    assert noted is not None
    assert noted.uploaded_at is None
