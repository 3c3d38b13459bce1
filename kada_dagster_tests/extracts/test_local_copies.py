"""Copies of shared runs on one machine: private, bounded, and whole while they are read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from kada_dagster.errors import StagingError
from kada_dagster.extracts.manifest import MANIFEST_NAME
from kada_dagster.hwm.window import Window
from kada_dagster_tests.extracts.samples import DAY, shop
from kada_dagster_tests.extracts.shared_places import contents, extract, on_host, shared
from kada_dagster_tests.hwm.faults import small_disk

HOURS = [Window(DAY.start, DAY.start + timedelta(hours=n)) for n in range(1, 7)]


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this test alone."""
    on_host(monkeypatch, tmp_path / "host")
    return tmp_path / "host"


@pytest.fixture
def url() -> str:
    return f"memory://{uuid4().hex}/staging"


def copies(host: Path) -> list[Path]:
    """The copies that are there; the folders of runs being read or written are none."""
    found = (path.parent for path in host.rglob(MANIFEST_NAME))
    return [path for path in found if ".partial-" not in str(path)]


def test_nobody_else_may_enter_the_folder_of_copies(host: Path, url: str) -> None:
    extract(shared(url))
    (folder,) = host.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700


def open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)


def a_link(folder: Path) -> None:
    target = folder.with_name("elsewhere")
    target.mkdir(mode=0o700)
    folder.symlink_to(target)


def a_file(folder: Path) -> None:
    folder.write_text("mine")


@pytest.mark.parametrize("trap", [open_to_others, a_link, a_file])
def test_a_folder_others_may_have_made_is_refused(
    host: Path, url: str, trap: Callable[[Path], None]
) -> None:
    trap(host / f"kada_dagster-staging-{os.getuid()}")
    with pytest.raises(StagingError, match=r"output_path: .*(this user alone|cannot write)"):
        extract(shared(url))
    assert dict(shared(url).runs()) == {}


def test_only_the_last_copies_stay_and_none_after_the_upload(host: Path, url: str) -> None:
    staging = shared(url)
    for number, window in enumerate(HOURS):
        extract(staging, shop(number + 1), window=window)
    assert sorted(path.name for path in copies(host)) == [w.folder for w in HOURS[-2:]]
    for window in HOURS:
        with staging.reading(window):
            pass
    assert len(copies(host)) == 2
    for window in HOURS:
        staging.release(window)
    assert copies(host) == []
    assert not list(host.rglob(".partial-*"))


def test_what_is_read_stays_as_it_is_whatever_happens_meanwhile(url: str) -> None:
    staging = shared(url)
    extract(staging, shop(3))
    before = contents(staging)
    with staging.reading(DAY) as folder:
        extract(shared(url), shop(9))
        staging.release(DAY)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not folder.exists()
    assert contents(staging) != before


def test_a_copy_of_an_earlier_run_is_not_taken_for_the_run(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(shared(url), shop(3))
    on_host(monkeypatch, tmp_path / "other")
    extract(shared(url), shop(9))
    new = contents(shared(url))
    on_host(monkeypatch, tmp_path / "host")
    assert contents(shared(url)) == new


@pytest.mark.parametrize("harm", ["cut", "missing", "manifest"])
def test_a_damaged_copy_is_fetched_again(host: Path, url: str, harm: str) -> None:
    extract(shared(url), shop(3))
    whole = contents(shared(url))
    (copy,) = copies(host)
    file = next(path for path in copy.iterdir() if path.name.startswith("META"))
    if harm == "cut":
        file.write_bytes(b"part")
    elif harm == "missing":
        file.unlink()
    else:
        (copy / MANIFEST_NAME).write_text("{}")
    assert contents(shared(url)) == whole


def test_what_a_killed_reader_left_is_removed_by_the_next(host: Path, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/shared"
    extract(shared(url))
    script = (
        "import os, signal, sys, tempfile\n"
        "tempfile.tempdir = sys.argv[2]\n"
        "from kada_dagster_tests.extracts.shared_places import DAY, shared\n"
        "with shared(sys.argv[1]).reading(DAY):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, url, str(host)], capture_output=True)
    assert done.returncode == -9, done.stderr
    assert list(host.rglob(".partial-*"))
    assert contents(shared(url))
    assert not list(host.rglob(".partial-*"))


def test_a_full_disk_of_temporary_files_is_named_and_the_earlier_run_stays(
    host: Path, url: str
) -> None:
    extract(shared(url), shop(3))
    shared(url).release(DAY)
    with small_disk(host, 160 * 1024):
        with pytest.raises(StagingError, match=r"TMPDIR|too large"):
            extract(shared(url), shop(4000))
        assert contents(shared(url))
