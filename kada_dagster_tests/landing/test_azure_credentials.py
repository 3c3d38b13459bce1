"""Credentials for Azure Blob, on a real Azurite: every form is taken, every refusal explained.

No message, log or traceback may show a token.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient, ResourceTypes, Services

from kada_dagster.errors import ConfigError, KadaError, LandingError, PermissionDeniedError
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.azure_client import PUT_BYTES
from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of

BLOB = f"lz/shop/landing/{NAME}"
SMALL, LARGE = 5_000, PUT_BYTES + 5_000
PAST = datetime.now(timezone.utc) - timedelta(hours=2)
_SEND = """
import sys
from pathlib import Path
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.places import AzureDirectory

account, container, url, source, size, sha256, name = sys.argv[1:]
landing = AzureBlobLanding(AzureDirectory(account, container, "lz/shop/landing", account_url=url))
landing.test_connection()
print(landing.put(Path(source), name, size=int(size), sha256=sha256).sent)
"""


@pytest.fixture
def container(azurite: Azurite) -> ContainerClient:
    return azurite.new_container()


def outcome(landing: AzureBlobLanding, source: Source, token: str) -> list[KadaError]:
    """The errors of everything a landing does; none of them shows the token's signature."""
    errors: list[KadaError] = []
    for work in (
        landing.test_connection,
        lambda: source.put(landing),
        lambda: source.is_in(landing),
    ):
        try:
            work()
        except KadaError as error:
            errors.append(error)
    for error in errors:
        assert token.rpartition("sig=")[2] not in "".join(traceback.format_exception(error))
        assert error.__context__ is None
    return errors


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("prefix", ["", "?"])
@pytest.mark.parametrize("scope", ["account", "container"])
def test_a_token_of_either_scope_is_taken_with_and_without_question_mark(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    scope: str,
    prefix: str,
    size: int,
) -> None:
    name = container.container_name
    token = prefix + (azurite.account_sas() if scope == "account" else azurite.container_sas(name))
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    assert outcome(AzureBlobLanding(azurite.directory(name, token=token)), source, token) == []
    assert container.download_blob(BLOB).readall() == source.path.read_bytes()


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("permission", ["cw", "w"])
def test_a_token_that_may_only_write_is_enough(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, permission: str, size: int
) -> None:
    token = azurite.container_sas(container.container_name, permission)
    landing = AzureBlobLanding(azurite.directory(container.container_name, token=token))
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    assert outcome(landing, source, token) == []
    assert source.put(landing).sent  # what is there cannot be seen, so it is replaced
    assert not source.is_in(landing)
    assert container.download_blob(BLOB).readall() == source.path.read_bytes()


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired", "the SAS token expired at "),
        ("account expired", "the SAS token expired at "),
        ("early", "the SAS token is valid from "),
        ("read only", r"lacks the permission write \(w\), it has r"),
        ("create only", r"lacks the permission write \(w\), it has c"),
        ("other container", "made for this account and container"),
        ("other service", "not for the Blob service"),
        ("other resources", "not for objects"),
        ("https only", "for https only"),
        ("wrong signature", "made for this account and container"),
        ("cut", "made for this account and container"),
    ],
)
def test_a_token_that_does_not_fit_is_explained(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, kind: str, said: str, size: int
) -> None:
    name = container.container_name
    future = datetime.now(timezone.utc) + timedelta(minutes=30)
    token = {
        "expired": lambda: azurite.container_sas(name, expiry=PAST),
        "account expired": lambda: azurite.account_sas(expiry=PAST),
        "early": lambda: azurite.container_sas(name, start=future),
        "read only": lambda: azurite.container_sas(name, "r"),
        "create only": lambda: azurite.container_sas(name, "c"),
        "other container": lambda: azurite.container_sas("other"),
        "other service": lambda: azurite.account_sas(services=Services(queue=True)),
        "other resources": lambda: azurite.account_sas(
            resource_types=ResourceTypes(container=True)
        ),
        "https only": lambda: azurite.container_sas(name, protocol="https"),
        "wrong signature": lambda: azurite.container_sas(name).replace("sig=", "sig=x"),
        "cut": lambda: re.sub("%.?$", "", azurite.container_sas(name)[:-9]),
    }[kind]()
    landing = AzureBlobLanding(azurite.directory(name, token=token))
    errors = outcome(landing, Source.write(tmp_path / "source", bytes_of(1, size)), token)
    sees = kind == "read only"  # and may so tell whether a file is there
    assert len(errors) == (2 if sees else 3)
    for error in errors:
        assert isinstance(error, PermissionDeniedError)
        assert str(error).startswith(f"landing {landing.describe()}: ")
        with pytest.raises(PermissionDeniedError, match=said):
            raise error
    assert list(container.list_blobs(include=["uncommittedblobs"])) == []


@pytest.mark.parametrize("text", ["", "no token", "QWNjb3VudEtleQ=="])
def test_what_is_no_token_is_refused_before_anything_is_reached(
    azurite: Azurite, tmp_path: Path, text: str
) -> None:
    landing = AzureBlobLanding(azurite.directory("any", token=text))
    errors = outcome(landing, Source.write(tmp_path / "source", b"x"), "sig=hidden")
    assert [type(error) for error in errors] == [ConfigError] * 3


def test_an_unset_variable_is_named() -> None:
    secret = Secret(variable="KADA_NO_SUCH_TOKEN")
    landing = AzureBlobLanding(AzureDirectory("kada", "c", "lz", secret))
    with pytest.raises(ConfigError, match="KADA_NO_SUCH_TOKEN is not set"):
        landing.test_connection()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuchcontainer", "there is no such container"),
        ("Not_A_Name", "Azure allows no such name"),
    ],
)
def test_a_container_that_cannot_be_is_explained(
    azurite: Azurite, tmp_path: Path, name: str, said: str
) -> None:
    token = azurite.account_sas()
    landing = AzureBlobLanding(azurite.directory(name, token=token))
    errors = outcome(landing, Source.write(tmp_path / "source", b"x"), token)
    assert errors
    for error in errors:
        assert isinstance(error, LandingError)
        with pytest.raises(LandingError, match=said):
            raise error


def test_no_log_of_any_level_shows_the_signature(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = azurite.container_sas(container.container_name)
    landing = AzureBlobLanding(azurite.directory(container.container_name, token=token))
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "urllib3"):
        Source.write(tmp_path / "source", bytes_of(1, LARGE)).put(landing)
    requests = [record for record in caplog.records if record.name == "urllib3.connectionpool"]
    assert any("sig=***" in record.getMessage() for record in requests)
    assert token.rpartition("sig=")[2] not in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_neither_the_landing_nor_its_address_shows_the_token(azurite: Azurite) -> None:
    directory = azurite.directory("any", token="sv=1&sig=hidden")
    landing = AzureBlobLanding(directory)
    assert "hidden" not in f"{landing!r} {landing} {landing.describe()} {directory!r} {directory}"


@contextmanager
def token_service() -> Generator[str, None, None]:
    """The address of a managed identity's token endpoint, as App Service offers it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            right = self.headers["X-IDENTITY-HEADER"] == "identity"
            now = int(time.time())
            issuer = "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"
            claims = {"aud": "https://storage.azure.com", "iss": issuer, "iat": now}
            claims |= {"nbf": now - 60, "exp": now + 3600}
            token = ".".join((encoded({"alg": "none"}), encoded(claims), "eA"))
            answer = {"access_token": token, "expires_on": str(now + 3600), "token_type": "Bearer"}
            body = json.dumps(answer | {"resource": "https://storage.azure.com"}).encode()
            self.send_response(200 if right else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/token"
        finally:
            server.shutdown()


def encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def send_with_default_credentials(
    server: Azurite, container: str, source: Source, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Send a file from a process of its own, in an environment without other credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    command = [sys.executable, "-c", _SEND, "kada", container, server.account_url]
    command += [str(source.path), str(source.size), source.sha256, NAME]
    trust = {"REQUESTS_CA_BUNDLE": str(server.certificate)}
    return subprocess.run(
        command,
        env={**kept, **trust, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_without_a_token_the_identity_of_the_machine_is_used(
    azurite_tls: Azurite, tmp_path: Path, size: int
) -> None:
    container = azurite_tls.new_container()
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    with token_service() as address:
        done = send_with_default_credentials(
            azurite_tls,
            container.container_name,
            source,
            IDENTITY_ENDPOINT=address,
            IDENTITY_HEADER="identity",
        )
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert container.download_blob(BLOB).readall() == source.path.read_bytes()


def test_without_any_credentials_the_message_says_what_to_set(
    azurite_tls: Azurite, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", b"x")
    done = send_with_default_credentials(
        azurite_tls, "any", source, AZURE_TOKEN_CREDENTIALS="EnvironmentCredential"
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("kada_dagster.errors.PermissionDeniedError: landing https://127.0.0.1:")
    assert "no default credentials are to be had here: set sas_token" in last


def test_a_certificate_that_is_not_trusted_is_explained(
    azurite_tls: Azurite, tmp_path: Path
) -> None:
    container = azurite_tls.new_container().container_name
    token = azurite_tls.container_sas(container)
    landing = AzureBlobLanding(azurite_tls.directory(container, token=token))
    (*_, error) = outcome(landing, Source.write(tmp_path / "source", b"x"), token)
    with pytest.raises(LandingError, match=r"its certificate is not trusted.*REQUESTS_CA_BUNDLE"):
        raise error


def test_default_credentials_are_not_sent_over_http() -> None:
    directory = AzureDirectory("kada", "c", "lz", account_url="http://127.0.0.1:1/kada")
    with pytest.raises(ConfigError, match="sent over https only"):
        AzureBlobLanding(directory).test_connection()
