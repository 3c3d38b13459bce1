"""The settings of a Hightouch source, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from kada_dagster.errors import ConfigError
from kada_dagster.hightouch import Extractor
from kada_dagster.hightouch.client import BASE_URL
from kada_dagster.hightouch.resource import HightouchResource
from kada_dagster.hightouch.settings import HightouchSettings
from kada_dagster.secrets import Secret

FIELDS: dict[str, Any] = {
    "name": "crm",
    "api_token": "${HIGHTOUCH_API_TOKEN}",
    "window": {"start": "2026-01-01 00:00:00"},
}


def test_defaults_are_those_of_the_vendor() -> None:
    made = HightouchSettings(**FIELDS).extractor()
    assert (made.host, made.mask, made.compress) == ("app.hightouch.com", False, False)
    assert (made.workspace.timeout, made.workspace.base_url) == (20, BASE_URL)
    assert made.lookback.total_seconds() == 24 * 3600


def test_every_setting_reaches_the_extractor(tmp_path: Path) -> None:
    mapping: dict[str, Any] = {"pg": {"host": "h", "database": "d"}, "sf": "s"}
    given: dict[str, Any] = {
        **FIELDS,
        **{"mapping": mapping, "timeout": 5, "mask": True, "compress": True, "host": "h"},
        **{"base_url": "http://127.0.0.1:1/api/v1", "concurrency": 2, "lookback_hours": 3},
        "output_path": str(tmp_path),
    }
    made = HightouchSettings(**given).extractor()
    assert made.mapping == mapping
    assert (made.workspace.timeout, made.workspace.concurrency) == (5, 2)
    assert made.workspace.base_url == "http://127.0.0.1:1/api/v1"
    assert (made.host, made.mask, made.compress) == ("h", True, True)
    assert made.lookback.total_seconds() == 3 * 3600
    assert str(made.workspace.api_token) == "${HIGHTOUCH_API_TOKEN}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_token": "the-key-itself"},
        {"api_token": None},
        {"mapping": {"pg": {"database": "d"}}},
        {"mapping": {"pg": ""}},
        {"mapping": {"pg": {"host": "h", "port": 1}}},
        {"base_url": "https://user:planted@host/api/v1"},
        {"base_url": "api.hightouch.com"},
        {"lookback_hours": 721},
        {"lookback_hours": -1},
        {"concurrency": 0},
        {"api_key": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        HightouchSettings(**{**FIELDS, **wrong})
    assert "the-key-itself" not in str(raised.value)


def test_the_vendors_arguments_may_be_given_in_order() -> None:
    made = Extractor("never-shown", {"pg": "h"}, 7, "./output", True, True)
    assert (made.mapping, made.workspace.timeout, made.mask, made.compress) == (
        {"pg": "h"},
        7,
        True,
        True,
    )
    assert "never-shown" not in repr(made.workspace)


def test_an_extractor_without_a_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="api_token"):
        Extractor()


def test_the_resource_keeps_the_key_as_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = HightouchSettings(**FIELDS)
    resource = HightouchResource.from_settings(settings)
    assert resource.api_token == dg.EnvVar("HIGHTOUCH_API_TOKEN")
    monkeypatch.setenv("HIGHTOUCH_API_TOKEN", "a-key")
    ready = resource.process_config_and_initialize()
    made = ready.extractor(settings)
    assert made.workspace.api_token.reveal() == "a-key"
    assert "a-key" not in repr(ready)


def test_the_resource_reads_the_key_from_the_vendors_file(tmp_path: Path) -> None:
    file = tmp_path / "kada_hightouch_extractor_config.json"
    file.write_text('{"api_token": "of the file"}')
    secret = Secret(file=file, key="api_token")
    fields: dict[str, Any] = {**FIELDS, "api_token": secret}
    settings = HightouchSettings(**fields)
    made = HightouchResource.from_settings(settings).extractor(settings)
    assert made.workspace.api_token.reveal() == "of the file"
