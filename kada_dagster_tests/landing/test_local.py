"""A folder as landing: what arrives is whole, what fails leaves the landing as it was."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    LandingError,
    PermissionDeniedError,
)
from kada_dagster.landing.base import Landing, Receipt
from kada_dagster.landing.local import LocalLanding
from kada_dagster_tests.hwm.faults import (
    die_at_every_line,
    file_size_limit,
    memory_folder,
    open_folder,
    read_only,
    small_disk,
    unwritable,
)

NAME = "META_20240102000000.csv"
OLD, NEW = b'"old"\n' * 1000, b'"new"\n' * 1200


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(folder: Path, data: bytes, *, name: str = NAME, source: Path | None = None) -> Receipt:
    """Send bytes through a source file into `folder`."""
    if source is None:
        source = folder.with_name(f"{folder.name}.source")
        source.write_bytes(data)
    return LocalLanding(folder).put(source, name, size=len(data), sha256=sha256(data))


def listing(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([1, 3000, 7001]))
def test_what_arrives_is_what_was_sent(seed: bytes, times: int) -> None:
    data = seed * times
    with memory_folder() as folder:
        receipt = put(folder / "landing", data)
        assert listing(folder / "landing") == {NAME: data}
        location = str(folder / "landing" / NAME)
        assert receipt == Receipt(NAME, len(data), sha256(data), location, sent=True)


def test_a_missing_landing_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    put(tmp_path / "lz", b"x")
    LocalLanding(tmp_path / "a" / "b").test_connection()
    assert listing(tmp_path / "a" / "b") == {}


def test_an_identical_file_is_not_sent_again(tmp_path: Path) -> None:
    put(tmp_path / "lz", NEW)
    before = (tmp_path / "lz" / NAME).stat()
    receipt = put(tmp_path / "lz", NEW)
    after = (tmp_path / "lz" / NAME).stat()
    assert (receipt.sent, receipt.sha256) == (False, sha256(NEW))
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("there", [b"", OLD, NEW[:-1], NEW + b"\n", NEW[:-1] + b"!"])
def test_a_file_that_differs_in_one_byte_or_length_is_replaced(
    tmp_path: Path, there: bytes
) -> None:
    put(tmp_path / "lz", there)
    assert put(tmp_path / "lz", NEW).sent
    assert listing(tmp_path / "lz") == {NAME: NEW}


def test_a_reader_holding_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    put(tmp_path / "lz", OLD)
    with (tmp_path / "lz" / NAME).open("rb") as reader:
        start = reader.read(100)
        put(tmp_path / "lz", NEW)
        assert start + reader.read() == OLD


def test_files_are_readable_for_others_by_umask(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        put(tmp_path / "lz", NEW)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "lz" / NAME).stat().st_mode) == 0o644


@pytest.mark.parametrize("torn", [b"", NEW[:-1], NEW + b"x", b"!" + NEW[1:]])
def test_a_source_that_is_not_the_file_described_is_not_sent(tmp_path: Path, torn: bytes) -> None:
    put(tmp_path / "lz", OLD)
    source = tmp_path / "torn"
    source.write_bytes(torn)
    with pytest.raises(LandingError, match="Run the extract of that window again") as caught:
        put(tmp_path / "lz", NEW, source=source)
    assert not caught.value.transient
    assert listing(tmp_path / "lz") == {NAME: OLD}


def test_a_missing_or_unreadable_source_is_named(tmp_path: Path) -> None:
    put(tmp_path / "lz", OLD)
    (tmp_path / "folder").mkdir()
    for source in (tmp_path / "gone", tmp_path / "folder"):
        with pytest.raises(LandingError, match=f"{source} cannot be read"):
            put(tmp_path / "lz", NEW, source=source)
    assert listing(tmp_path / "lz") == {NAME: OLD}


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x.csv",
        "/etc/x.csv",
        "a/b.csv",
        "a\\b.csv",
        ".hidden",
        "a\n",
        "a\0b",
        "a b",
    ],
)
def test_a_name_cannot_lead_out_of_the_landing(tmp_path: Path, name: str) -> None:
    with pytest.raises(LandingError, match="not a plain file name"):
        put(tmp_path / "lz", NEW, name=name)
    assert {path.name for path in tmp_path.iterdir()} == {"lz.source"}


def test_a_link_under_the_final_name_is_replaced_and_its_target_left_alone(
    tmp_path: Path,
) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "lz").mkdir()
    for content in (OLD, NEW):  # even when the target is the very file to send
        victim.write_bytes(content)
        (tmp_path / "lz" / NAME).unlink(missing_ok=True)
        (tmp_path / "lz" / NAME).symlink_to(victim)
        assert put(tmp_path / "lz", NEW).sent
        assert not (tmp_path / "lz" / NAME).is_symlink()
        assert victim.read_bytes() == content


def test_a_folder_or_file_in_the_way_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "lz" / NAME).mkdir(parents=True)
    with pytest.raises(LandingError, match="in the way"):
        put(tmp_path / "lz", NEW)
    assert [path.name for path in (tmp_path / "lz").iterdir()] == [NAME]
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(LandingError, match=r"landing\.path: .*in the way"):
            LocalLanding(folder).test_connection()


def test_a_full_disk_leaves_the_landing_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "lz"
    folder.mkdir()
    source = tmp_path / "big"
    source.write_bytes(bytes(200_000))
    with small_disk(folder, 65536):
        put(folder, OLD)
        with pytest.raises(LandingError, match=r"landing\.path: .*(disk is full|size limit)"):
            put(folder, bytes(200_000), source=source)
        assert listing(folder) == {NAME: OLD}
        put(folder, NEW)
        assert listing(folder) == {NAME: NEW}


def test_a_file_size_limit_leaves_the_landing_as_it_was(tmp_path: Path) -> None:
    put(tmp_path / "lz", OLD)
    source = tmp_path / "new"
    source.write_bytes(NEW)
    with file_size_limit(100):
        with pytest.raises(LandingError, match="ulimit"):
            put(tmp_path / "lz", NEW, source=source)
        with pytest.raises(LandingError, match="ulimit"):
            LocalLanding(tmp_path / "lz").test_connection()
    assert listing(tmp_path / "lz") == {NAME: OLD}


def test_a_read_only_landing_is_an_error_before_anything_is_extracted() -> None:
    with open_folder() as folder:
        with read_only(folder):
            landing = LocalLanding(folder)
            with pytest.raises(KadaError, match=r"landing\.path: .*(read-only|no permission)"):
                landing.test_connection()
        assert not list(folder.iterdir())


def test_without_permission_the_error_is_one_of_permission(tmp_path: Path) -> None:
    with open_folder() as parent:
        (parent / "lz").mkdir()
        source = parent / "source"
        source.write_bytes(NEW)
        with unwritable(parent / "lz"):
            for call in (
                LocalLanding(parent / "lz").test_connection,
                lambda: put(parent / "lz", NEW, source=source),
            ):
                with pytest.raises(PermissionDeniedError, match="collector's user") as caught:
                    call()
                assert (caught.value.exit_code, caught.value.transient) == (4, False)


def test_the_connection_test_leaves_nothing_and_touches_nothing(tmp_path: Path) -> None:
    put(tmp_path / "lz", OLD)
    LocalLanding(tmp_path / "lz").test_connection()
    assert listing(tmp_path / "lz") == {NAME: OLD}


def test_only_dead_temporary_files_of_uploads_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "lz"
    put(folder, OLD)
    dead, live = (folder / f".kada-upload-{digit * 16}" for digit in "0a")
    foreign = [".kada-upload-short", ".hidden", "kada-upload-0000000000000000", "LINKAGE_x.csv"]
    for path in (dead, live, *(folder / name for name in foreign)):
        path.write_bytes(b"part")
    (folder / f".kada-upload-{'b' * 16}").symlink_to(folder / NAME)
    with live.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        put(folder, NEW)
        kept = set(listing(folder))
        assert kept == {NAME, live.name, f".kada-upload-{'b' * 16}", *foreign}
    put(folder, OLD)
    assert live.name not in listing(folder)


def replace(folder: Path) -> None:
    """Sends NEW over what is in the landing below `folder`."""
    put(folder / "lz", NEW)


def test_killed_at_any_line_the_final_name_holds_the_old_or_the_new_file(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    put(template / "lz", OLD)
    (tmp_path / "killed").mkdir()
    modules = ("kada_dagster.landing.local", "kada_dagster.landing.faults")
    seen: list[bytes] = []
    left_over = 0
    for folder in die_at_every_line(replace, tmp_path / "killed", template, *modules):
        files = listing(folder / "lz")
        seen.append(files.pop(NAME))
        assert seen[-1] in (OLD, NEW)
        assert all(name.startswith(".kada-upload-") for name in files)
        left_over += len(files)
        replace(folder)
        LocalLanding(folder / "lz").test_connection()
        assert listing(folder / "lz") == {NAME: NEW}
    assert seen[0] == OLD
    assert seen[-1] == NEW
    assert left_over > 0


def send_often(folder: str, source: str, times: int) -> None:
    data = Path(source).read_bytes()
    for _ in range(times):
        put(Path(folder), data, source=Path(source))


def test_rival_uploads_of_one_name_never_show_a_part_and_never_remove_live_work(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "lz"
    sources = [tmp_path / "one", tmp_path / "two"]
    for source, byte in zip(sources, (b"1", b"2"), strict=True):
        source.write_bytes(byte * 50_000)
    put(folder, b"1" * 50_000)
    method = multiprocessing.get_context("spawn")
    rivals = [method.Process(target=send_often, args=(str(folder), str(s), 60)) for s in sources]
    for rival in rivals:
        rival.start()
    seen: set[bytes] = set()
    while any(rival.is_alive() for rival in rivals):
        seen.add((folder / NAME).read_bytes())
    for rival in rivals:
        rival.join()
        assert rival.exitcode == 0
    assert seen <= {b"1" * 50_000, b"2" * 50_000}
    assert set(listing(folder)) == {NAME}


def test_what_reads_back_differently_is_not_put_in_place_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "lz", OLD)
    sync = os.fsync

    def damaging_sync(fd: int) -> None:
        """As a network share that says it has written and has not."""
        sync(fd)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.ftruncate(fd, 10)

    monkeypatch.setattr(os, "fsync", damaging_sync)
    with pytest.raises(ConnectionFailedError, match="what was read back") as caught:
        put(tmp_path / "lz", NEW)
    assert caught.value.transient
    monkeypatch.undo()
    assert listing(tmp_path / "lz") == {NAME: OLD}
    assert put(tmp_path / "lz", NEW).sent


def test_a_local_landing_is_what_the_upload_asks_for(tmp_path: Path) -> None:
    landing: Landing = LocalLanding(tmp_path / "lz")
    assert landing.describe() == str(tmp_path / "lz")
