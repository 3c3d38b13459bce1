"""Objects in S3 that only whoever knows their version replaces, on a real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    PermissionDeniedError,
    WatermarkError,
)
from kada_dagster.hwm.objects import Versioned
from kada_dagster.hwm.s3_objects import S3Objects
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy
from kada_dagster_tests.landing.s3_server import S3Server

NAME = "shop.json"
KEY = f"lz/shop/hwm/{NAME}"


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def objects(s3_server: S3Server, bucket: str) -> S3Objects:
    return S3Objects(s3_server.directory(bucket))


def test_what_is_not_there_has_no_version(objects: S3Objects) -> None:
    assert objects.read(NAME) == Versioned(None, None)


def test_an_object_is_written_read_and_replaced_by_whoever_knows_its_version(
    s3_server: S3Server, bucket: str, objects: S3Objects
) -> None:
    version = None
    for data in (b"one", b"", b"three\n"):
        assert objects.replace(NAME, data, version)
        read = objects.read(NAME)
        assert read.data == data
        assert read.version not in (None, version)
        version = read.version
        assert s3_server.objects(bucket) == {KEY: data}


def test_whoever_is_late_changes_nothing(
    s3_server: S3Server, bucket: str, objects: S3Objects
) -> None:
    assert objects.replace(NAME, b"one", None)
    first = objects.read(NAME).version
    assert not objects.replace(NAME, b"other", None)
    assert not objects.replace(NAME, b"one", None)
    assert objects.replace(NAME, b"two", first)
    assert not objects.replace(NAME, b"three", first)
    assert objects.read(NAME).data == b"two"
    s3_server.s3.delete_object(Bucket=bucket, Key=KEY)
    assert not objects.replace(NAME, b"three", first)
    assert objects.read(NAME) == Versioned(None, None)


def test_of_many_at_once_one_wins_each_round(s3_server: S3Server, bucket: str) -> None:
    all_objects = [S3Objects(s3_server.directory(bucket)) for _ in range(6)]
    version = None
    with ThreadPoolExecutor(6) as pool:
        for round_ in range(5):
            tries = [
                pool.submit(one.replace, NAME, b"%d %d" % (round_, number), version)
                for number, one in enumerate(all_objects)
            ]
            won = [number for number, one in enumerate(tries) if one.result()]
            read = all_objects[0].read(NAME)
            assert [read.data] == [b"%d %d" % (round_, number) for number in won]
            version = read.version


@pytest.mark.parametrize("there", [False, True])
def test_a_write_whose_answer_was_lost_is_not_taken_for_somebody_elses(
    s3_server: S3Server, bucket: str, objects: S3Objects, there: bool
) -> None:
    if there:
        assert objects.replace(NAME, b"one", None)
    version = objects.read(NAME).version
    with FaultProxy(s3_server.port, Fault("PUT", cut_answer=True)) as proxy:
        through = S3Objects(s3_server.directory(bucket, endpoint_url=proxy.url))
        assert through.replace(NAME, b"two", version)
        assert proxy.count("PUT") == 2
    assert objects.read(NAME).data == b"two"


def test_a_repeated_write_that_somebody_else_overtook_is_lost(
    s3_server: S3Server, bucket: str, objects: S3Objects
) -> None:
    assert objects.replace(NAME, b"other", None)
    with FaultProxy(s3_server.port, Fault("PUT", status=503)) as proxy:
        through = S3Objects(s3_server.directory(bucket, endpoint_url=proxy.url))
        assert not through.replace(NAME, b"two", None)
        assert proxy.count("PUT") == 2
    assert objects.read(NAME).data == b"other"


def test_a_conflict_of_two_writers_is_lost_not_an_error(s3_server: S3Server, bucket: str) -> None:
    body = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
    with FaultProxy(s3_server.port, Fault("PUT", status=409, body=body)) as proxy:
        through = S3Objects(s3_server.directory(bucket, endpoint_url=proxy.url))
        assert not through.replace(NAME, b"two", None)


def test_a_missing_bucket_is_a_watermark_error_and_not_a_missing_mark(s3_server: S3Server) -> None:
    objects = S3Objects(s3_server.directory("no-such-bucket"))
    expected = r"^high water mark s3://no-such-bucket/lz/shop/hwm/shop\.json: .*correct bucket"
    with pytest.raises(WatermarkError, match=expected):
        objects.read(NAME)
    for version in (None, '"version"'):
        with pytest.raises(WatermarkError, match=expected):
            objects.replace(NAME, b"x", version)


def test_a_store_that_fails_is_not_a_missing_mark(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    for fault in (Fault(status=500, times=None), Fault(cut_after=0, times=None)):
        with FaultProxy(s3_server.port, fault) as proxy:
            through = S3Objects(s3_server.directory(bucket, endpoint_url=proxy.url))
            with pytest.raises(ConnectionFailedError, match=r"hwm/shop\.json"):
                through.read(NAME)
            with pytest.raises(ConnectionFailedError, match="upload again"):
                through.replace(NAME, b"x", None)


def test_without_conditional_writes_there_is_an_error_with_the_cure(
    s3_server: S3Server, bucket: str
) -> None:
    body = b"<Error><Code>NotImplemented</Code></Error>"
    with FaultProxy(s3_server.port, Fault("PUT", status=501, body=body, times=None)) as proxy:
        through = S3Objects(s3_server.directory(bucket, endpoint_url=proxy.url))
        with pytest.raises(WatermarkError, match="use one with more of S3's API"):
            through.replace(NAME, b"x", None)


def test_missing_permissions_are_named(guarded_s3_server: S3Server) -> None:
    bucket = guarded_s3_server.new_bucket()
    nothing = guarded_s3_server.user({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    objects = S3Objects(guarded_s3_server.directory(bucket, nothing))
    with pytest.raises(PermissionDeniedError, match="s3:GetObject and s3:ListBucket"):
        objects.read(NAME)
    with pytest.raises(PermissionDeniedError, match="s3:PutObject"):
        objects.replace(NAME, b"x", None)


def test_marks_are_encrypted_as_the_files_are(s3_server: S3Server, bucket: str) -> None:
    directory = s3_server.directory(bucket, server_side_encryption="aws:kms", kms_key_id="alias/k")
    assert S3Objects(directory).replace(NAME, b"x", None)
    head = s3_server.s3.head_object(Bucket=bucket, Key=KEY)
    assert (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")) == ("aws:kms", "alias/k")


def test_beside_a_whole_bucket_there_are_no_marks(s3_server: S3Server, bucket: str) -> None:
    whole = S3Objects(s3_server.directory(bucket, path=""))
    for ask in (whole.describe, whole.read):
        with pytest.raises(ConfigError, match="give the landing a path"):
            ask(NAME)
