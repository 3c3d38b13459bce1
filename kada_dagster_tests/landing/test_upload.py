"""Sending one run, from extracts as the real writer makes them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.errors import LandingError, SourceChangedError, StagingError
from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, LINKAGE, META
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest, read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window
from kada_dagster.landing.base import Receipt
from kada_dagster.landing.local import LocalLanding
from kada_dagster.landing.upload import upload_run, waiting

WINDOW = Window.parse("2024-01-01 00:00:00", "2024-01-02 00:00:00")
STAMP = "20240102000000"
FAMILIES = (DATABASE_LOG, LINKAGE, META)


def extract(output: Path, *, rows: int = 3, compress: bool = False) -> Path:
    """The folder of a real run."""
    staging = Staging(output, "shop")
    head = ExtractHead("postgres", "shop", "db", FAMILIES, compress)
    with ExtractWriter(staging, WINDOW, head) as writer:
        for family in FAMILIES:
            width = len(COLUMNS[family])
            cells = ([f"{family} {number}"] * (width - 1) for number in range(rows))
            writer.add_rows(family, (["TABLE", *row] for row in cells))
        writer.commit()
    return staging.run_folder(WINDOW)


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Tamper with a manifest."""
    path = folder / MANIFEST_NAME
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def names(landing: Path) -> set[str]:
    return {path.name for path in landing.iterdir()} if landing.exists() else set()


@pytest.mark.parametrize(("compress", "ending"), [(False, ".csv"), (True, ".csv.gz")])
def test_exactly_the_manifests_files_arrive_meta_first(
    tmp_path: Path, compress: bool, ending: str
) -> None:
    folder = extract(tmp_path / "out", compress=compress)
    for stray in ("EVENTS_20240102000000.csv", "META_20230101000000.csv", "notes.txt", ".lock"):
        (folder / stray).write_text("not of this run")
    # the order in the manifest must not matter
    edit_manifest(folder, lambda data: data["files"].sort(key=lambda file: file["family"]))
    told: list[Receipt] = []
    receipts = upload_run(folder, LocalLanding(tmp_path / "lz"), told.append)
    expected = [f"{family}_{STAMP}{ending}" for family in (META, LINKAGE, DATABASE_LOG)]
    assert [receipt.name for receipt in receipts] == expected
    assert told == receipts
    assert all(receipt.sent for receipt in receipts)
    assert names(tmp_path / "lz") == set(expected)
    for name in expected:
        assert (tmp_path / "lz" / name).read_bytes() == (folder / name).read_bytes()


class _Meeting(LocalLanding):
    """A folder whose files but META arrive only when two are under way at once."""

    def put(self, source: Path, name: str, **facts: Any) -> Receipt:
        if name.startswith(META):
            assert names(self.path) == set()
        else:
            assert f"{META}_{STAMP}.csv" in names(self.path)
            _DOOR.wait(timeout=20)
        return super().put(source, name, **facts)


_DOOR = threading.Barrier(2)


def test_the_files_behind_meta_travel_side_by_side(tmp_path: Path) -> None:
    folder = extract(tmp_path / "out")
    receipts = upload_run(folder, _Meeting(tmp_path / "lz"))
    assert [receipt.name.split("_2")[0] for receipt in receipts] == [META, LINKAGE, DATABASE_LOG]


def test_progress_adds_up_to_the_bytes_sent(tmp_path: Path) -> None:
    folder, sent = extract(tmp_path / "out", rows=500), list[int]()
    receipts = upload_run(folder, LocalLanding(tmp_path / "lz"), progress=sent.append)
    assert sum(sent) == sum(receipt.size for receipt in receipts)


def test_what_waits_is_what_is_not_there_or_differs(tmp_path: Path) -> None:
    folder, landing = extract(tmp_path / "out"), LocalLanding(tmp_path / "lz")
    assert len(waiting(folder, landing)) == 3
    assert not (tmp_path / "lz").exists()
    upload_run(folder, landing)
    assert waiting(folder, landing) == []
    (tmp_path / "lz" / f"{LINKAGE}_{STAMP}.csv").write_text("other")
    assert [file.family for file in waiting(folder, landing)] == [LINKAGE]


def test_a_second_upload_sends_nothing_and_reports_the_same_files(tmp_path: Path) -> None:
    folder, landing = extract(tmp_path / "out"), LocalLanding(tmp_path / "lz")
    first = upload_run(folder, landing)
    second = upload_run(folder, landing)
    assert [receipt.sent for receipt in second] == [False] * 3
    assert [r.sha256 for r in first] == [r.sha256 for r in second]


def test_a_run_of_the_same_window_again_replaces_only_what_changed(tmp_path: Path) -> None:
    landing = LocalLanding(tmp_path / "lz")
    upload_run(extract(tmp_path / "out"), landing)
    folder = extract(tmp_path / "out")
    assert not any(receipt.sent for receipt in upload_run(folder, landing))
    folder = extract(tmp_path / "out", rows=4)
    assert all(receipt.sent for receipt in upload_run(folder, landing))
    for file in read_manifest(folder).files:
        assert (tmp_path / "lz" / file.file).read_bytes() == (folder / file.file).read_bytes()


def test_a_missing_or_cut_file_is_found_before_the_first_is_sent(tmp_path: Path) -> None:
    folder = extract(tmp_path / "out")
    path = folder / f"{DATABASE_LOG}_{STAMP}.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    for fault in (f"has {len(whole) - 1} bytes", "is missing"):
        with pytest.raises(LandingError, match=f"{path.name} {fault}.*nothing was sent"):
            upload_run(folder, LocalLanding(tmp_path / "lz"))
        path.unlink(missing_ok=True)
    assert names(tmp_path / "lz") == set()


@pytest.mark.parametrize(("changed", "arrived"), [(META, set[str]()), (LINKAGE, {META})])
def test_a_file_changed_since_the_extract_never_arrives_nor_anything_without_its_meta(
    tmp_path: Path, changed: str, arrived: set[str]
) -> None:
    folder = extract(tmp_path / "out")
    path = folder / f"{changed}_{STAMP}.csv"
    path.write_bytes(path.read_bytes().replace(b" 1", b" 9"))
    with pytest.raises(LandingError, match="not the file its manifest describes"):
        upload_run(folder, LocalLanding(tmp_path / "lz"))
    beside = {f"{DATABASE_LOG}_{STAMP}.csv"} if arrived else set[str]()  # may be under way
    assert names(tmp_path / "lz") - beside == {f"{family}_{STAMP}.csv" for family in arrived}


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a path upwards": lambda data: data["files"][0].update(file="../../escaped.csv"),
    "an absolute path": lambda data: data["files"][0].update(file="/tmp/escaped.csv"),
    "a file of another run": lambda data: data["files"][0].update(file="META_20230101000000.csv"),
    "the manifest itself": lambda data: data["files"][0].update(file=MANIFEST_NAME),
    "another family's file": lambda data: data["files"][0].update(file=data["files"][1]["file"]),
    "an unknown family": lambda data: data["files"][0].update(
        family="EXTRA", file=f"EXTRA_{STAMP}.csv"
    ),
    "a family twice": lambda data: data["files"].append(data["files"][0]),
    "no window": lambda data: data.update(end_hwm="tomorrow"),
    "another contract": lambda data: data.update(contract=2),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_manifest_that_names_what_is_not_the_runs_own_sends_nothing(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    folder = extract(tmp_path / "out")
    edit_manifest(folder, change)
    with pytest.raises(StagingError, match=r"manifest\.json"):
        upload_run(folder, LocalLanding(tmp_path / "lz"))
    assert names(tmp_path / "lz") == set()


def test_a_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "gone"):
        with pytest.raises(StagingError, match="not a whole extract"):
            upload_run(folder, LocalLanding(tmp_path / "lz"))


def test_a_run_replaced_under_the_upload_may_be_tried_again(tmp_path: Path) -> None:
    landing = LocalLanding(tmp_path / "lz")
    folder = extract(tmp_path / "out")

    def rival(receipt: Receipt) -> None:
        if receipt.name.startswith(META) and read_manifest(folder).rows[META] == 3:
            extract(tmp_path / "out", rows=5)

    with pytest.raises(SourceChangedError, match="upload again") as caught:
        upload_run(folder, landing, rival)
    assert caught.value.transient
    upload_run(folder, landing, rival)
    manifest: Manifest = read_manifest(folder)
    assert {file.file for file in manifest.files} == names(tmp_path / "lz")
    for file in manifest.files:
        assert (tmp_path / "lz" / file.file).stat().st_size == file.bytes


MEASURE = """
import sys
from pathlib import Path
from kada_dagster.landing.local import LocalLanding
from kada_dagster.landing.upload import upload_run, waiting
upload_run(Path(sys.argv[1]), LocalLanding(Path(sys.argv[2])))
assert "dagster" not in sys.modules
status = Path("/proc/self/status").read_text()  # unlike ru_maxrss, not the parent's before exec
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def test_memory_does_not_grow_with_the_files_and_dagster_is_not_imported(tmp_path: Path) -> None:
    used: list[int] = []
    for rows in (10, 150_000):
        folder = extract(tmp_path / f"out{rows}", rows=rows)
        command = [sys.executable, "-c", MEASURE, str(folder), str(tmp_path / f"lz{rows}")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        used.append(int(done.stdout))
    assert read_manifest(folder).bytes > 40 * 1024 * 1024
    assert used[1] - used[0] < 12, f"{used} MB"
