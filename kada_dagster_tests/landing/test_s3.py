"""S3 as landing, on a real server: what arrives is whole, proved, and sent only once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kada_dagster.errors import ConfigError, ConnectionFailedError, LandingError
from kada_dagster.landing.base import Receipt
from kada_dagster.landing.parts import PART_BYTES
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3 import S3Landing
from kada_dagster_tests.landing.fault_proxy import FaultProxy
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of, command

KEY = f"lz/shop/landing/{NAME}"
SIZES = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 20_000_000]
SMALL, LARGE = 5_000, PART_BYTES + 5_000


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def landing(s3_server: S3Server, bucket: str) -> S3Landing:
    return S3Landing(s3_server.directory(bucket))


@pytest.mark.parametrize("size", SIZES)
def test_what_arrives_is_what_was_sent(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, size: int
) -> None:
    data = bytes_of(1, size)
    source, steps = Source.write(tmp_path / "source", data), list[int]()
    assert not source.is_in(landing)
    receipt = source.put(landing, progress=steps.append)
    assert receipt == Receipt(NAME, size, source.sha256, f"s3://{bucket}/{KEY}", sent=True)
    assert s3_server.objects(bucket) == {KEY: data}
    assert source.is_in(landing)
    assert sum(steps) == size
    assert s3_server.unfinished(bucket) == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_an_identical_file_is_not_sent_again(
    s3_server: S3Server, bucket: str, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    with FaultProxy(s3_server.port) as proxy:
        landing = S3Landing(s3_server.directory(bucket, endpoint_url=proxy.url))
        assert source.put(landing).sent
        sent = proxy.count("PUT")
        assert not source.put(landing).sent
        assert proxy.count("PUT") == sent


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_file_that_differs_is_replaced(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, size: int
) -> None:
    data = bytes_of(1, size)
    for other in (data[:-1] + b"!", b"!" + data[1:], data[:-1], data + b"!", data[:SMALL]):
        Source.write(tmp_path / "other", other).put(landing)
        source = Source.write(tmp_path / "source", data)
        assert source.is_in(landing) == (other == data)
        assert source.put(landing).sent == (other != data)
        assert s3_server.objects(bucket) == {KEY: data}


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_stores_sum_counts_not_what_the_metadata_says(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    forged = {"sha256": source.sha256}
    s3_server.s3.put_object(
        Bucket=bucket, Key=KEY, Body=bytes(size), Metadata=forged, ChecksumAlgorithm="SHA256"
    )
    assert not source.is_in(landing)
    assert source.put(landing).sent


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_store_that_keeps_no_sums_is_believed_by_metadata_and_size(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    for sha256 in (source.sha256, "0" * 64):
        s3_server.s3.put_object(
            Bucket=bucket, Key=KEY, Body=bytes(size), Metadata={"sha256": sha256}
        )
        head = s3_server.s3.head_object(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")
        assert "ChecksumSHA256" not in head
        assert source.is_in(landing) == (sha256 == source.sha256)
        assert source.put(landing).sent == (sha256 != source.sha256)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("change", ["flipped", "cut", "longer", "empty", "missing", "folder"])
def test_a_source_that_is_not_the_file_described_never_shows(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, size: int, change: str
) -> None:
    Source.write(tmp_path / "old", b"old").put(landing)
    source, data = Source.write(tmp_path / "source", bytes_of(1, size)), bytes_of(1, size)
    changed = {"flipped": data[:-1] + b"!", "cut": data[:-1], "longer": data + b"!", "empty": b""}
    source.path.unlink()
    if change == "folder":
        source.path.mkdir()
    elif change != "missing":
        source.path.write_bytes(changed[change])
    with pytest.raises(LandingError, match="Run the extract of that window again") as caught:
        source.put(landing)
    assert not caught.value.transient
    assert s3_server.objects(bucket) == {KEY: b"old"}
    assert s3_server.unfinished(bucket) == []


def test_a_source_that_changes_while_it_is_sent_never_shows(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path
) -> None:
    """It changes behind what can have been read when the first part has arrived."""
    source = Source.write(tmp_path / "source", bytes_of(1, 8 * PART_BYTES))

    def spoil(_sent: int) -> None:
        with source.path.open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"!")

    with pytest.raises(LandingError, match="Run the extract of that window again"):
        source.put(landing, progress=spoil)
    assert s3_server.objects(bucket) == {}
    assert s3_server.unfinished(bucket) == []


@pytest.mark.parametrize("path", ["lz/shop/landing", "landing", "a b/ü+&=/c%20d", ""])
def test_any_path_is_a_landing(s3_server: S3Server, bucket: str, tmp_path: Path, path: str) -> None:
    landing = S3Landing(s3_server.directory(bucket, path=path))
    for size in (SMALL, LARGE):
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        receipt = source.put(landing, f"F{size}.csv")
        assert receipt.location == f"{landing.describe()}/F{size}.csv"
        assert not source.put(landing, f"F{size}.csv").sent
    folder = f"{path}/" if path else ""
    assert set(s3_server.objects(bucket)) == {f"{folder}F{size}.csv" for size in (SMALL, LARGE)}


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../x", "a\\b", "/x", "x\n"])
def test_a_name_that_leaves_the_directory_is_refused(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path, name: str
) -> None:
    source = Source.write(tmp_path / "source", b"x")
    for ask in (source.put, source.is_in):
        with pytest.raises(LandingError, match="plain file name"):
            ask(landing, name)
    assert s3_server.objects(bucket) == {}


def test_several_files_at_once_arrive_each_under_its_name(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path
) -> None:
    sizes = [SMALL, LARGE, 3 * PART_BYTES, 0, 2 * PART_BYTES, SMALL]
    files = {
        f"F{n}.csv": Source.write(tmp_path / f"{n}", bytes_of(n, size))
        for n, size in enumerate(sizes)
    }
    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(file.put, landing, name) for name, file in files.items()]
        receipts = [one.result() for one in sent]
    assert [receipt.name for receipt in receipts] == list(files)
    expected = {f"lz/shop/landing/{name}": file.path.read_bytes() for name, file in files.items()}
    assert s3_server.objects(bucket) == expected


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_of_two_uploaders_at_once_one_wins_whole(
    s3_server: S3Server, bucket: str, tmp_path: Path, size: int
) -> None:
    files = [Source.write(tmp_path / f"{n}", bytes_of(n, size)) for n in range(4)]

    def upload(file: Source) -> bool:
        landing = S3Landing(s3_server.directory(bucket))
        try:
            return file.put(landing).sent
        except ConnectionFailedError as error:
            assert "another upload may have replaced it" in str(error)  # noqa: PT017
            return False

    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(upload, files))
    (data,) = s3_server.objects(bucket).values()
    assert data in [file.path.read_bytes() for file in files]
    assert s3_server.unfinished(bucket) == []


@pytest.mark.parametrize(
    ("asked", "key"), [("AES256", None), ("aws:kms", None), ("aws:kms", "alias/kada")]
)
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_files_and_the_probe_ask_for_encryption_at_rest(
    s3_server: S3Server, bucket: str, tmp_path: Path, size: int, asked: str, key: str | None
) -> None:
    with FaultProxy(s3_server.port) as proxy:
        directory = s3_server.directory(
            bucket, endpoint_url=proxy.url, server_side_encryption=asked, kms_key_id=key
        )
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        source.put(S3Landing(directory))
        S3Landing(directory).test_connection()
        made = [s for s in proxy.seen if "uploads" in s.target and s.method == "POST"]
    name = "x-amz-server-side-encryption"
    assert [s.headers[name] for s in made] == [asked] * len(made)
    assert [s.headers.get(f"{name}-aws-kms-key-id") for s in made] == [key] * len(made)
    head = s3_server.s3.head_object(Bucket=bucket, Key=KEY)
    assert (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")) == (asked, key)


def test_testing_the_connection_leaves_nothing(
    s3_server: S3Server, bucket: str, landing: S3Landing
) -> None:
    landing.test_connection()
    assert s3_server.objects(bucket) == {}
    assert s3_server.unfinished(bucket) == []


def test_parts_left_more_than_a_day_ago_in_the_directory_are_removed(
    s3_server: S3Server, bucket: str, landing: S3Landing, tmp_path: Path
) -> None:
    begin: Callable[..., object] = s3_server.s3.create_multipart_upload
    old = {"begun": "2024-01-01T00:00:00.000Z"}
    begin(Bucket=bucket, Key="lz/shop/landing/dead.csv", Metadata=old)
    begin(Bucket=bucket, Key=KEY, Metadata=old)
    begin(Bucket=bucket, Key="lz/shop/landing/running.csv")
    begin(Bucket=bucket, Key="lz/other/landing/dead.csv", Metadata=old)
    Source.write(tmp_path / "source", bytes_of(1, LARGE)).put(landing)
    kept = ["lz/other/landing/dead.csv", "lz/shop/landing/running.csv"]
    assert sorted(s3_server.unfinished(bucket)) == kept


def test_marks_are_beside_the_directory(landing: S3Landing, bucket: str) -> None:
    assert landing.marks().describe("shop").startswith(f"s3://{bucket}/lz/shop/hwm/")


def test_beside_a_whole_bucket_there_is_nothing(s3_server: S3Server, bucket: str) -> None:
    whole = S3Landing(s3_server.directory(bucket, path=""))
    with pytest.raises(ConfigError, match="give the landing a path"):
        whole.marks().read("shop")


def test_a_large_file_takes_little_memory(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, 200_000_000))
    done = subprocess.run(
        command(s3_server.directory(bucket), source), capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    assert after - before < 100 * 1000
    head = s3_server.s3.head_object(Bucket=bucket, Key=KEY)
    assert head["ContentLength"] == source.size


def test_neither_the_landing_nor_its_address_shows_a_key(s3_server: S3Server, bucket: str) -> None:
    directory: S3Directory = s3_server.directory(bucket)
    landing = S3Landing(directory)
    shown = f"{landing!r} {landing} {landing.describe()} {directory!r}"
    assert "test-secret" not in shown
    assert "test-key" not in shown
