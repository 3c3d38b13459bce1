"""Faults between a collector and Azure Blob: the store holds the old file or the new one, whole.

The emulator is real; the network in front of it fails where a test says so.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.storage.blob import ContainerClient

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    KadaError,
    LandingError,
    PermissionDeniedError,
)
from kada_dagster.landing import azure_client
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.azure_client import PAUSES, PUT_BYTES
from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of

BLOB = f"lz/shop/landing/{NAME}"
SMALL, LARGE = 5_000, 2 * PUT_BYTES + 5_000
BLOCK, COMMIT = "comp=block(&|$)", "comp=blocklist"
_SEND = """
import os, sys
from pathlib import Path
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret

container, url, source, size, sha256, name = sys.argv[1:]
token = Secret(variable="KADA_SAS_TOKEN")
place = AzureDirectory("kada", container, "lz/shop/landing", token, account_url=url)
AzureBlobLanding(place).put(Path(source), name, size=int(size), sha256=sha256)
"""


@pytest.fixture
def container(azurite: Azurite) -> ContainerClient:
    """A container with the old file in its place."""
    container = azurite.new_container()
    container.upload_blob(BLOB, b"old")
    return container


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, in order; they take no time."""
    asked = list[float]()
    monkeypatch.setattr(azure_client, "time", SimpleNamespace(sleep=asked.append))
    return asked


def through(azurite: Azurite, container: ContainerClient, proxy: FaultProxy) -> AzureBlobLanding:
    """The landing behind a proxy."""
    return AzureBlobLanding(azurite.directory(container.container_name, port=proxy.port))


def content(container: ContainerClient) -> bytes:
    """The file in the landing, which is the only one."""
    assert [blob.name for blob in container.list_blobs()] == [BLOB]
    return container.download_blob(BLOB).readall()


def content_md5(source: Source) -> dict[str, str]:
    """The header that confirms a file."""
    md5 = hashlib.md5(source.path.read_bytes()).digest()
    return {"Content-MD5": base64.b64encode(md5).decode()}


def refused(status: int, code: str = "", **given: object) -> Fault:
    """A fault that answers like the service."""
    body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() if code else b""
    headers = {"x-ms-error-code": code, "Content-Type": "application/xml"} if code else {}
    return Fault(status=status, headers=headers, body=body, **given)  # type: ignore[arg-type]


PASSING = {
    "first look 503": lambda: refused(503, "ServerBusy", method="HEAD"),
    "first look cut": lambda: Fault("HEAD", cut_answer=True),
    "429": lambda: refused(429, method="PUT", times=3),
    "500": lambda: refused(500, "InternalError", method="PUT", times=3),
    "503": lambda: refused(503, "ServerBusy", method="PUT", times=3),
    "damaged": lambda: refused(400, "Md5Mismatch", method="PUT"),
    "request cut": lambda: Fault("PUT", cut_after=1_000, times=3),
    "answer cut": lambda: Fault("PUT", cut_answer=True, times=2),
    "last look 500": lambda: refused(500, "InternalError", method="HEAD", skip=1),
    "last look cut": lambda: Fault("HEAD", skip=1, cut_answer=True),
    "second block 429": lambda: refused(429, method="PUT", target=BLOCK, skip=1),
    "third block 503": lambda: refused(503, method="PUT", target=BLOCK, skip=2),
    "every block 500": lambda: refused(500, method="PUT", target=BLOCK, times=3),
    "block cut": lambda: Fault("PUT", BLOCK, skip=1, cut_after=4_000),
    "block answer cut": lambda: Fault("PUT", BLOCK, skip=1, cut_answer=True, times=2),
    "commit 503": lambda: refused(503, "ServerBusy", method="PUT", target=COMMIT),
    "commit 429": lambda: refused(429, method="PUT", target=COMMIT, times=5),
    "commit cut": lambda: Fault("PUT", COMMIT, cut_after=10),
    "commit answer cut": lambda: Fault("PUT", COMMIT, cut_answer=True, times=3),
    "block list 500": lambda: refused(500, method="GET", target=COMMIT),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_overcome(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, fault: str, pauses: list[float]
) -> None:
    large = any(word in fault for word in ("block", "commit"))
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE if large else SMALL))
    strike, steps = PASSING[fault](), list[int]()
    with FaultProxy(azurite.port, strike) as proxy:
        assert source.put(through(azurite, container, proxy), progress=steps.append).sent
    assert strike.struck == strike.times
    assert len(pauses) == strike.times
    assert content(container) == source.path.read_bytes()
    assert sum(steps) == source.size


LASTING = {
    "look 503": lambda: refused(503, "ServerBusy", method="HEAD", times=None),
    "look cut": lambda: Fault("HEAD", times=None, cut_answer=True),
    "429": lambda: refused(429, method="PUT", times=None),
    "500": lambda: refused(500, "InternalError", method="PUT", times=None),
    "503": lambda: refused(503, "ServerBusy", method="PUT", times=None),
    "503 of a gateway": lambda: Fault("PUT", status=503, body=b"<html>", times=None),
    "damaged": lambda: refused(400, "Md5Mismatch", method="PUT", times=None),
    "put cut": lambda: Fault("PUT", cut_after=1_000, times=None),
    "put confirmed without checksum": lambda: Fault(
        "PUT", status=201, headers={"ETag": '"0x1"'}, times=None
    ),
    "put confirmed with another checksum": lambda: Fault(
        "PUT", status=201, headers={"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, times=None
    ),
    "third block 429": lambda: refused(429, method="PUT", target=BLOCK, skip=2, times=None),
    "third block cut": lambda: Fault("PUT", BLOCK, skip=2, cut_after=1_000, times=None),
    "commit 500": lambda: refused(500, method="PUT", target=COMMIT, times=None),
    "commit cut": lambda: Fault("PUT", COMMIT, cut_after=10, times=None),
}


@pytest.mark.parametrize("fault", LASTING)
def test_after_a_fault_that_lasts_the_old_file_is_there_and_a_retry_helps(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, fault: str, pauses: list[float]
) -> None:
    large = any(word in fault for word in ("block", "commit"))
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE if large else SMALL))
    with FaultProxy(azurite.port, LASTING[fault]()) as proxy:
        landing = through(azurite, container, proxy)
        with pytest.raises(ConnectionFailedError) as caught:
            source.put(landing)
        assert str(caught.value).startswith(f"landing {landing.describe()}: ")
        assert "sig=" not in str(caught.value)
        assert content(container) == b"old"
        proxy.faults = ()
        assert source.put(landing).sent
    assert content(container) == source.path.read_bytes()


def test_when_the_last_answers_are_lost_the_new_file_is_there_and_a_retry_sees_it(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, pauses: list[float]
) -> None:
    for size in (SMALL, LARGE):
        source = Source.write(tmp_path / "source", bytes_of(size, size))
        fault = Fault("PUT", "" if size == SMALL else COMMIT, times=None, cut_answer=True)
        with FaultProxy(azurite.port, fault) as proxy:
            landing = through(azurite, container, proxy)
            with pytest.raises(ConnectionFailedError, match="the connection was lost"):
                source.put(landing)
            assert content(container) == source.path.read_bytes()
            proxy.faults = ()
            assert not source.put(landing).sent


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_confirmation_is_not_believed_when_the_store_does_not_report_the_file(
    azurite: Azurite, tmp_path: Path, size: int
) -> None:
    container = azurite.new_container()
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    headers = {"ETag": '"0x1"'} if size == LARGE else {"ETag": '"0x1"', **content_md5(source)}
    last = Fault("PUT", "" if size == SMALL else COMMIT, status=201, headers=headers)
    lost = pytest.raises(ConnectionFailedError, match="and then does not know it")
    with FaultProxy(azurite.port, last) as proxy, lost:
        source.put(through(azurite, container, proxy))
    assert list(container.list_blobs()) == []


def test_a_file_of_other_blocks_than_were_sent_is_not_believed(
    azurite: Azurite, container: ContainerClient, tmp_path: Path
) -> None:
    """The MD5 of a blob of blocks is what its sender said; its blocks are what the store has."""
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE))
    body = b"<BlockList><CommittedBlocks/></BlockList>"
    xml = {"Content-Type": "application/xml"}
    other = Fault("GET", COMMIT, status=200, headers=xml, body=body)
    wrong = pytest.raises(ConnectionFailedError, match="reports another size or checksum for it")
    with FaultProxy(azurite.port, other) as proxy, wrong:
        source.put(through(azurite, container, proxy))


def test_pauses_grow_and_are_as_long_as_the_service_asks(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, pauses: list[float]
) -> None:
    source = Source.write(tmp_path / "source", b"x")
    busy = Fault("PUT", status=503, times=len(PAUSES))
    with FaultProxy(azurite.port, busy) as proxy:
        source.put(through(azurite, container, proxy))
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, PAUSES))
    assert len(pauses) == len(PAUSES)
    pauses.clear()
    source = Source.write(tmp_path / "source", b"xy")
    asks = [
        Fault("PUT", status=503, headers={"Retry-After": text})
        for text in ("7", "9999", "Wed, 21 Oct 2026 07:28:00 GMT")
    ]
    with FaultProxy(azurite.port, *asks) as proxy:
        source.put(through(azurite, container, proxy))
    assert pauses[:2] == [7, 60]
    assert pauses[2] <= PAUSES[2]


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AuthorizationFailure", PermissionDeniedError, "firewall"),
        (403, "AuthenticationFailed", PermissionDeniedError, "Make a new SAS token"),
        (403, "AuthorizationSourceIPMismatch", PermissionDeniedError, "for its address"),
        (403, "KeyBasedAuthenticationNotPermitted", PermissionDeniedError, "user delegation"),
        (403, "UnauthorizedBlobOverwrite", PermissionDeniedError, "make one with write"),
        (403, "AccountIsDisabled", PermissionDeniedError, "enable it"),
        (403, "", PermissionDeniedError, "Make a new SAS token"),
        (401, "", PermissionDeniedError, "Make a new SAS token"),
        (404, "ContainerNotFound", LandingError, "there is no such container"),
        (409, "ContainerBeingDeleted", LandingError, "is being deleted"),
        (409, "BlobImmutableDueToPolicy", LandingError, "immutability policy"),
        (409, "BlobArchived", LandingError, "archive tier"),
        (400, "InvalidBlobOrBlock", LandingError, "unfinished blocks"),
        (400, "InvalidUri", LandingError, "Azure allows no such name"),
        (409, "SomethingNew", LandingError, "refused with HTTP 409 SomethingNew"),
        (418, "", LandingError, "refused with HTTP 418"),
        (307, "", LandingError, "refused with HTTP 307"),
    ],
)
def test_a_refusal_names_the_landing_and_the_cure(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    pauses: list[float],
    status: int,
    code: str,
    kind: type[KadaError],
    said: str,
) -> None:
    for size, target in ((SMALL, ""), (LARGE, BLOCK), (LARGE, COMMIT)):
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        with FaultProxy(azurite.port, refused(status, code, method="PUT", target=target)) as proxy:
            landing = through(azurite, container, proxy)
            with pytest.raises(kind, match=said) as caught:
                source.put(landing)
        assert type(caught.value) is kind
        assert str(caught.value).startswith(f"landing {landing.describe()}: ")
        assert not caught.value.transient
        assert caught.value.__context__ is None
        assert content(container) == b"old"
    assert pauses == []


def test_a_leased_file_is_left_alone(
    azurite: Azurite, container: ContainerClient, tmp_path: Path
) -> None:
    container.get_blob_client(BLOB).acquire_lease()
    for size in (SMALL, LARGE):
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        landing = AzureBlobLanding(azurite.directory(container.container_name))
        with pytest.raises(LandingError, match="another program holds a lease"):
            source.put(landing)
    assert content(container) == b"old"


def test_a_blob_of_another_type_is_explained(
    azurite: Azurite, container: ContainerClient, tmp_path: Path
) -> None:
    container.delete_blob(BLOB)
    container.get_blob_client(BLOB).create_append_blob()
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE))
    with pytest.raises(LandingError, match="an append or page blob"):
        source.put(AzureBlobLanding(azurite.directory(container.container_name)))


def test_when_other_uploads_never_end_the_file_is_given_up(
    azurite: Azurite, container: ContainerClient, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, PUT_BYTES + 1))
    fault = refused(400, "InvalidBlockList", method="PUT", target=COMMIT, times=None)
    with FaultProxy(azurite.port, fault) as proxy:
        with pytest.raises(LandingError, match="let a single collector write"):
            source.put(through(azurite, container, proxy))
        assert proxy.count("PUT", COMMIT) == 5
    assert content(container) == b"old"


def test_a_host_that_does_not_exist_is_explained(pauses: list[float]) -> None:
    token = Secret(value="sv=1&sig=hidden")
    place = AzureDirectory("kada", "c", "lz", token, account_url="https://kada.invalid")
    with pytest.raises(ConnectionFailedError, match="no such host: correct landing") as caught:
        AzureBlobLanding(place).test_connection()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("account", ["my account", "", "x" * 80, "a..b"])
def test_an_account_that_makes_no_address_is_explained(account: str) -> None:
    landing = AzureBlobLanding(AzureDirectory(account, "c", "lz", Secret(value="sv=1&sig=hidden")))
    with pytest.raises(LandingError, match="this is not an address: correct landing") as caught:
        landing.test_connection()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(("url", "container"), [("https://", "c"), ("http://127.0.0.1:1/k", "")])
def test_an_address_or_container_left_empty_is_a_mistake_of_the_configuration(
    url: str, container: str
) -> None:
    token = Secret(value="sv=1&sig=hidden")
    with pytest.raises(ConfigError, match=r"^landing http"):
        AzureBlobLanding(
            AzureDirectory("k", container, "lz", token, account_url=url)
        ).test_connection()


def test_a_port_nobody_listens_on_is_explained(pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = Secret(value="sv=1&sig=hidden")
    place = AzureDirectory("kada", "c", "lz", token, account_url=f"http://127.0.0.1:{port}/kada")
    with pytest.raises(ConnectionFailedError, match="it does not answer"):
        AzureBlobLanding(place).test_connection()
    assert len(pauses) == len(PAUSES)


def test_a_service_that_is_silent_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(azure_client, "PAUSES", ())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/kada"
        token = Secret(value="sv=1&sig=hidden")
        place = AzureDirectory("kada", "c", "lz", token, account_url=url, timeout=1)
        with pytest.raises(ConnectionFailedError, match="it does not answer"):
            AzureBlobLanding(place).test_connection()


@pytest.mark.parametrize(
    ("method", "target", "skip"),
    [("HEAD", "", 0), ("PUT", BLOCK, 0), ("PUT", BLOCK, 2), ("PUT", COMMIT, 0), ("HEAD", "", 1)],
)
def test_after_a_killed_upload_a_new_one_starts_clean(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    target: str,
    skip: int,
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE))
    monkeypatch.setenv("KADA_SAS_TOKEN", azurite.container_sas(container.container_name))
    halt = Fault(method, target, skip=skip, delay=600, status=503)
    with FaultProxy(azurite.port, halt) as proxy:
        command = [sys.executable, "-c", _SEND, container.container_name]
        command += [azurite.url_at(proxy.port), str(source.path), str(source.size), source.sha256]
        process = subprocess.Popen([*command, NAME])
        while not halt.struck:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
    committed = (method, skip) == ("HEAD", 1)
    assert content(container) == (source.path.read_bytes() if committed else b"old")
    landing = AzureBlobLanding(azurite.directory(container.container_name))
    assert source.put(landing).sent != committed
    assert content(container) == source.path.read_bytes()
