"""The fields of a Fivetran source become exactly the extractor they describe, by every door."""

from __future__ import annotations

import inspect
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kada_dagster.config import source_settings
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran import Extractor
from kada_dagster.fivetran.collector_resource import FivetranCollectorResource
from kada_dagster.fivetran.settings import FivetranSettings
from kada_dagster.secrets import Secret


def settings(folder: Path, **fields: Any) -> FivetranSettings:
    """The settings of a source in a kada.yaml; None takes a field out."""
    given = {
        "type": "fivetran",
        "name": "pipes",
        "api_key": "${FIVETRAN_KEY}",
        "api_secret": "${FIVETRAN_SECRET}",
        "window": {"start": "2026-01-01 00:00:00"},
        **fields,
    }
    given = {key: value for key, value in given.items() if value is not None}
    made = source_settings(given, folder / "kada.yaml")
    assert isinstance(made, FivetranSettings)
    return made


def test_every_keyword_of_the_extractor_is_a_field() -> None:
    parameters = inspect.signature(Extractor).parameters
    assert parameters.keys() <= FivetranSettings.model_fields.keys()
    assert {*list(parameters)[:7], "host"} == FivetranSettings.vendor_keys


def test_defaults_are_those_of_the_extractor(tmp_path: Path) -> None:
    made, parameters = settings(tmp_path), inspect.signature(Extractor).parameters
    shared = set(parameters) - {"api_key", "api_secret", "output_path", "name", "host"}
    odd = {"mapping": {}, "groups": []}
    for name in shared:
        assert getattr(made, name) == odd.get(name, parameters[name].default), name
    assert made.host == "fivetran.com"
    extractor = made.extractor()
    assert extractor.account.base_url == "https://api.fivetran.com/v1"
    assert extractor.state_folder == tmp_path / "output" / "pipes"


def test_fields_reach_the_extractor(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        host="fivetran.acme",
        base_url="http://127.0.0.1:1/v1/",
        timeout=7,
        mapping={"a": "host-a", "b": {"host": "host-b", "database": "x"}},
        mask=True,
        compress=True,
        groups=["Warehouse"],
        columns=True,
        columns_hours=24,
        columns_per_minute=25,
        columns_per_hour=250,
        calls_per_hour=500,
        concurrency=3,
        sync_history=False,
        lookback_hours=48,
        resume=False,
        skip_unchanged=False,
        state_path="state",
    ).extractor()
    account = made.account
    assert (account.base_url, account.timeout) == ("http://127.0.0.1:1/v1", 7)
    assert (account.concurrency, account.calls_per_hour) == (3, 500)
    assert account.api_key == Secret(variable="FIVETRAN_KEY")
    assert account.api_secret == Secret(variable="FIVETRAN_SECRET")
    assert made.mapping == {"a": "host-a", "b": {"host": "host-b", "database": "x"}}
    assert (made.name, made.host, made.mask, made.compress) == (
        *("pipes", "fivetran.acme"),
        True,
        True,
    )
    assert (made.groups, made.columns, made.columns_seconds) == (("Warehouse",), True, 86_400)
    assert (made.sync_history, made.resume, made.skip_unchanged) == (False, False, False)
    assert made.lookback == timedelta(hours=48)
    assert made.state_folder == tmp_path / "state" / "pipes"
    assert made.families == ("META", "LINKAGE", "EVENTS")


def test_a_file_of_the_vendors_form_is_used_unchanged_and_its_secrets_stay_in_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "kada_fivetran_extractor_config.json"
    vendor = {
        "api_key": "planted-key",
        "api_secret": "planted-secret",
        "host": "fivetran.acme",
        "output_path": "out",
        "mask": True,
        "timeout": 20,
        "mapping": {"dsn": {"host": "h", "database": "d"}},
        "compress": True,
    }
    file.write_text(json.dumps(vendor))
    made = settings(tmp_path, config_file=file.name, api_key=None, api_secret=None)
    assert "planted" not in repr(made)
    extractor = made.extractor()
    assert extractor.account.api_key.reveal() == "planted-key"
    assert extractor.account.api_secret.reveal() == "planted-secret"
    assert "planted" not in repr(extractor.account)
    assert (extractor.host, extractor.compress) == ("fivetran.acme", True)
    resource = FivetranCollectorResource.from_settings(made)
    assert "planted" not in repr(resource)
    assert resource.extractor(made).account == extractor.account


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api_key", "planted-key"),
        ("api_secret", None),
        ("host", ""),
        ("base_url", "https://user:planted@host/v1"),
        ("base_url", "ftp://host"),
        ("mapping", {"a": {"database": "d"}}),
        ("mapping", {"a": {"host": "h", "schema": "s"}}),
        ("timeout", 0),
        ("concurrency", 0),
        ("columns_hours", 0),
        ("columns_per_minute", 0),
        ("columns_per_hour", 0),
        ("calls_per_hour", 0),
        ("lookback_hours", -1),
        ("colums", True),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=field) as caught:
        settings(tmp_path, **{field: value})
    assert "planted" not in str(caught.value)


def test_an_account_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"api_key: .*\$\{FIVETRAN_API_KEY\}"):
        Extractor(None, "s", output_path=tmp_path)
    with pytest.raises(ConfigError, match=r"api_secret: .*\$\{FIVETRAN_API_SECRET\}"):
        Extractor("k", None, output_path=tmp_path)
    with pytest.raises(ConfigError, match="mapping"):
        Extractor("k", "s", output_path=tmp_path, mapping={"a": 1})


def test_a_missing_secret_is_an_error_when_it_connects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIVETRAN_KEY", raising=False)
    made = settings(tmp_path).extractor()
    with pytest.raises(ConfigError, match="FIVETRAN_KEY"):
        made.test_connection()


def test_the_resource_keeps_key_and_secret_as_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = settings(tmp_path, timeout=9, concurrency=2, calls_per_hour=500)
    resource = FivetranCollectorResource.from_settings(made)
    assert resource.api_key == dg.EnvVar("FIVETRAN_KEY")
    monkeypatch.setenv("FIVETRAN_KEY", "a-key")
    monkeypatch.setenv("FIVETRAN_SECRET", "a-secret")
    ready = resource.process_config_and_initialize()
    extractor = ready.extractor(made)
    assert extractor.account.api_secret.reveal() == "a-secret"
    assert (extractor.account.timeout, extractor.account.calls_per_hour) == (9, 500)
    assert "a-key" not in repr(ready)
    assert "a-secret" not in repr(ready)
    without = FivetranCollectorResource(api_key="k")  # pyright: ignore[reportCallIssue]
    with pytest.raises(ConfigError, match="api_secret"):
        without.extractor(made)


def test_the_registry_knows_the_type() -> None:
    kind = SOURCE_TYPES["fivetran"]
    assert kind.settings_class() is FivetranSettings
    assert kind.resource_class() is FivetranCollectorResource
