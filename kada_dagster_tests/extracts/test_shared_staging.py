"""A staging several hosts share: killed writers, readers beside writers, lost connections."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    PermissionDeniedError,
    SourceChangedError,
    StagingError,
)
from kada_dagster.extracts.checks import check_extract, failures
from kada_dagster.extracts.manifest import MANIFEST_NAME, read_manifest
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.hwm.window import Window
from kada_dagster_tests.extracts.samples import DAY, shop
from kada_dagster_tests.extracts.shared_places import (
    NAME,
    PLACES,
    azure_environment,
    contents,
    environment,
    extract,
    on_host,
    s3_environment,
    s3_place,
    set_environment,
    shared,
    stored,
)
from kada_dagster_tests.extracts.write_again import place, run_again, write
from kada_dagster_tests.hwm.faults import die_at_every_line, memory_folder
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy, Seen
from kada_dagster_tests.landing.s3_server import Keys, S3Server

NEXT = Window(DAY.end, DAY.end + timedelta(days=1))
RUN = f"{DAY.folder}/{MANIFEST_NAME}"
WRITE = [sys.executable, "-m", "kada_dagster_tests.extracts.write_run"]
PLANTED = "PLANTED-5e1f"


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this test alone."""
    on_host(monkeypatch, tmp_path / "host")
    return tmp_path / "host"


@pytest.fixture(params=PLACES)
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return PLACES[request.param](request, monkeypatch)


@pytest.fixture
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return s3_place(request, monkeypatch)


def tables_of(url: str) -> int:
    """The tables of the run, read by a host that has no copy, after proving that it is whole."""
    staging = shared(url)
    staging.release(DAY)
    with staging.reading(DAY) as folder:
        assert failures(check_extract(folder, min_share_of_last=0)) == ""
        return read_manifest(folder).counts.get("TABLE", 0)


# --- what is in the place ------------------------------------------------------------------


def test_the_place_holds_the_last_run_and_its_manifest_and_nothing_else(url: str) -> None:
    extract(shared(url), shop(3))
    manifest = extract(shared(url), shop(4))
    token = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    files = stored(url)
    assert sorted(files) == sorted(
        [RUN, *(f"{DAY.folder}/{token}/{file.file}" for file in manifest.files)]
    )
    assert files[RUN].decode() == manifest.to_json()
    for file in manifest.files:
        data = files[f"{DAY.folder}/{token}/{file.file}"]
        assert hashlib.sha256(data).hexdigest() == file.sha256
        path = shared(url).file_location(manifest, file.file)
        assert path == f"{url}/{NAME}/{DAY.folder}/{token}/{file.file}"


def test_what_else_is_in_the_place_is_no_run_and_stays(url: str) -> None:
    store = shared(url)._store
    others = ["notes.txt", f"{NEXT.folder}/x.csv", f"2024_2025/{MANIFEST_NAME}", f"a/{RUN}"]
    for path in others:
        store.write(path, b"mine")
    extract(shared(url))
    extract(shared(url))
    assert list(shared(url).runs()) == [DAY]
    assert {path: data for path, data in stored(url).items() if path in others} == dict.fromkeys(
        others, b"mine"
    )


def test_files_of_a_killed_run_are_removed_when_they_are_a_day_old(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/shared"
    extract(shared(url), shop(3))
    run = tmp_path / "shared" / NAME / DAY.folder
    for name, age in (("old", 25), ("young", 23)):
        left = run / name / "META_20240102000000.csv"
        left.parent.mkdir()
        left.write_text("part of it")
        then = time.time() - age * 3600
        os.utime(left, (then, then))
    extract(shared(url), shop(4))
    left_over = {path.split("/")[1] for path in stored(url)} & {"old", "young"}
    assert left_over == {"young"}
    assert tables_of(url) == 4


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "no manifest", "mangled manifest"])
def test_a_damaged_run_is_an_error_that_names_the_file(url: str, harm: str) -> None:
    manifest = extract(shared(url))
    store, file = shared(url)._store, manifest.files[0].file
    path = next(path for path in store.files() if path.endswith(file))
    data = store.read(path) or b""
    if harm == "cut":
        store.write(path, data[:-3])
    elif harm == "changed":
        store.write(path, data[:-3] + b"???")
    elif harm == "missing":
        store.remove(path)
    elif harm == "no manifest":
        store.remove(RUN)
    else:
        store.write(RUN, b'{"contract": 1, "files": [')
    shared(url).release(DAY)
    place = MANIFEST_NAME if "manifest" in harm else file
    with pytest.raises(StagingError, match=place), shared(url).reading(DAY):
        raise AssertionError("it was handed out")


# --- two hosts -----------------------------------------------------------------------------


def test_another_host_reads_what_one_wrote_and_sees_at_once_what_replaces_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = shared(url), shared(url)
    for tables in (3, 4):
        on_host(monkeypatch, tmp_path / "writer")
        extract(writer, shop(tables))
        mine = contents(writer)
        on_host(monkeypatch, tmp_path / "reader")
        assert contents(reader) == mine
        assert list(reader.runs()) == [DAY]
        assert reader.covering(DAY) == [DAY]


def test_processes_of_two_hosts_share_runs_and_baseline(bucket: str, tmp_path: Path) -> None:
    env = environment({"TMPDIR": str(tmp_path / "other")})
    (tmp_path / "other").mkdir()
    subprocess.run([*WRITE, bucket, "7"], env=env, check=True)
    assert tables_of(bucket) == 7
    assert not any((tmp_path / "host").rglob(".partial-*"))


@pytest.fixture
def elsewhere(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedStaging:
    """The staging as another host has it, with a run of three tables."""
    staging = shared(bucket)
    with monkeypatch.context() as patch:
        on_host(patch, tmp_path / "elsewhere")
        extract(staging, shop(3))
    return staging


def test_a_run_replaced_while_it_is_read_is_read_again(
    bucket: str,
    elsewhere: SharedStaging,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = Meddling(s3_server.port, lambda: extract(elsewhere, shop(4)), times=1)
    with proxy:
        set_environment(monkeypatch, s3_environment(s3_server, proxy.port))
        assert tables_of(bucket) == 4
    assert proxy.count("GET", "META_") == 2


def test_a_run_replaced_again_and_again_is_an_error_that_may_pass(
    bucket: str,
    elsewhere: SharedStaging,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Meddling(s3_server.port, lambda: extract(elsewhere, shop(4)), times=99) as proxy:
        set_environment(monkeypatch, s3_environment(s3_server, proxy.port))
        with pytest.raises(SourceChangedError, match="again and again"):
            tables_of(bucket)


class Meddling(FaultProxy):
    """Does something before each of the first requests for a file of a run."""

    def __init__(self, port: int, meddle: Callable[[], object], times: int) -> None:
        super().__init__(port)
        self._meddle, self._left = meddle, times

    def meet(self, seen: Seen) -> Fault | None:
        if seen.method == "GET" and "META_" in seen.target and self._left:
            self._left -= 1
            self._meddle()
        return super().meet(seen)


def test_readers_beside_two_writers_always_get_one_whole_run(bucket: str, tmp_path: Path) -> None:
    extract(shared(bucket), shop(3))
    writers = []
    for tables in ("3", "9"):
        folder = tmp_path / tables
        folder.mkdir()
        command = [*WRITE, bucket, tables, "4"]
        writers.append(subprocess.Popen(command, env=environment({"TMPDIR": str(folder)})))
    seen: set[int] = set()
    while any(writer.poll() is None for writer in writers):
        try:
            seen.add(tables_of(bucket))
        except SourceChangedError:
            continue
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen | {tables_of(bucket)} <= {3, 9}
    assert tables_of(bucket) in (3, 9)


# --- death ---------------------------------------------------------------------------------


def test_killed_at_any_line_the_run_is_the_old_or_the_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)  # put back, whatever is set below
    with memory_folder() as memory:
        template, killed = memory / "template", memory / "killed"
        for folder in (template, killed):
            folder.mkdir()
        write(template, 1)
        watched = ("shared_staging", "shared_store")
        modules = [f"kada_dagster.extracts.{name}" for name in watched]
        seen: list[int] = []
        for folder in die_at_every_line(run_again, killed, template, *modules):
            on_host(monkeypatch, folder)
            seen.append(tables_of(place(folder)))
            assert list(shared(place(folder)).runs()) == [DAY]
            write(folder, 5)
            assert tables_of(place(folder)) == 5
            assert not list(folder.rglob(".partial-*")), "the next run removes what was left"
        assert set(seen) == {1, 2}
        assert seen == sorted(seen)


_CHANGES = ("PUT", "POST", "DELETE")


class Killing(FaultProxy):
    """Kills a process with SIGKILL when its n-th request comes that would change something."""

    process: subprocess.Popen[bytes]

    def __init__(self, port: int, number: int) -> None:
        super().__init__(port)
        self._number = number

    def meet(self, seen: Seen) -> Fault | None:
        if seen.method in _CHANGES and sum(map(self.count, _CHANGES)) == self._number:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        return super().meet(seen)


def test_killed_before_any_change_the_bucket_holds_the_old_run_or_the_new_one(
    bucket: str, s3_server: S3Server, tmp_path: Path
) -> None:
    extract(shared(bucket), shop(1))
    seen: list[int] = []
    for number in range(100):
        with Killing(s3_server.port, number) as proxy:
            proxy.process = start_writer(bucket, tmp_path, s3_environment(s3_server, proxy.port))
            if proxy.process.wait() == 0:
                break
        seen.append(tables_of(bucket))
        if seen[-1] == 2:
            extract(shared(bucket), shop(1))
    assert tables_of(bucket) == 2
    assert set(seen) == {1, 2}
    assert seen == [1, 1, 1, 2, 2, 2, 2], "two files, the manifest; removal of four old files"


def start_writer(url: str, folder: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """A host that writes a run of two tables."""
    (folder / "writer").mkdir(exist_ok=True)
    env = environment(variables, {"TMPDIR": str(folder / "writer")})
    return subprocess.Popen([*WRITE, url, "2"], env=env)


# --- networks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT", status=503, times=2),
        Fault("PUT", "META_", status=500, times=1),
        Fault("GET", status=503, times=2),
        Fault("PUT", "META_", cut_after=100),
        Fault("PUT", "manifest", cut_answer=True),
        Fault("GET", "META_", cut_answer=True),
    ],
    ids=["busy", "500 on a file", "busy reading", "cut upload", "cut answer", "cut download"],
)
def test_a_fault_that_passes_is_not_noticed(
    bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    extract(shared(bucket), shop(3))
    with FaultProxy(s3_server.port, fault) as proxy:
        set_environment(monkeypatch, s3_environment(s3_server, proxy.port))
        extract(shared(bucket), shop(4))
        assert tables_of(bucket) == 4
    assert fault.struck


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT", "LINKAGE", status=403, times=None),
        Fault("PUT", "manifest", status=403, times=None),
        Fault("GET", "list-type", status=403, times=None),
    ],
    ids=["file", "manifest", "listing"],
)
def test_a_fault_that_stays_leaves_the_earlier_run(
    bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    extract(shared(bucket), shop(3))
    before = contents(shared(bucket))
    with FaultProxy(s3_server.port, fault) as proxy, monkeypatch.context() as patch:
        set_environment(patch, s3_environment(s3_server, proxy.port))
        with pytest.raises(PermissionDeniedError, match="output_path: s3://"):
            extract(shared(bucket), shop(4))
    assert fault.struck
    assert contents(shared(bucket)) == before


def test_a_place_that_cannot_be_cleaned_holds_the_new_run_all_the_same(
    bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(shared(bucket), shop(3))
    fault = Fault("DELETE", status=403, times=None)
    with FaultProxy(s3_server.port, fault) as proxy, monkeypatch.context() as patch:
        set_environment(patch, s3_environment(s3_server, proxy.port))
        extract(shared(bucket), shop(4))
    assert fault.struck
    assert tables_of(bucket) == 4


# --- requests and memory -------------------------------------------------------------------


def test_listing_many_runs_is_one_request_and_a_run_just_written_is_not_fetched(
    bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = [Window(DAY.start, DAY.start + timedelta(hours=n)) for n in range(1, 6)]
    with FaultProxy(s3_server.port) as proxy:
        set_environment(monkeypatch, s3_environment(s3_server, proxy.port))
        for window in windows:
            extract(shared(bucket), window=window)
        listed, read = proxy.count("GET", "list-type"), proxy.count("GET", "META_")
        assert list(shared(bucket).runs()) == windows
        assert proxy.count("GET", "list-type") == listed + 1
        staging = shared(bucket)
        for _ in range(3):
            with staging.reading(windows[-1]):
                pass
        assert proxy.count("GET", "META_") == read == 0
        staging.release(windows[-1])
        for _ in range(3):
            with staging.reading(windows[-1]):
                pass
        assert proxy.count("GET", "META_") == 1


_BIG = """
import os, resource, sys
from kada_dagster.extracts.staging_place import staging_at
from kada_dagster_tests.extracts.samples import DAY, meta, shop
from kada_dagster_tests.extracts.shared_places import extract

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

staging = staging_at(sys.argv[1], "shop")
extract(staging)
staging.release(DAY)
with staging.reading(DAY):
    before = peak()
text = os.urandom(256 * 1024).hex()
extract(staging, {"META": (meta("TABLE", f"t{n}", QUERY_CODE=text) for n in range(260))})
staging.release(DAY)
with staging.reading(DAY) as folder:
    print(sum(path.stat().st_size for path in folder.iterdir()) // 1000**2, peak() - before)
"""


@pytest.mark.parametrize("place", ["s3", "azure"])
def test_a_run_of_130_mb_takes_less_than_80_mb_of_memory_both_ways(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, place: str, host: Path
) -> None:
    url = PLACES[place](request, monkeypatch)
    command = [sys.executable, "-c", _BIG, url]
    env = environment({"TMPDIR": str(host)})
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    megabytes, more = map(int, done.stdout.split())
    assert megabytes > 130
    assert more < 80


# --- refusals and secrets ------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_named(s3_server: S3Server, bucket: str) -> None:
    url = f"{bucket.replace('kada-', 'nosuch-')}"
    with pytest.raises(StagingError, match="no such bucket or container") as caught:
        extract(shared(url))
    assert url in str(caught.value)


def test_a_container_that_is_not_there_is_named(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, azure_environment(azurite))
    with pytest.raises(StagingError, match=r"abfs://nosuch/x/shop.* no such bucket or container"):
        extract(shared("abfs://nosuch/x"))


def refused_by_s3(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    server: S3Server = request.getfixturevalue("guarded_s3_server")
    set_environment(patch, s3_environment(server))
    patch.setenv("AWS_ACCESS_KEY_ID", PLANTED)
    patch.setenv("AWS_SECRET_ACCESS_KEY", PLANTED)
    return f"s3://{server.new_bucket()}/x"


def refused_by_azure(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    server: Azurite = request.getfixturevalue("azurite")
    set_environment(patch, azure_environment(server, "UExBTlRFRA=="))
    return f"abfs://{server.new_container().container_name}/x"


def no_s3_keys(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    return "s3://bucket/x"


@pytest.mark.parametrize("refusal", [refused_by_s3, refused_by_azure, no_s3_keys])
def test_refused_credentials_are_one_clear_message_without_them(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: Callable[[pytest.FixtureRequest, pytest.MonkeyPatch], str],
) -> None:
    caplog.set_level(logging.INFO)
    url = refusal(request, monkeypatch)
    staging = SharedStaging(url, NAME)
    with pytest.raises(PermissionDeniedError, match=f"output_path: {url}/shop.* refuses") as caught:
        extract(staging)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    said = f"{caught.value} {staging!r} {caplog.text}"
    assert PLANTED not in said
    assert "UExBTlRFRA" not in said


def test_a_place_that_does_not_answer_is_an_error_that_may_pass(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultProxy(s3_server.port) as proxy:
        closed = proxy.port
    set_environment(monkeypatch, s3_environment(s3_server, closed))
    with pytest.raises(ConnectionFailedError, match="does not answer") as caught:
        extract(shared("s3://bucket/x"))
    assert isinstance(caught.value, KadaError)
    assert Keys().secret_access_key not in str(caught.value)
