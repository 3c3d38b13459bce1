"""A network and a store that fail: afterwards there is the old whole file, or the new one."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

import pytest

from kada_dagster.errors import ConnectionFailedError, LandingError
from kada_dagster.landing.parts import PART_BYTES
from kada_dagster.landing.s3 import S3Landing
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of, command

KEY = f"lz/shop/landing/{NAME}"
OLD = b"old"
WHOLE, PARTS = 3_000_000, 2 * PART_BYTES + 2_000_000
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
PASSING = {  # each time for each request of an upload
    "429": Fault(status=429),
    "500": Fault(status=500),
    "503 SlowDown": Fault(status=503, body=SLOW_DOWN),
    "cut": Fault(cut_after=0),
    "cut in the middle": Fault(cut_after=1_000_000),
    "answer lost": Fault(cut_answer=True),
}
REQUESTS = {
    "look": ("HEAD", "", WHOLE),
    "put": ("PUT", "", WHOLE),
    "begin": ("POST", "uploads", PARTS),
    "first part": ("PUT", "partNumber=1", PARTS),
    "last part": ("PUT", "partNumber=3", PARTS),
    "complete": ("POST", "uploadId", PARTS),
}


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    bucket = s3_server.new_bucket()
    s3_server.s3.put_object(Bucket=bucket, Key=KEY, Body=OLD)
    return bucket


def through(s3_server: S3Server, proxy: FaultProxy, bucket: str) -> S3Landing:
    return S3Landing(s3_server.directory(bucket, endpoint_url=proxy.url, timeout=5))


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_of_any_request_is_survived(
    s3_server: S3Server, bucket: str, tmp_path: Path, request_: str, fault: str
) -> None:
    method, target, size = REQUESTS[request_]
    data = bytes_of(1, size)
    source = Source.write(tmp_path / "source", data)
    if PASSING[fault].cut_after and method != "PUT":
        pytest.skip("its body is shorter")
    due = replace(PASSING[fault], method=method, target=target)
    with FaultProxy(s3_server.port, due) as proxy:
        assert source.put(through(s3_server, proxy, bucket)).sent
    assert due.struck
    assert s3_server.objects(bucket) == {KEY: data}
    assert source.is_in(S3Landing(s3_server.directory(bucket)))
    lost_begin = request_ == "begin" and fault == "answer lost"  # nobody ever learns its id
    assert s3_server.unfinished(bucket) == [KEY] * lost_begin


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, times=None),
        Fault(status=503, body=SLOW_DOWN, times=None),
        Fault(cut_after=0, times=None),
        Fault(cut_after=1_000_000, times=None),
    ],
    ids=["429", "SlowDown", "cut", "cut in the middle"],
)
def test_a_lasting_fault_leaves_the_old_file_and_a_new_try_heals_it(
    s3_server: S3Server,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request_: str,
    fault: Fault,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    method, target, size = REQUESTS[request_]
    if fault.cut_after and method != "PUT":
        pytest.skip("its body is shorter")
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    due = replace(fault, method=method, target=target)
    with FaultProxy(s3_server.port, due) as proxy:
        with pytest.raises(ConnectionFailedError) as caught:
            source.put(through(s3_server, proxy, bucket))
        assert s3_server.objects(bucket) == {KEY: OLD}
        assert s3_server.unfinished(bucket) == []
        due.times = 0
        assert source.put(through(s3_server, proxy, bucket)).sent
    assert str(caught.value).startswith(f"landing s3://{bucket}/lz/shop/landing: ")
    assert "upload again" in str(caught.value)
    assert s3_server.objects(bucket) == {KEY: source.path.read_bytes()}


@pytest.mark.parametrize(("request_", "size"), [("put", WHOLE), ("complete", PARTS)])
def test_when_every_answer_is_lost_the_next_try_finds_the_file(
    s3_server: S3Server,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request_: str,
    size: int,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    lost = Fault(*REQUESTS[request_][:2], times=None, cut_answer=True)
    with FaultProxy(s3_server.port, lost) as proxy:
        with pytest.raises(ConnectionFailedError):
            source.put(through(s3_server, proxy, bucket))
        assert not source.put(through(s3_server, proxy, bucket)).sent
    assert s3_server.objects(bucket) == {KEY: source.path.read_bytes()}
    assert s3_server.unfinished(bucket) == []


def test_a_silent_store_is_given_up(
    s3_server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    source = Source.write(tmp_path / "source", b"x")
    with FaultProxy(s3_server.port, Fault("PUT", delay=30, times=None)) as proxy:
        directory = s3_server.directory(bucket, endpoint_url=proxy.url, timeout=1)
        with pytest.raises(ConnectionFailedError, match="does not answer"):
            source.put(S3Landing(directory))
    assert s3_server.objects(bucket) == {KEY: OLD}


def test_a_store_that_is_not_there_is_a_transient_error_with_the_cure(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    source = Source.write(tmp_path / "source", b"x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    landing = S3Landing(s3_server.directory("bucket", endpoint_url=url))
    asks: list[Callable[[S3Landing], object]] = [
        source.put,
        source.is_in,
        S3Landing.test_connection,
    ]
    for ask in asks:
        with pytest.raises(ConnectionFailedError, match="check the network, region and endpoint"):
            ask(landing)


def test_what_is_damaged_on_the_way_is_refused_by_the_store(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    """The promised sum is that of other bytes: as if the body had been damaged."""
    source = Source.write(tmp_path / "source", b"x")
    refused = Fault("PUT", status=400, body=b"<Error><Code>BadDigest</Code></Error>", times=None)
    damaged = pytest.raises(ConnectionFailedError, match=r"not what was sent.*upload again")
    with FaultProxy(s3_server.port, refused) as proxy, damaged:
        source.put(through(s3_server, proxy, bucket))
    assert s3_server.objects(bucket) == {KEY: OLD}


def test_an_upload_removed_while_it_runs_can_be_repeated(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    source, once = Source.write(tmp_path / "source", bytes_of(1, PARTS)), Lock()

    def remove(_sent: int) -> None:
        if not once.acquire(blocking=False):
            return
        for upload in s3_server.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            upload_id = str(upload.get("UploadId"))
            s3_server.s3.abort_multipart_upload(Bucket=bucket, Key=KEY, UploadId=upload_id)

    landing = S3Landing(s3_server.directory(bucket))
    with pytest.raises(ConnectionFailedError, match=r"removed while it ran: upload again"):
        source.put(landing, progress=remove)
    assert s3_server.objects(bucket) == {KEY: OLD}
    assert source.put(landing).sent


def test_an_error_of_the_one_who_watches_leaves_the_old_file(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, PARTS))

    def stop(_sent: int) -> None:
        raise LandingError("stop")

    with pytest.raises(LandingError, match="stop"):
        source.put(S3Landing(s3_server.directory(bucket)), progress=stop)
    assert s3_server.objects(bucket) == {KEY: OLD}
    assert s3_server.unfinished(bucket) == []


@pytest.mark.parametrize(
    ("method", "target", "size"),
    [request for request in REQUESTS.values() if request[0] != "HEAD"],
    ids=[name for name, request in REQUESTS.items() if request[0] != "HEAD"],
)
def test_a_process_killed_in_any_request_leaves_a_whole_file(
    s3_server: S3Server, bucket: str, tmp_path: Path, method: str, target: str, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    slow = Fault(method, target, delay=60)
    with FaultProxy(s3_server.port, slow) as proxy:
        directory = s3_server.directory(bucket, endpoint_url=proxy.url)
        process = subprocess.Popen(command(directory, source), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not slow.struck and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert slow.struck
    assert s3_server.objects(bucket) == {KEY: OLD}
    assert source.put(S3Landing(s3_server.directory(bucket))).sent
    assert s3_server.objects(bucket) == {KEY: source.path.read_bytes()}
