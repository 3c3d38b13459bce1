"""A store with S3's API for the tests: moto's server in a process of its own.

`python -m kada_dagster_tests.landing.s3_server` prints its port and ends with its standard input.
What S3 documents and moto leaves out is added in front of it: sums that come with a request are
checked, requests take effect one after the other (conditional writes need that), HEAD says of how
many parts a composite sum is, to go on with an upload that was removed is no internal error, and
uploads are listed with the moment they began (an upload with the metadata `begun` pretends that
one).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

from kada_dagster.landing.places import S3Directory
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

REGION = "eu-west-1"
_START_SECONDS = 60
_SUM = "x-amz-checksum-sha256"
_BAD_DIGEST = b"<Error><Code>BadDigest</Code><Message>The sum did not match.</Message></Error>"
_NO_UPLOAD = b"<Error><Code>NoSuchUpload</Code><Message>It was removed.</Message></Error>"


@dataclass(frozen=True)
class Keys:
    """Credentials of a user."""

    access_key_id: str = "test-key"
    secret_access_key: str = "test-secret"
    session_token: str | None = None


OWNER = Keys()
"""May do everything on a server that asks nobody."""


@dataclass
class S3Server:
    """A running server.

    Attributes:
        port: it listens on 127.0.0.1.
        owner: credentials that may do everything.
    """

    port: int
    owner: Keys = OWNER
    _clients: dict[tuple[str, Keys], Any] = field(default_factory=dict[Any, Any])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def s3(self) -> S3Client:
        """The owner's client."""
        return self.client("s3")

    def client(self, service: str, keys: Keys | None = None) -> Any:
        """An SDK client, of the owner unless other keys are given."""
        import boto3

        sdk: Any = boto3
        keys = keys or self.owner
        if (service, keys) not in self._clients:
            self._clients[service, keys] = sdk.client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id=keys.access_key_id,
                aws_secret_access_key=keys.secret_access_key,
                aws_session_token=keys.session_token,
            )
        return self._clients[service, keys]

    def new_bucket(self) -> str:
        """Make a bucket nobody else has."""
        name = f"kada-{uuid4().hex}"
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def directory(self, bucket: str, keys: Keys | None = None, **others: Any) -> S3Directory:
        """A landing directory there, with the owner's keys unless others are given."""
        keys = keys or self.owner
        values: dict[str, Any] = {
            "path": "lz/shop/landing",
            "region": REGION,
            "endpoint_url": self.url,
        }
        token = keys.session_token
        return S3Directory(
            bucket,
            access_key_id=Secret(value=keys.access_key_id),
            secret_access_key=Secret(value=keys.secret_access_key),
            session_token=Secret(value=token) if token else None,
            **{**values, **others},
        )

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Everything in a bucket."""
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        keys = [str(one.get("Key")) for one in listed]
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def unfinished(self, bucket: str) -> list[str]:
        """Keys of the multipart uploads that were neither completed nor aborted."""
        uploads = self.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return [str(upload.get("Key")) for upload in uploads]

    def user(self, *statements: dict[str, Any]) -> Keys:
        """A new user who may do what the policy statements say; see `ask_everybody`."""
        iam, name = self.client("iam"), f"user-{uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"])

    def ask_everybody(self) -> None:
        """From now on, signatures and policies count; the owner becomes a user who may do all."""
        self.owner = self.user({"Effect": "Allow", "Action": "*", "Resource": "*"})
        requests.post(f"{self.url}/moto-api/reset-auth", data=b"0", timeout=30).raise_for_status()


def start_s3(*, checks_sums: bool = True) -> tuple[S3Server, Callable[[], None]]:
    """Start a server; also returns what stops it.

    Args:
        checks_sums: whether it checks SHA-256 sums of requests; it cannot check others.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, *([] if checks_sums else ["--unchecked"])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(_START_SECONDS, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()

    def stop() -> None:
        process.communicate()  # its standard input ends, and so does it

    if not line:
        stop()
        raise RuntimeError("moto's server did not start")
    return S3Server(int(line)), stop


def _parse_once() -> None:
    """Every client parses the SDK's tables of the services for itself, and keeps 40 MB of them; the
    clients of a process' tests share them."""
    from botocore.loaders import JSONFileLoader

    loader: Any = JSONFileLoader
    if not hasattr(loader.load_file, "cache_info"):
        loader.load_file = staticmethod(cache(JSONFileLoader().load_file))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server that asks nobody for credentials; use a bucket of your own."""
    _parse_once()
    server, stop = start_s3()
    try:
        yield server
    finally:
        stop()


@pytest.fixture(scope="session")
def guarded_s3_server() -> Iterator[S3Server]:
    """A server on which signatures and policies count."""
    server, stop = start_s3()
    try:
        server.ask_everybody()
        yield server
    finally:
        stop()


class _Strict:
    """The application with what moto leaves out."""

    def __init__(self, application: Any, *, checks_sums: bool) -> None:
        self._application, self._checks_sums = application, checks_sums
        self._lock = threading.Lock()
        self._begun: dict[bytes, str] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        promised = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if self._checks_sums and promised not in (None, _sum_of(body)):
            start("400 Bad Request", [("Content-Length", str(len(_BAD_DIGEST)))])
            return [_BAD_DIGEST]
        environ["wsgi.input"] = io.BytesIO(body)
        answer: list[Any] = []
        with self._lock:
            try:
                data = b"".join(self._application(environ, _Noted(answer)))
            except KeyError:  # moto looks for an upload that was removed
                answer, data = ["500 Internal Server Error", []], b""
            if "uploads" in environ["QUERY_STRING"]:
                data = self._with_dates(data, environ)
        if "uploadId=" in environ["QUERY_STRING"] and answer[0].startswith("500"):
            size = str(len(_NO_UPLOAD))
            answer, data = ["404 Not Found", [("Content-Length", size)]], _NO_UPLOAD
        start(answer[0], _corrected(answer[1], len(data), environ["REQUEST_METHOD"]))
        return [data]

    def _with_dates(self, data: bytes, environ: dict[str, Any]) -> bytes:
        """Note when an upload begins; tell it when they are listed."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        ids = re.findall(rb"<UploadId>(.*?)</UploadId>", data)
        for upload_id in ids:
            self._begun.setdefault(upload_id, environ.get("HTTP_X_AMZ_META_BEGUN", now))
        dates = iter([self._begun[upload_id] for upload_id in ids])
        return re.sub(rb"(?<=<Initiated>)[^<]*", lambda _: next(dates).encode(), data)


def _sum_of(body: bytes) -> str:
    return b64encode(hashlib.sha256(body).digest()).decode()


class _Noted:
    """Takes what an application says before its body."""

    def __init__(self, answer: list[Any]) -> None:
        self._answer = answer

    def __call__(self, *said: Any) -> None:
        self._answer[:] = said


def _corrected(headers: list[tuple[str, str]], length: int, method: str) -> list[tuple[str, str]]:
    tags = [value.strip('"') for name, value in headers if name.lower() == "etag"]
    _, dash, count = (tags or [""])[0].partition("-")
    corrected: list[tuple[str, str]] = []
    for name, value in headers:
        if name.lower() == _SUM:
            corrected.append((name, f"{value.partition('-')[0]}{dash}{count}"))
        elif name.lower() == "content-length" and method != "HEAD":
            corrected.append((name, str(length)))
        else:
            corrected.append((name, value))
    return corrected


def _end_with_parent() -> None:
    with suppress(OSError):
        sys.stdin.read()
    os._exit(0)


def _main() -> None:
    from werkzeug.serving import make_server

    moto: Any = import_module("moto.moto_server.werkzeug_app")
    plain = moto.DomainDispatcherApplication(moto.create_backend_app)
    application = _Strict(plain, checks_sums="--unchecked" not in sys.argv)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=moto.MotoRequestHandler
    )
    print(server.server_port, flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    _main()
