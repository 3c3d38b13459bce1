"""Mail over real SMTP: STARTTLS, TLS, logins, refusals; and no secret in what is said of it."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.config.alerts import EmailChannelSettings
from kada_dagster.errors import KadaError
from kada_dagster.operations.channel import DeliveryError, TooLongError
from kada_dagster.operations.mail import MailChannel
from kada_dagster.operations.notices import Message, Notice
from kada_dagster_tests.operations.mail_server import MailServer
from kada_dagster_tests.operations.site import PASSWORD, USER

AT = datetime(2026, 1, 5, tzinfo=timezone.utc)
MESSAGE = Message(
    (
        Notice(
            "n1",
            "failed",
            "source größe: extract failed",
            (("cause", "no table\n.\n\u2028of that name " + 300 * "wide "),),
            "runs/1",
            AT,
        ),
    )
)


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[MailServer]:
    with MailServer(*certificate) as opened:
        yield opened


def channel(server: MailServer, **fields: Any) -> MailChannel:
    """A channel to the server."""
    usual = {"to": ["ops@example.org", "second@example.org"], "timeout": 2}
    settings = EmailChannelSettings.model_validate(server.channel(**usual | fields))
    return MailChannel(settings, "https://dagster.example.org")


def refusal(sent: MailChannel) -> str:
    """What is said when a message is not taken; never a secret."""
    with pytest.raises(KadaError) as caught:
        sent.send(MESSAGE)
    said = "".join(traceback.format_exception(caught.value))
    assert USER not in said
    assert PASSWORD not in said
    return str(caught.value)


def test_a_mail_arrives_as_it_was_written(server: MailServer) -> None:
    assert channel(server).send(MESSAGE) == ""
    (mail,) = server.mails
    assert mail["Subject"] == "[kada] source größe: extract failed"
    assert (mail["From"], mail["To"]) == ("kada@example.org", "ops@example.org, second@example.org")
    assert mail["Message-ID"] == f"<kada-{MESSAGE.id}@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("source größe: extract failed\n  cause        no table\n")
    assert 300 * "wide " in text
    assert "https://dagster.example.org/runs/1" in text


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is TLS already
def test_a_server_may_speak_tls_at_once(certificate: tuple[Path, Path]) -> None:
    with MailServer(*certificate, is_tls=True) as server:
        channel(server, security="tls").send(MESSAGE)
    assert len(server.mails) == 1


def test_a_wrong_password_is_named_as_that(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "an0ther")
    said = refusal(channel(server))
    assert said.startswith(f"mail server 127.0.0.1:{server.port}: refuses the login")
    assert "535" in said


def test_a_certificate_nobody_vouches_for_gets_no_password(server: MailServer) -> None:
    said = refusal(channel(server, ca_file=None))
    assert "its certificate is not trusted" in said
    assert "see ca_file" in said


def test_tls_where_there_is_none_is_named_as_that(server: MailServer) -> None:
    assert "check security and port" in refusal(channel(server, security="tls"))


def test_a_server_without_starttls_gets_no_password() -> None:
    """It is a server that answers EHLO and offers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"220 plain\r\n")
                heard.append(peer.recv(1000))
                peer.sendall(b"250 plain\r\n")
                heard.append(peer.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        server = MailServer(Path("/none"), Path("/none"), port=listener.getsockname()[1])
        said = refusal(channel(server, ca_file=None))
        thread.join(5)
    assert "STARTTLS" in said
    assert b"AUTH" not in b"".join(heard)


def test_some_addresses_that_are_refused_are_named(server: MailServer) -> None:
    server.refused = {"second@example.org"}
    assert channel(server).send(MESSAGE) == "refused: second@example.org"
    assert len(server.mails) == 1


def test_when_all_addresses_are_refused_nothing_is_sent(server: MailServer) -> None:
    server.refused = {"ops@example.org", "second@example.org"}
    assert "refuses all addresses: 550 5.1.1 nobody of that name here" in refusal(channel(server))


def test_a_refused_mail_says_the_servers_words_without_secrets(server: MailServer) -> None:
    server.answer = f"552 {PASSWORD} of {USER} is over its quota"
    assert "answers 552 *** of *** is over its quota" in refusal(channel(server))


def test_a_mail_that_is_too_long_is_told_from_a_quota(server: MailServer) -> None:
    for answer, kind in (
        ("552 5.3.4 Message size exceeds fixed limit", TooLongError),
        ("552 5.2.2 mailbox full", DeliveryError),
    ):
        server.answer = answer
        with pytest.raises(KadaError) as caught:
            channel(server).send(MESSAGE)
        assert type(caught.value) is kind


def test_no_server_there(server: MailServer) -> None:
    gone = MailServer(server.certificate, server.key)
    assert "ConnectionRefusedError" in refusal(channel(gone))


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = MailServer(Path("/none"), Path("/none"), port=listener.getsockname()[1])
        said = refusal(channel(silent, ca_file=None, timeout=1))
    assert said.endswith("does not answer in time")


def test_a_missing_secret_is_named(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MAIL_PASSWORD")
    with pytest.raises(KadaError, match="TEST_MAIL_PASSWORD is not set"):
        channel(server).send(MESSAGE)
