"""What is refused, on a server that checks signatures and policies: one message, no secret."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    KadaError,
    LandingError,
    PermissionDeniedError,
)
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3 import S3Landing
from kada_dagster.secrets import Secret
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy
from kada_dagster_tests.landing.s3_access import (
    LARGE,
    SMALL,
    allow,
    ambient,
    new_role,
    temporary,
    works,
)
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of

pytestmark = pytest.mark.usefixtures("nothing_ambient")


def test_whoever_may_only_write_can_upload(server: S3Server, bucket: str, tmp_path: Path) -> None:
    keys = server.user(allow(bucket, "s3:PutObject"))
    landing = S3Landing(server.directory(bucket, keys))
    landing.test_connection()
    for size in (SMALL, LARGE):
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        assert source.put(landing).sent
        assert not source.is_in(landing)
        assert source.put(landing).sent
        assert list(server.objects(bucket).values()) == [source.path.read_bytes()]


def test_whoever_may_only_read_is_told_what_is_missing(
    server: S3Server, bucket: str, source: Source
) -> None:
    keys = server.user(allow(bucket, "s3:GetObject", "s3:ListBucket"))
    landing = S3Landing(server.directory(bucket, keys))
    for ask in (source.put, S3Landing.test_connection):
        with pytest.raises(PermissionDeniedError, match="let them s3:PutObject"):
            ask(landing)
    assert not source.is_in(landing)
    assert server.objects(bucket) == {}


def refusals(server: S3Server, bucket: str) -> dict[str, tuple[S3Directory, type[KadaError], str]]:
    """Landings that cannot work, with what must be said of them."""
    good = server.directory(bucket)
    keys = temporary(server)
    no_sts = server.user(allow(bucket, "s3:*"))
    return {
        "unknown key": (
            replace(good, access_key_id=Secret(value="AKIAUNKNOWN")),
            PermissionDeniedError,
            r"correct access_key_id \(InvalidAccessKeyId\)",
        ),
        "wrong secret": (
            replace(good, secret_access_key=Secret(value="wrong-secret")),
            PermissionDeniedError,
            r"correct secret_access_key \(SignatureDoesNotMatch\)",
        ),
        "wrong token": (
            server.directory(bucket, replace(keys, session_token="wrong-token")),
            PermissionDeniedError,
            r"correct session_token \(InvalidToken\)",
        ),
        "no credentials": (
            ambient(server, bucket),
            PermissionDeniedError,
            "give access_key_id and secret_access_key, or let the machine",
        ),
        "no bucket": (replace(good, bucket="no-such-bucket"), LandingError, "correct bucket"),
        "no name of a bucket": (replace(good, bucket="No Bucket!"), LandingError, "correct bucket"),
        "no region": (replace(good, region="not a region"), LandingError, "correct region"),
        "role that refuses": (
            server.directory(bucket, no_sts, role_arn=new_role(server)),
            PermissionDeniedError,
            r"let the credentials sts:AssumeRole, and check.*external_id \(AccessDenied\)",
        ),
        "role without credentials": (
            replace(ambient(server, bucket), role_arn="arn:aws:iam::123456789012:role/r"),
            PermissionDeniedError,
            "give access_key_id",
        ),
    }


REFUSALS = (
    "unknown key",
    "wrong secret",
    "wrong token",
    "no credentials",
    "no bucket",
    "no name of a bucket",
    "no region",
    "role that refuses",
    "role without credentials",
)


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_is_wrong_is_said_in_one_message_with_the_cure(
    server: S3Server,
    bucket: str,
    source: Source,
    caplog: pytest.LogCaptureFixture,
    reason: str,
) -> None:
    directory, kind, message = refusals(server, bucket)[reason]
    landing = S3Landing(directory)
    asks: list[Callable[[S3Landing], object]] = [source.put, S3Landing.test_connection]
    if reason != "no bucket":  # nothing is in a bucket that is not there
        asks.append(source.is_in)
    for ask in asks:
        with pytest.raises(kind, match=message) as caught:
            ask(landing)
        assert str(caught.value).startswith(f"landing {directory}: ")
        assert not caught.value.transient
        assert_no_secret(caught.value, directory)
    assert "WARNING" not in caplog.text


def assert_no_secret(error: BaseException, directory: S3Directory) -> None:
    """Neither in the message nor in what is chained to it."""
    assert error.__suppress_context__
    assert error.__cause__ is None
    for secret in (directory.access_key_id, directory.secret_access_key, directory.session_token):
        assert secret is None or secret.reveal() not in str(error)


ANSWERS: dict[str, tuple[int, str, type[KadaError], str]] = {
    "ExpiredToken": (400, "ExpiredToken", PermissionDeniedError, "have expired: renew them"),
    "AccessDenied": (403, "AccessDenied", PermissionDeniedError, "let them s3:PutObject"),
    "clock": (403, "RequestTimeTooSkewed", PermissionDeniedError, "clock is wrong"),
    "malformed": (400, "AuthorizationHeaderMalformed", LandingError, r"\(eu-north-1\): correct re"),
    "redirect": (301, "PermanentRedirect", LandingError, r"\(eu-north-1\): correct region"),
    "kms": (400, "KMS.DisabledException", LandingError, "correct kms_key_id"),
    "quota": (507, "XMinioStorageFull", LandingError, "make room"),
    "not implemented": (501, "NotImplemented", LandingError, "use one with more of S3's API"),
    "busy": (503, "SlowDown", ConnectionFailedError, "upload again later"),
    "unknown": (418, "Teapot", LandingError, r"refused the request PutObject \(Teapot, 418\)"),
    "strange": (400, "AKIA SECRET <b>", LandingError, r"PutObject \(400, 400\)"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_each_answer_of_the_store_is_translated(
    server: S3Server, bucket: str, source: Source, case: str
) -> None:
    status, code, kind, message = ANSWERS[case]
    text = code.replace("<", "&lt;")
    body = (
        f"<Error><Code>{text}</Code><Message>AKIA-IN-ANSWER</Message><Region>eu-north-1</Region>"
        "<AWSAccessKeyId>AKIA-IN-ANSWER</AWSAccessKeyId></Error>"
    )
    fault = Fault("PUT", status=status, body=body.encode(), times=None)
    with FaultProxy(server.port, fault) as proxy:
        directory = replace(server.directory(bucket), endpoint_url=proxy.url)
        with pytest.raises(kind, match=message) as caught:
            source.put(S3Landing(directory))
    assert "AKIA-IN-ANSWER" not in str(caught.value)
    assert_no_secret(caught.value, directory)
    assert server.objects(bucket) == {}


def test_a_secret_that_is_not_set_is_named_not_guessed(
    server: S3Server, bucket: str, source: Source
) -> None:
    unset = replace(server.directory(bucket), secret_access_key=Secret(variable="KADA_NOT_SET"))
    with pytest.raises(ConfigError, match="environment variable KADA_NOT_SET is not set"):
        source.put(S3Landing(unset))


def test_a_profile_that_is_not_there_is_an_error_with_the_cure(
    server: S3Server, bucket: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(LandingError, match="AWS_PROFILE names a profile that is not there"):
        source.put(S3Landing(ambient(server, bucket)))


def test_no_log_shows_a_secret_even_when_everything_is_logged(
    server: S3Server, bucket: str, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    keys = temporary(server)
    directory = server.directory(bucket, keys)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "urllib3"):
        works(S3Landing(directory), source)
        works(S3Landing(replace(directory, path="b", role_arn=new_role(server))), source)
        with pytest.raises(PermissionDeniedError):
            source.put(
                S3Landing(replace(directory, secret_access_key=Secret(value="wrong-secret")))
            )
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    for secret in (keys.access_key_id, keys.secret_access_key, keys.session_token, "wrong-secret"):
        assert str(secret) not in caplog.text
    assert "Signature" not in caplog.text
    assert "Security-Token" not in caplog.text
    assert NAME in caplog.text
