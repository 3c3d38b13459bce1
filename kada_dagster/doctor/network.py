"""Whether a server can be reached: its name, its port, and its certificate, one after the other."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kada_dagster.doctor.check import Verdict, fail, ok

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """Where to knock.

    Attributes:
        host: name or address.
        port: of TCP.
        fields: what to correct when it is wrong, as `server and port`.
        tls: whether to greet over TLS.
        bundles: environment variables that may name certificates to trust.
        proxy_for: host that is reached by way of this one; empty for none.
    """

    host: str
    port: int
    fields: str
    tls: bool = False
    bundles: tuple[str, ...] = _BUNDLES
    proxy_for: str = ""

    @property
    def where(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def address_of(url: str, fields: str, *bundles: str) -> Address:
    """The address behind a URL; that of the proxy where the environment names one for it.

    Args:
        url: as `https://api.example.com/v1`.
        fields: see `Address`.
        bundles: see `Address`; the usual ones by default.
    """
    from requests.utils import get_environ_proxies, select_proxy

    parts = urlsplit(url)
    host = parts.hostname or ""
    if proxy := select_proxy(url, get_environ_proxies(url)):
        way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = way.port or _PORTS.get(way.scheme, 80)
        return Address(way.hostname or "", port, "the proxy variables", proxy_for=host)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return Address(host, port, fields, parts.scheme == "https", bundles or _BUNDLES)


def reach(address: Address, timeout: float) -> Iterator[Verdict]:
    """Look the name up, connect, and where it is asked for, shake hands over TLS.

    Args:
        address: where.
        timeout: seconds to wait for the connection, and for the handshake.
    """
    where, fields = address.where, address.fields
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or "no name of a host"
        yield fail(
            f"{address.host}: the name cannot be resolved ({said}): correct {fields}, or "
            "mend the DNS"
        )
        return
    try:
        with socket.create_connection((address.host, address.port), timeout) as line:
            yield from _greeted(address, line)
    except ConnectionRefusedError:
        yield fail(f"{where} refuses connections: start the server, or correct {fields}")
    except TimeoutError:
        yield fail(
            f"{where} does not answer within {timeout:g} s: a firewall may be in the way; "
            f"check the network, and {fields}"
        )
    except OSError as error:
        said = error.strerror or type(error).__name__
        yield fail(f"{where} cannot be reached ({said}): check the network, and {fields}")


def reach_socket(folder: str, port: int) -> Iterator[Verdict]:
    """Look for the socket of a PostgreSQL server in a folder of this machine."""
    path = Path(folder) / f".s.PGSQL.{port}"
    if path.is_socket():
        yield ok(f"{path} is there")
    else:
        yield fail(f"{path}: there is no such socket: start the server, or correct server and port")


def _greeted(address: Address, line: socket.socket) -> Iterator[Verdict]:
    if address.proxy_for:
        yield ok(f"{address.where} answers, the proxy on the way to {address.proxy_for}")
    elif not address.tls:
        yield ok(f"{address.where} answers")
    else:
        yield _shaken(address, line)


def _shaken(address: Address, line: socket.socket) -> Verdict:
    try:
        with _trusting(address.bundles).wrap_socket(line, server_hostname=address.host) as secured:
            return ok(f"{address.where} answers over {secured.version()}")
    except ssl.SSLCertVerificationError as error:
        bundle = address.bundles[0]
        return fail(
            f"{address.where}: its certificate is not trusted ({error.verify_message}): correct "
            f"{address.fields}, or name your authority's certificate in {bundle}"
        )
    except (ssl.SSLError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error.strerror
        return fail(f"{address.where}: TLS fails ({reason}): see that it speaks https there")


def _trusting(bundles: tuple[str, ...]) -> ssl.SSLContext:
    """What `requests` and the SDKs trust: the authorities named, else those of certifi."""
    import certifi

    named = next((os.environ[name] for name in bundles if os.environ.get(name)), certifi.where())
    if Path(named).is_dir():
        return ssl.create_default_context(capath=named)
    return ssl.create_default_context(cafile=named)
