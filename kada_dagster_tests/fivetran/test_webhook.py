"""Webhooks hint, and nothing more: a true one makes the sensor look at once, others do not."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.watch.cursor import encode
from kada_dagster.fivetran.watch.hints import Hints
from kada_dagster.fivetran.webhook import SIGNATURE, is_signed, receiver
from kada_dagster.sandbox.fivetran import FivetranWorld, WebhookCourier
from kada_dagster.secrets import Secret
from kada_dagster_tests.fivetran.account_location import VARIABLES
from kada_dagster_tests.fivetran.followed import followed

SECRET = "of the webhook"
BODY = json.dumps(
    {
        "event": "sync_end",
        "created": "2026-05-22T00:06:08.638Z",
        "connector_type": "google_cloud_postgresql",
        "connector_id": "assimilate_seem",
        "sync_id": "b4703f73",
        "data": {"status": "SUCCESSFUL"},
    },
    separators=(",", ": "),
).encode()


def signature(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hints"


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with receiver(Hints(folder), Secret(value=SECRET), port=0) as port:
        yield f"http://127.0.0.1:{port}"


def post(url: str, body: bytes = BODY, header: str | None = None) -> int:
    given = signature(body) if header is None else header
    return requests.post(url, data=body, headers={SIGNATURE: given}, timeout=10).status_code


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_signature_of_either_case_is_taken_and_the_hint_is_on_the_disk(
    url: str, folder: Path, case: object
) -> None:
    assert post(url, header=case(signature())) == 200  # type: ignore[operator]
    (hint,) = Hints(folder).waiting()
    assert hint.read_bytes() == BODY


def test_an_empty_secret_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK_SECRET", "")
    with (
        pytest.raises(ConfigError, match=r"\$\{TEST_HOOK_SECRET\}: is empty"),
        receiver(Hints(folder), Secret(variable="TEST_HOOK_SECRET"), port=0) as port,
    ):
        post(f"http://127.0.0.1:{port}", header=signature(secret=""))
    assert Hints(folder).waiting() == []


@pytest.mark.parametrize(
    "header", ["", "0" * 64, signature(secret="another"), signature(BODY + b" "), "ÿ", "sha256="]
)
def test_what_is_not_signed_with_the_secret_is_refused(url: str, folder: Path, header: str) -> None:
    response = requests.post(
        url, data=BODY, headers={SIGNATURE: header.encode("latin-1")}, timeout=10
    )
    assert response.status_code == 401
    assert Hints(folder).waiting() == []


def test_the_raw_body_is_what_is_signed_not_its_meaning() -> None:
    again = json.dumps(json.loads(BODY)).encode()
    assert is_signed(BODY, signature(), SECRET)
    assert not is_signed(again, signature(), SECRET)


def test_a_test_event_without_a_sync_is_acknowledged_and_hints_nothing(
    url: str, folder: Path
) -> None:
    assert post(url, b'{"event":"test_event"}') == 200
    assert Hints(folder).waiting() == []


def test_an_end_without_a_sync_id_hints_all_the_same(url: str, folder: Path) -> None:
    assert post(url, b'{"event":"sync_end","connector_id":"a"}') == 200
    assert len(Hints(folder).waiting()) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"no json", b"\xff"])
def test_what_is_signed_and_no_event_is_refused(url: str, body: bytes) -> None:
    assert post(url, body) == 400


def test_a_body_without_end_is_not_read(url: str) -> None:
    headers = {SIGNATURE: "", "Content-Length": "99999999999"}
    assert requests.post(url, headers=headers, timeout=10).status_code == 413
    chunks = requests.post(url, data=iter([b"{}"]), timeout=10)
    assert chunks.status_code == 411


def raw(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), 5)


def test_what_anybody_sends_steers_no_terminal_by_the_log(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kada_dagster")
    with raw(url) as client:
        client.sendall(b"POST /\x1b[2J\x9b1mfine HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        assert b" 401 " in client.recv(100)
    (line,) = caplog.messages
    assert line.isprintable()


def test_a_length_without_end_is_refused(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    with raw(url) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 9000 + b"\r\n\r\n")
        assert b" 413 " in client.recv(100)
    assert "Traceback" not in capfd.readouterr().err


def test_who_sends_a_byte_now_and_then_is_hung_up_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kada_dagster.fivetran.webhook._WHOLE_SECONDS", 0.3)

    def trickle(client: socket.socket) -> None:
        for _ in range(60):
            client.sendall(b" ")
            time.sleep(0.05)

    with raw(url) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|pipe"):
            trickle(client)


def test_a_folder_that_cannot_be_written_has_the_hint_delivered_again(
    url: str, folder: Path
) -> None:
    folder.write_text("in the way")
    assert post(url) == 500
    folder.unlink()
    assert post(url) == 200


def test_a_hint_makes_the_sensor_look_before_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    world = FivetranWorld()
    world.add_connection(id="shop", layout=None)
    sensor = {"hints": "hints", "interval_seconds": 3600}
    with (
        followed(tmp_path, world, sensor=sensor) as account,
        receiver(Hints(tmp_path / "hints"), Secret(value=SECRET), port=0) as port,
    ):
        definition = (
            account.definitions().get_repository_def().get_sensor_def("fivetran_sync_sensor")
        )
        assert definition.minimum_interval_seconds == 5
        account.tick()
        world.add_webhook(f"http://127.0.0.1:{port}", ["sync_end"], SECRET)
        world.advance(3600)
        account.location.server.forget()
        assert account.tick().skip_message == "no hint, and the next look is not due yet"
        assert account.location.server.calls() == []
        assert all(delivery.status == 200 for delivery in WebhookCourier(world).deliver())
        account.tick()
        assert len(account.materialized("shop")) == 1
        assert Hints(tmp_path / "hints").waiting() == []
        account.tick()
        assert len(account.location.server.calls("GET", "/connections$")) == 1


def test_a_clock_that_was_set_back_stops_no_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    world = FivetranWorld()
    world.add_connection(id="shop", layout=None)
    sensor = {"hints": "hints", "interval_seconds": 3600}
    with followed(tmp_path, world, sensor=sensor) as account:
        account.tick()
        ahead = replace(account.known, looked=account.known.looked + 86_400)
        account.cursor = encode(ahead)
        world.advance(3600)
        account.tick()
        assert len(account.materialized("shop")) == 1
        assert account.known.looked < ahead.looked


def test_it_runs_as_a_program_with_its_secret_in_the_environment(folder: Path) -> None:
    command = [sys.executable, "-m", "kada_dagster.fivetran.webhook"]
    environment = {**os.environ, "FIVETRAN_WEBHOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--folder", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rpartition(":")[2]
        try:
            assert post(f"http://127.0.0.1:{port}") == 200
            assert len(Hints(folder).waiting()) == 1
        finally:
            process.terminate()
        assert process.wait(30) == 0
