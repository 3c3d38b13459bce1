"""`kada doctor` looks at the channels of alerts, sends nothing, and shows no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kada_dagster.config.alerts import AlertSettings
from kada_dagster.doctor.alerts import alert_checks
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.running import run_checks
from kada_dagster.sandbox.free_port import free_port
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.mail_server import MailServer
from kada_dagster_tests.operations.site import PASSWORD, USER, WEBHOOK


def findings(*channels: dict[str, Any]) -> list[str]:
    """What is found, as lines."""
    settings = AlertSettings.model_validate({"channels": list(channels)})
    checks = alert_checks(settings, Shared(limit=5))
    found = run_checks(checks, limit=5, within=20)
    lines = [f"{one.status.value} {one.subject} {one.name}: {one.message}" for one in found]
    told = "\n".join(lines)
    assert USER not in told
    assert PASSWORD not in told
    return lines


def test_channels_that_work_are_fine_and_nothing_is_sent(
    certificate: tuple[Path, Path], inbox: Inbox
) -> None:
    with MailServer(*certificate) as server:
        assert findings(server.channel(), WEBHOOK) == [
            "OK alerts email secrets: ${TEST_MAIL_USER}, ${TEST_MAIL_PASSWORD}",
            f"OK alerts email server: 127.0.0.1:{server.port} answers",
            "OK alerts email login: the login is accepted",
            "OK alerts webhook secrets: ${TEST_HOOK_URL}",
            "OK alerts webhook server: its server answers",
        ]
        assert server.mails == []
    assert inbox.posts == []


def test_a_login_that_is_refused_is_told_without_it(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "an0ther-w0rd")
    with MailServer(*certificate) as server:
        last = findings(server.channel())[-1]
    assert last.startswith(f"FAIL alerts email login: mail server 127.0.0.1:{server.port}: refuses")
    assert "check username and password" in last
    assert "an0ther-w0rd" not in last


def test_a_server_that_is_away_is_the_cause_and_the_login_is_not_tried(
    certificate: tuple[Path, Path],
) -> None:
    away = MailServer(*certificate)
    lines = findings(away.channel())
    assert lines[1].startswith(
        f"FAIL alerts email server: 127.0.0.1:{away.port} refuses connections"
    )
    assert lines[2] == "SKIP alerts email login: not checked: email server failed"


def test_a_certificate_nobody_trusts_is_named(certificate: tuple[Path, Path]) -> None:
    with MailServer(*certificate) as server:
        last = findings(server.channel(ca_file=None))[-1]
    assert "its certificate is not trusted" in last
    assert "see ca_file" in last


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://127.0.0.1:{port}/pl4nted", "its server refuses connections"),
        ("https://pl4nted.invalid/pl4nted", "its server: the name cannot be resolved"),
        ("pl4nted", "${TEST_HOOK_URL}: must hold an address like https://host/path"),
        ("https:///pl4nted", "${TEST_HOOK_URL}: must hold an address like https://host/path"),
        ("https://a:pl4nted/b", "${TEST_HOOK_URL}: must hold an address like https://host/path"),
    ],
)
def test_nothing_of_a_webhook_s_address_is_told(
    monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv("TEST_HOOK_URL", address.format(port=free_port()))
    lines = findings(WEBHOOK)
    assert lines[-1].startswith(f"FAIL alerts webhook server: {said}")
    assert "pl4nted" not in lines[-1]
    assert "127.0.0.1" not in lines[-1]


def test_a_variable_that_is_missing_is_named_and_channels_of_a_kind_have_numbers(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inbox.posts == []
    monkeypatch.delenv("TEST_OTHER_URL", raising=False)
    lines = findings(WEBHOOK, {**WEBHOOK, "url": "${TEST_OTHER_URL}"})
    assert lines[1] == "OK alerts webhook 1 server: its server answers"
    assert "FAIL alerts webhook 2 secrets: environment variable TEST_OTHER_URL is not" in lines[2]
    assert lines[3] == "SKIP alerts webhook 2 server: not checked: webhook 2 secrets failed"
