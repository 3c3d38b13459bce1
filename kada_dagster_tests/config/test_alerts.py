"""`alerts:` in kada.yaml: what is taken, what is refused, and that no secret is ever in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kada_dagster.config import AlertSettings, load_config_file
from kada_dagster.errors import ConfigError

MAIL = {"type": "email", "host": "mail.example.org", "from": "kada@example.org"}
TO = {"to": ["ops@example.org"]}
HOOK = {"type": "webhook", "url": "${HOOK_URL}"}
SOURCE = {
    "type": "postgres",
    "name": "shop",
    "server": "db",
    "username": "kada",
    "window": {"start": "2026-01-01 00:00:00"},
}


def alerts(folder: Path, *channels: dict[str, Any], **settings: Any) -> AlertSettings:
    """The alerts of a kada.yaml with these channels."""
    file = folder / "kada.yaml"
    whole = {"sources": [SOURCE], "alerts": {"channels": list(channels), **settings}}
    file.write_text(yaml.safe_dump(whole))
    found = load_config_file(file).alerts
    assert found is not None
    return found


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_security(tmp_path: Path, security: str, port: int) -> None:
    (channel,) = alerts(tmp_path, MAIL | TO | {"security": security}).channels
    assert channel.type == "email"
    assert channel.server == ("mail.example.org", port)
    (other,) = alerts(tmp_path, MAIL | TO | {"security": security, "port": 2525}).channels
    assert other.type == "email"
    assert other.server == ("mail.example.org", 2525)


def test_channels_are_told_apart_by_where_they_go(tmp_path: Path) -> None:
    found = alerts(tmp_path, MAIL | TO, MAIL | {"to": ["a@b.org", "c@d.org"]}, HOOK)
    labels = [channel.label for channel in found.channels]
    assert labels == [
        "email to ops@example.org",
        "email to a@b.org, c@d.org",
        "webhook ${HOOK_URL}",
    ]


WRONG: list[tuple[list[Any], str, str]] = [
    ([], "alerts.channels", "at least 1 item"),
    ([HOOK, HOOK], "alerts.channels[1]", "another channel goes there already"),
    ([{**HOOK, "url": "https://hooks.example/T0/S3CRET"}], "channels[0].url", "${NAME}"),
    ([{**HOOK, "format": "teams"}], "channels[0].format", "'slack' or 'json'"),
    ([{**HOOK, "headers": {"A b": "${X}"}}], "channels[0].headers", "cannot name a header"),
    ([{**HOOK, "headers": {"Auth": "S3CRET"}}], "channels[0].headers.Auth", "${NAME}"),
    ([{"type": "pager"}], "alerts.channels[0].type", "must be one of email, webhook"),
    ([MAIL | {"to": []}], "channels[0].to", "at least 1 item"),
    ([MAIL | {"to": ["ops"]}], "channels[0].to[0]", "like ops@example.org"),
    ([MAIL | {"to": ["a@b.org\nBcc: c@d.org"]}], "channels[0].to[0]", "must be an address"),
    ([MAIL | TO | {"username": "${U}"}], "alerts.channels[0]", "go together"),
    (
        [MAIL | TO | {"security": "none", "username": "${U}", "password": "${P}"}],
        "alerts.channels[0]",
        "in the clear",
    ),
]


@pytest.mark.parametrize(("channels", "where", "said"), WRONG)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, channels: list[Any], where: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        alerts(tmp_path, *channels)
    assert where in str(caught.value)
    assert said in str(caught.value)
    assert "S3CRET" not in str(caught.value)


def test_reading_needs_no_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_URL", raising=False)
    found = alerts(tmp_path, HOOK | {"headers": {"X-Key": "${HOOK_KEY}"}})
    assert [secret.variable for secret in found.secrets()] == ["HOOK_URL", "HOOK_KEY"]
    monkeypatch.setenv("HOOK_URL", "https://hooks.example/T0/S3CRET")
    assert "S3CRET" not in repr(found)
    assert "S3CRET" not in found.model_dump_json()
