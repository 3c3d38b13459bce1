"""Name, port, certificate: which of them is wrong is told, on real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster.doctor.check import Status
from kada_dagster.doctor.network import Address, address_of, reach, reach_socket
from kada_dagster_tests.landing.azurite import make_certificate


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A server that shakes hands over TLS, and its certificate, which nobody trusts."""
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_shake, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1], certificate


def _shake(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line:
            try:
                context.wrap_socket(line, server_side=True).close()
            except OSError:
                continue


def told(address: Address) -> str:
    (verdict,) = reach(address, 5)
    return f"{verdict.status.value} {verdict.message}"


def test_a_certificate_of_an_unknown_authority_is_told_with_its_cure(
    secured: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate = secured
    address = address_of(f"https://127.0.0.1:{port}/v1", "base_url")
    assert told(address) == (
        f"FAIL 127.0.0.1:{port}: its certificate is not trusted (self-signed certificate): correct "
        "base_url, or name your authority's certificate in REQUESTS_CA_BUNDLE"
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert told(address) == f"OK 127.0.0.1:{port} answers over TLSv1.3"


def test_a_certificate_of_another_host_is_told(
    secured: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate = secured
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert "not trusted (Hostname mismatch" in told(address_of(f"https://localhost:{port}", "url"))


def test_the_proxy_is_reached_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{port}")
        address = address_of("https://api.invalid/v1", "base_url")
        assert told(address) == (
            f"OK 127.0.0.1:{port} answers, the proxy on the way to api.invalid"
        )
        monkeypatch.setenv("no_proxy", "api.invalid")
        assert "api.invalid: the name cannot be resolved" in told(
            address_of("https://api.invalid/v1", "base_url")
        )
    monkeypatch.delenv("no_proxy")
    assert f"127.0.0.1:{port} refuses connections: start the server, or correct the proxy " in told(
        address
    )


def test_a_port_that_nobody_serves_in_time_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        where = ("127.0.0.1", listener.getsockname()[1])
        waiting = [socket.socket() for _ in range(3)]  # no room is left for another
        for line in waiting:
            line.setblocking(False)
            line.connect_ex(where)
        (verdict,) = reach(Address(*where, "server and port"), 0.3)
        for line in waiting:
            line.close()
    assert verdict.status is Status.FAIL
    assert "does not answer within 0.3 s: a firewall may be in the way" in verdict.message


def test_a_host_that_is_no_name_is_told() -> None:
    assert told(Address("a..b", 80, "server and port")).startswith("FAIL a..b: the name cannot be")


def test_the_socket_of_a_local_server_is_looked_for(tmp_path: Path) -> None:
    (verdict,) = reach_socket(str(tmp_path), 5432)
    assert verdict.message.startswith(f"{tmp_path}/.s.PGSQL.5432: there is no such socket: start")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ".s.PGSQL.5432"))
        (verdict,) = reach_socket(str(tmp_path), 5432)
    assert verdict.status is Status.OK
