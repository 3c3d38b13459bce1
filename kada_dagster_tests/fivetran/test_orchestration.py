"""Settings, resource and run configuration become the same objects of the plain layer."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.api.clock import SystemClock
from kada_dagster.config import FivetranAccountSettings, StartSettings
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.actions import StartOptions
from kada_dagster.fivetran.client import BASE_URL
from kada_dagster.fivetran.orchestration import account_of, opened, start_options
from kada_dagster.fivetran.resource import FivetranResource
from kada_dagster.fivetran.run_config import ResyncConfig, SyncConfig, with_defaults
from kada_dagster.sandbox.fivetran import FivetranSandbox, demo_world
from kada_dagster.secrets import Secret

POLICIES = ("on_running", "on_paused", "on_broken", "on_reschedule", "on_timeout")
start_settings = st.fixed_dictionaries(
    {},
    optional={
        "timeout": st.integers(1, 100_000),
        **{name: st.booleans() for name in ("manual", "restore_schedule", "history")},
        **{
            name: st.sampled_from(get_args(StartSettings.model_fields[name].annotation))
            for name in POLICIES
        },
    },
).map(StartSettings.model_validate)


def account(**given: Any) -> FivetranAccountSettings:
    required = {"name": "ft", "api_key": "${FT_KEY}", "api_secret": "${FT_SECRET}"}
    return FivetranAccountSettings.model_validate({**required, **given})


def test_an_account_of_kada_yaml_is_reached_as_it_says() -> None:
    plain = account_of(account(timeout=5, concurrency=2, calls_per_hour=500))
    assert (plain.timeout, plain.concurrency, plain.calls_per_hour) == (5, 2, 500)
    assert plain.base_url == BASE_URL
    assert plain.api_key == Secret(variable="FT_KEY")
    assert account_of(account(base_url="http://h:1/v1/")).base_url == "http://h:1/v1"


def test_a_key_that_is_not_set_is_named_when_the_account_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FT_KEY", raising=False)
    with pytest.raises(ConfigError, match="FT_KEY"), opened(account()) as client:
        client.check()


def test_the_fields_and_defaults_of_start_are_those_of_the_action() -> None:
    names = {field.name for field in fields(StartOptions)}
    assert set(StartSettings.model_fields) == {*names, "retry_rescheduled"}
    assert start_options(StartSettings()) == StartOptions()
    assert set(SyncConfig.model_fields) == {*names, "connection_id"}


@given(settings=start_settings)
def test_whatever_the_account_says_the_job_does_unless_told_otherwise(
    settings: StartSettings,
) -> None:
    for kind in (SyncConfig, ResyncConfig):
        config = with_defaults(kind, settings)(connection_id="c")
        assert isinstance(config, kind)
        assert config.options() == start_options(settings)


@given(settings=start_settings, other=start_settings)
def test_what_is_told_at_launch_wins(settings: StartSettings, other: StartSettings) -> None:
    kind = with_defaults(SyncConfig, settings)
    told: dict[str, Any] = {
        name: kind.model_fields[name].annotation(value) if name in POLICIES else value
        for name, value in other.model_dump(exclude={"retry_rescheduled"}).items()
    }
    assert kind(connection_id="c", **told).options() == start_options(other)


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_timeout_at_launch_must_leave_time(timeout: int) -> None:
    with pytest.raises(ValueError, match="timeout"):
        SyncConfig(connection_id="c", timeout=timeout)


@pytest.mark.parametrize(
    ("config", "clear"),
    [
        ({"scope": {"s": ["t"]}}, True),
        ({"whole_connection": True}, True),
        ({}, False),
        ({"scope": {}, "whole_connection": False}, False),
        ({"scope": {"s": ["t"]}, "whole_connection": True}, False),
    ],
)
def test_a_re_sync_says_which_tables_or_all_in_so_many_words(
    config: dict[str, Any], clear: bool
) -> None:
    asked = ResyncConfig(connection_id="c", **config)
    if clear:
        asked.require_clear()
        return
    with pytest.raises(ConfigError, match="whole_connection: true"):
        asked.require_clear()


def test_the_resource_reaches_the_account_with_keys_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FivetranSandbox(demo_world()) as server:
        monkeypatch.setenv("FT_KEY", server.api_key)
        monkeypatch.setenv("FT_SECRET", server.api_secret)
        seen: list[int] = []

        @dg.op(required_resource_keys={"account"})
        def count(context) -> None:
            with context.resources.account.client() as client:
                seen.append(len(list(client.connections())))

        resource = FivetranResource.from_settings(account(base_url=server.base_url))

        @dg.job(resource_defs={"account": resource})
        def job() -> None:
            count()

        assert job.execute_in_process(instance=dg.DagsterInstance.ephemeral()).success
    assert seen == [6]


def test_the_resource_shows_names_of_variables_and_no_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FT_KEY", "pl4nted")
    resource = FivetranResource.from_settings(account())
    repository = dg.Definitions(resources={"account": resource}).get_repository_def()
    definition: Any = repository.get_top_level_resources()["account"]
    shown = repr(definition.config_schema.default_value)
    assert "FT_KEY" in shown
    assert "pl4nted" not in shown + repr(resource)


def test_a_key_in_a_json_file_is_read_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    secrets = {name: Secret(file=file, key=name) for name in ("api_key", "api_secret")}
    plain = FivetranResource.from_settings(account(**secrets)).account()
    with FivetranSandbox(demo_world()) as server:
        file.write_text(json.dumps({"api_key": server.api_key, "api_secret": server.api_secret}))
        resource = FivetranResource.from_settings(account(base_url=server.base_url, **secrets))
        with resource.client() as client:
            client.check()
    assert server.api_key not in repr(asdict(plain))


def test_the_resource_waits_by_the_time_of_the_machine() -> None:
    assert isinstance(FivetranResource.from_settings(account()).clock(), SystemClock)
