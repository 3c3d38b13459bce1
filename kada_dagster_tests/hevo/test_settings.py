"""The fields of a Hevo source become exactly the extractor they describe, by every door."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.config import source_settings
from kada_dagster.config.registry import SOURCE_TYPES, SourceType
from kada_dagster.errors import ConfigError
from kada_dagster.hevo import Extractor
from kada_dagster.hevo.resource import HevoResource
from kada_dagster.hevo.settings import HevoSettings
from kada_dagster.secrets import Secret

HEVO = SourceType(
    settings="kada_dagster.hevo.settings:HevoSettings",
    resource="kada_dagster.hevo.resource:HevoResource",
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type is known by its word."""
    monkeypatch.setitem(SOURCE_TYPES, "hevo", HEVO)  # type: ignore[arg-type]


def settings(folder: Path, **fields: Any) -> HevoSettings:
    given = {
        "type": "hevo",
        "name": "flows",
        "region": "eu",
        "api_key": "${HEVO_KEY}",
        "api_secret": "${HEVO_SECRET}",
        "window": {"start": "2026-01-01 00:00:00"},
        **fields,
    }
    given = {key: value for key, value in given.items() if value is not None}
    made = source_settings(given, folder / "kada.yaml")
    assert isinstance(made, HevoSettings)
    return made


def test_every_keyword_of_the_extractor_is_a_field() -> None:
    parameters = inspect.signature(Extractor).parameters
    assert parameters.keys() <= HevoSettings.model_fields.keys()
    assert set(list(parameters)[:8]) == HevoSettings.vendor_keys


def test_defaults_are_those_of_the_extractor(tmp_path: Path) -> None:
    made, parameters = settings(tmp_path), inspect.signature(Extractor).parameters
    for name in (
        *("mask", "timeout", "compress", "include_users", "concurrency", "calls_a_minute"),
        *("lookback_hours", "resume", "skip_unchanged"),
    ):
        assert getattr(made, name) == parameters[name].default
    assert made.host == "eu.hevodata.com"
    assert made.extractor().account.base_url == "https://eu.hevodata.com"


def test_fields_reach_the_extractor(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        host="hevo.acme",
        base_url="http://127.0.0.1:1/",
        timeout=7,
        mapping={"a": "host-a", "b": {"host": "host-b", "database": "x"}},
        mask=True,
        compress=True,
        include_users=True,
        concurrency=3,
        calls_a_minute=250,
        lookback_hours=48,
        resume=False,
        skip_unchanged=False,
        state_path="state",
    ).extractor()
    account = made.account
    assert (account.base_url, account.timeout) == ("http://127.0.0.1:1", 7)
    assert (account.concurrency, account.calls_a_minute) == (3, 250)
    assert account.api_key == Secret(variable="HEVO_KEY")
    assert account.api_secret == Secret(variable="HEVO_SECRET")
    assert made.mapping == {"a": "host-a", "b": {"host": "host-b", "database": "x"}}
    assert (made.name, made.host, made.mask, made.compress) == ("flows", "hevo.acme", True, True)
    assert (made.include_users, made.resume, made.skip_unchanged) == (True, False, False)
    assert made.lookback == timedelta(hours=48)
    assert made.state_folder == tmp_path / "state" / "flows"
    assert made.families == ("META", "LINKAGE", "EVENTS")


def test_the_vendors_file_is_used_unchanged_and_its_secrets_stay_in_it(tmp_path: Path) -> None:
    file = tmp_path / "kada_hevo_extractor_config.json"
    vendor = {
        "api_key": "planted-key",
        "api_secret": "planted-secret",
        "region": "au",
        "output_path": "out",
        "mask": True,
        "timeout": 20,
        "mapping": {"dsn": {"host": "h", "database": "d"}},
        "compress": True,
    }
    file.write_text(json.dumps(vendor))
    made = settings(tmp_path, config_file=file.name, region=None, api_key=None, api_secret=None)
    assert "planted" not in repr(made)
    extractor = made.extractor()
    assert extractor.account.api_key.reveal() == "planted-key"
    assert extractor.account.api_secret.reveal() == "planted-secret"
    assert "planted" not in repr(extractor.account)
    assert (extractor.host, extractor.compress) == ("au.hevodata.com", True)
    resource = HevoResource.from_settings(made)
    assert "planted" not in repr(resource)
    assert resource.extractor(made).account == extractor.account


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api_key", "planted-key"),
        ("region", "EU.hevodata.com"),
        ("base_url", "https://user:planted@host"),
        ("base_url", "ftp://host"),
        ("mapping", {"a": {"database": "d"}}),
        ("mapping", {"a": {"host": "h", "schema": "s"}}),
        ("timeout", 0),
        ("concurrency", 0),
        ("calls_a_minute", 0),
        ("lookback_hours", -1),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=field) as caught:
        settings(tmp_path, **{field: value})
    assert "planted" not in str(caught.value)


def test_an_account_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="region"):
        settings(tmp_path, region=None)
    with pytest.raises(ConfigError, match="region"):
        Extractor("k", "s", output_path=tmp_path)
    with pytest.raises(ConfigError, match="api_secret"):
        Extractor("k", None, "eu", output_path=tmp_path)


def test_a_missing_secret_is_an_error_when_it_connects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEVO_KEY", raising=False)
    made = settings(tmp_path).extractor()
    with pytest.raises(ConfigError, match="HEVO_KEY"):
        made.test_connection()


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """An empty dg project."""
    with create_defs_folder_sandbox() as sandbox:
        yield sandbox


def test_the_component_is_the_same_source(project: DefsFolderSandbox) -> None:
    attributes: dict[str, Any] = {
        "name": "flows",
        "region": "eu",
        "api_key": "${HEVO_KEY}",
        "api_secret": "${HEVO_SECRET}",
        "mapping": {"dsn": {"host": "h"}},
        "window": {"start": "2026-01-01 00:00:00"},
        "landing": {"type": "local", "path": "landing"},
    }
    folder = project.defs_folder_path / "flows"
    folder.mkdir(parents=True)
    kind = "kada_dagster.components.hevo.HevoCollector"
    document = {"type": kind, "attributes": attributes}
    (folder / "defs.yaml").write_text(yaml.safe_dump(document))
    with project.build_all_defs() as definitions:
        repository = definitions.get_repository_def()
        keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert {"flows/extract", "flows/upload", "flows/high_water_mark"} <= keys
    resources = repository.get_top_level_resources()
    assert any("HEVO_KEY" in repr(_config(resource)) for resource in resources.values())


def _config(resource: dg.ResourceDefinition) -> object:
    schema = resource.config_schema
    return schema.default_value if schema.default_provided else None
