"""Azurite, Microsoft's emulator of Azure Blob Storage, as a process of its own on a free port.

It comes from npm and is installed once into the user's cache folder. `azurite` is a server over
http; `azurite_tls` one over https, which also takes OAuth tokens and whose certificate is
`.certificate`. Both are shared by the tests of a process: make a container of your own.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

VERSION = "3.37.0"  # pinned: what is tested must not change by itself
ACCOUNT = "kada"
_INSTALL_SECONDS = 300
_START_SECONDS = 60
_PROGRAM = "node_modules/azurite/dist/src/blob/main.js"


@dataclass(frozen=True)
class Azurite:
    """A running server.

    Attributes:
        port: where it listens, on 127.0.0.1.
        key: of the account.
        certificate: the file of its certificate; None over http.
    """

    port: int
    key: str
    certificate: Path | None = None

    @property
    def account_url(self) -> str:
        """Address of the account's blob service."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The account's address where a proxy listens on `port`."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{port}/{ACCOUNT}"

    def new_container(self) -> ContainerClient:
        """A container nobody else uses, looked at with the account's key."""
        from azure.storage.blob import ContainerClient

        name = f"c{secrets.token_hex(8)}"
        trust: dict[str, Any] = (
            {"connection_verify": str(self.certificate)} if self.certificate else {}
        )
        client = ContainerClient(self.account_url, name, credential=self._credential, **trust)
        client.create_container()
        return client

    @property
    def _credential(self) -> dict[str, str]:
        return {"account_name": ACCOUNT, "account_key": self.key}

    def account_sas(self, permission: str = "rcw", **given: Any) -> str:
        """A token for the whole account with some of read, create and write; valid for an hour
        unless `expiry` says otherwise."""
        from azure.storage.blob import (
            AccountSasPermissions,
            ResourceTypes,
            Services,
            generate_account_sas,
        )

        settings: dict[str, Any] = {
            "resource_types": ResourceTypes(object=True, container=True),
            "services": Services(blob=True),
            "expiry": _now() + timedelta(hours=1),
            **given,
        }
        permissions = AccountSasPermissions(
            read="r" in permission, create="c" in permission, write="w" in permission
        )
        return generate_account_sas(ACCOUNT, self.key, permission=permissions, **settings)

    def container_sas(self, container: str, permission: str = "rcw", **given: Any) -> str:
        """A token for one container; valid for an hour unless `expiry` says otherwise."""
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        settings: dict[str, Any] = {"expiry": _now() + timedelta(hours=1), **given}
        return generate_container_sas(
            ACCOUNT,
            container,
            account_key=self.key,
            permission=ContainerSasPermissions.from_string(permission),
            **settings,
        )

    def directory(
        self,
        container: str,
        path: str = "lz/shop/landing",
        *,
        token: str | None = None,
        port: int | None = None,
    ) -> AzureDirectory:
        """A directory of a container, reached with a token; by default one of the container."""
        return AzureDirectory(
            ACCOUNT,
            container,
            path,
            Secret(value=self.container_sas(container) if token is None else token),
            account_url=self.url_at(port or self.port),
            timeout=20,
        )


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A running Azurite over http."""
    with running(_home_or_skip()) as server:
        yield server


@pytest.fixture(scope="session")
def azurite_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A running Azurite over https that takes OAuth tokens."""
    with running(_home_or_skip(), *make_certificate(tmp_path_factory.mktemp("tls"))) as server:
        yield server


@contextmanager
def running(
    home: Path, certificate: Path | None = None, key_file: Path | None = None
) -> Generator[Azurite, None, None]:
    """Start a server from an installation, and stop it."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    command = [str(shutil.which("node")), str(home / _PROGRAM), "--blobPort", "0", "--silent"]
    # The SDK may be newer than the emulator and name a version of the interface it does not know.
    command += ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]
    if certificate:
        command += ["--oauth", "basic", "--cert", str(certificate), "--key", str(key_file)]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT
            )
        try:
            yield Azurite(_wait_for_port(process, output), key, certificate)
        finally:
            process.kill()  # what it holds in memory alone need not be closed
            process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], output: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"listens on https?://127\.0\.0\.1:(\d+)", output.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"Azurite did not start:\n{output.read_text()}")


def _home_or_skip() -> Path:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed, so there is no Azurite to test against")
    try:
        return installed()
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"npm cannot install azurite@{VERSION}: {type(error).__name__}")


def installed() -> Path:
    """The folder Azurite is installed in; done by the first process that asks."""
    home = _cache_folder() / f"azurite-{VERSION}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{home}.lock"):
        if not home.is_dir():
            with tempfile.TemporaryDirectory(prefix=".install-", dir=home.parent) as work:
                place = Path(work) / "azurite"
                _install(place)
                place.rename(home)
    return home


def _install(place: Path) -> None:
    place.mkdir()
    command = [str(shutil.which("npm")), "install", f"azurite@{VERSION}", "--prefix", str(place)]
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    # One of some 450 packages may fail once; where there is no network it is told in seconds.
    command += ["--fetch-retries=3", "--fetch-retry-mintimeout=500", "--fetch-retry-factor=2"]
    command += ["--fetch-timeout=30000", "--loglevel=error"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=_INSTALL_SECONDS)


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kada_dagster"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(_now() - timedelta(days=1))
        .not_valid_after(_now() + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key_file


def _now() -> datetime:
    return datetime.now(timezone.utc)
