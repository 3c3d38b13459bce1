"""Every way to get in, on a server that checks signatures and policies."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kada_dagster.errors import (
    PermissionDeniedError,
)
from kada_dagster.landing.s3 import S3Landing
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy
from kada_dagster_tests.landing.s3_access import (
    allow,
    ambient,
    new_role,
    temporary,
    works,
)
from kada_dagster_tests.landing.s3_server import Keys, S3Server
from kada_dagster_tests.landing.sending import Source

pytestmark = pytest.mark.usefixtures("nothing_ambient")


def test_with_an_access_key(server: S3Server, bucket: str, source: Source) -> None:
    keys = server.user(allow(bucket, "s3:*"))
    works(S3Landing(server.directory(bucket, keys)), source)


def test_with_a_session_token(server: S3Server, bucket: str, source: Source) -> None:
    works(S3Landing(server.directory(bucket, temporary(server))), source)


def test_with_the_variables_of_the_environment(
    server: S3Server, bucket: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = server.user(allow(bucket, "s3:*"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    works(S3Landing(ambient(server, bucket)), source)


def test_with_a_profile(
    server: S3Server, bucket: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = server.user(allow(bucket, "s3:*"))
    file = tmp_path / "credentials"
    file.write_text(
        f"[lake]\naws_access_key_id = {keys.access_key_id}\n"
        f"aws_secret_access_key = {keys.secret_access_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "lake")
    works(S3Landing(ambient(server, bucket)), source)


@contextmanager
def container_credentials(keys: Keys) -> Generator[tuple[str, list[str]], None, None]:
    """What ECS and EKS offer a container; yields its address and the authorization it was given."""
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    document = {
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "Token": keys.session_token,
        "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as endpoint:
        threading.Thread(target=endpoint.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{endpoint.server_port}/credentials", asked
        endpoint.shutdown()


def test_with_the_role_of_the_container(
    server: S3Server, bucket: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with container_credentials(temporary(server)) as (url, asked):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
        works(S3Landing(ambient(server, bucket)), source)
    assert asked == ["container-token"]


@pytest.mark.parametrize("own_keys", [True, False])
def test_with_a_role_to_assume(
    server: S3Server,
    bucket: str,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    own_keys: bool,
) -> None:
    keys = server.user({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    arn = new_role(server)
    if own_keys:
        directory = server.directory(bucket, keys)
    else:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
        directory = ambient(server, bucket)
    with pytest.raises(PermissionDeniedError):
        source.put(S3Landing(directory))
    with FaultProxy(server.port) as proxy:
        asked = replace(directory, role_arn=arn, external_id="shop", endpoint_url=proxy.url)
        works(S3Landing(asked), source)
        assert proxy.count("POST", "^/$") == 1  # once, not for each request


def test_with_a_role_whose_credentials_run_out_while_the_landing_lives(
    server: S3Server, bucket: str, source: Source
) -> None:
    """STS says they end in ten minutes, which the SDK takes for time to renew them."""
    keys = temporary(server)
    ends = (datetime.now(timezone.utc) + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<Credentials><AccessKeyId>{keys.access_key_id}</AccessKeyId><SecretAccessKey>"
        f"{keys.secret_access_key}</SecretAccessKey><SessionToken>{keys.session_token}"
        f"</SessionToken><Expiration>{ends}</Expiration></Credentials></AssumeRoleResult>"
        "</AssumeRoleResponse>"
    )
    sts = Fault("POST", "^/$", status=200, body=answer.encode(), times=None)
    with FaultProxy(server.port, sts) as proxy:
        directory = server.directory(bucket, role_arn="arn:aws:iam::123456789012:role/r")
        landing = S3Landing(replace(directory, endpoint_url=proxy.url))
        works(landing, source)
        assert sts.struck > 1
