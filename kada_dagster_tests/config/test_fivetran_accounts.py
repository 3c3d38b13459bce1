"""`fivetran:` in kada.yaml: right accounts become settings, wrong ones say all that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config import FivetranAccountSettings, KadaConfig, load_config_file
from kada_dagster.config.problems import ConfigFileError
from kada_dagster.errors import ConfigError

ACCOUNT = 'api_key: "${KEY}", api_secret: "${SECRET}"'
SHOP = 'type: postgres, server: s, username: u, window: {start: "2024-01-01 00:00:00"}'


def write(folder: Path, text: str) -> Path:
    file = folder / "kada.yaml"
    file.write_text(text)
    return file


def problems(file: Path) -> dict[str, str]:
    """What is wrong, by `line field`."""
    with pytest.raises(ConfigFileError) as caught:
        load_config_file(file)
    assert "pl4nted" not in str(caught.value)
    return {f"{p.where.rpartition(':')[2]} {p.field}": p.message for p in caught.value.problems}


def only(folder: Path, text: str) -> str:
    """The one problem of a file, with its field."""
    ((field, message),) = problems(write(folder, text)).items()
    return f"{field}: {message}"


def test_an_account_with_nothing_but_its_key_needs_no_source(tmp_path: Path) -> None:
    config = load_config_file(write(tmp_path, f"fivetran: [{{name: ft, {ACCOUNT}}}]"))
    (account,) = config.fivetran
    assert config.sources == []
    assert account.snapshot == tmp_path / "ft_snapshot.json"
    assert (account.tables, account.columns, account.source_tables) == (True, False, False)
    assert (account.start.timeout, account.start.on_running) == (300, "attach")
    assert (account.sensor.interval_seconds, account.sensor.coalesce) == (30, True)
    assert account.follow == []
    assert account.resource_key == "ft_fivetran"
    assert account.sensor_name == "ft_sync_sensor"
    assert account.job_name("start") == "ft_start_job"
    assert [secret.variable for secret in account.secrets()] == ["KEY", "SECRET"]


def test_everything_that_is_written_is_taken(tmp_path: Path) -> None:
    text = f"""
sources: [{{name: shop, {SHOP}}}]
fivetran:
  - name: ft
    {ACCOUNT.replace(", ", chr(10) + "    ")}
    groups: [Warehouse]
    snapshot: state/ft.json
    snapshot_cron: "0 6 * * *"
    start: {{timeout: 7200, on_running: queue, on_timeout: stop, retry_rescheduled: true}}
    sensor: {{interval_seconds: 60, history: never, hints: hints}}
    on_failure: {{jobs: [alarm]}}
    follow:
      - {{connections: [warm_salad, "*"], assets: [shop/orders], jobs: [j], collectors: [shop]}}
"""
    (account,) = load_config_file(write(tmp_path, text)).fivetran
    assert account.snapshot == tmp_path / "state" / "ft.json"
    assert account.sensor.hints == tmp_path / "hints"
    assert account.start.retry_rescheduled
    assert account.follow[0].assets == ["shop/orders"]
    assert account.on_failure.jobs == ["alarm"]


def test_every_problem_of_an_account_is_said_with_line_field_and_nearest_key(
    tmp_path: Path,
) -> None:
    text = """fivetran:
  - name: ft
    api_key: pl4nted
    api_secret: ${SECRET}
    base_url: api.fivetran.com
    strt: {timeout: 3}
    start: {on_runing: attach, on_paused: skp, timeout: 0}
    sensor: {interval_seconds: 1}
    snapshot_cron: "0 0 31 2 *"
    follow:
      - {assets: ["a//b"], connections: []}
      - {connections: [warm_salad]}
  - name: 2nd
    api_secret: ${SECRET}
    follow: everything
"""
    found = problems(write(tmp_path, text))
    assert found["3 fivetran[0].api_key"].startswith("a secret is not written here")
    assert found["6 fivetran[0].strt"] == "unknown key; did you mean 'start'?"
    assert found["7 fivetran[0].start.on_runing"] == "unknown key; did you mean 'on_running'?"
    assert found["7 fivetran[0].start.on_paused"].endswith("did you mean 'skip'?")
    assert "an asset key like shop/orders" in found["11 fivetran[0].follow[0].assets[0]"]
    assert "list assets, jobs or collectors" in found["12 fivetran[0].follow[1]"]
    assert found["13 fivetran[1].api_key"] == "is required"
    assert found.keys() >= {
        "5 fivetran[0].base_url",
        "7 fivetran[0].start.timeout",
        "8 fivetran[0].sensor.interval_seconds",
        "9 fivetran[0].snapshot_cron",
        "11 fivetran[0].follow[0].connections",
        "13 fivetran[1].name",
        "15 fivetran[1].follow",
    }
    assert len(found) == 14


@pytest.mark.parametrize("key", ["a//b", "/a", "a/", "", " a"])
def test_an_asset_key_with_an_empty_part_is_none(tmp_path: Path, key: str) -> None:
    said = only(tmp_path, f'fivetran: [{{name: ft, {ACCOUNT}, follow: [{{assets: ["{key}"]}}]}}]')
    assert said.startswith("1 fivetran[0].follow[0].assets[0]: must be an asset key")


def test_a_collector_that_follows_must_be_a_source(tmp_path: Path) -> None:
    account = f"{{name: ft, {ACCOUNT}, follow: [{{collectors: [shop, shpo]}}]}}"
    text = f"sources: [{{name: shop, {SHOP}}}]\nfivetran: [{account}]"
    said = only(tmp_path, text)
    assert said == (
        "2 fivetran[0].follow[0].collectors[1]: no source is called 'shpo'; did you mean 'shop'?"
    )
    assert "there are none" in only(tmp_path, f"fivetran: [{account}]".replace("shop, ", ""))


def test_a_collector_whose_source_is_wrong_is_not_called_missing(tmp_path: Path) -> None:
    account = f"{{name: ft, {ACCOUNT}, follow: [{{collectors: [shop]}}]}}"
    text = f"sources: [{{name: shop, prot: 1, {SHOP}}}]\nfivetran: [{account}]"
    assert only(tmp_path, text).startswith("1 sources[0].prot: unknown key")


@pytest.mark.parametrize("source", ["ft", "FT", "ft_start", "ft_snapshot", "ft_followers"])
def test_names_that_would_clash_in_dagster_are_refused(tmp_path: Path, source: str) -> None:
    text = f"sources: [{{name: {source}, {SHOP}}}]\nfivetran: [{{name: ft, {ACCOUNT}}}]"
    said = only(tmp_path, text)
    assert (
        said == f"2 fivetran[0].name: 'ft' clashes with the source {source!r}; rename one of them"
    )


def test_two_accounts_need_two_names_and_two_snapshots(tmp_path: Path) -> None:
    one, two = (f"{{name: {name}, {ACCOUNT}, snapshot: s.json}}" for name in ("a", "b"))
    assert "another account has this snapshot" in only(tmp_path, f"fivetran: [{one}, {two}]")
    same = f"fivetran: [{{name: a, {ACCOUNT}}}, {{name: A, {ACCOUNT}}}]"
    assert "'A' is the name of another account" in only(tmp_path, same)


@pytest.mark.parametrize("text", ["fivetran: []", "sources: []", "sources: []\nfivetran: []", "{}"])
def test_a_file_without_source_and_account_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="sources: must list at least one source"):
        load_config_file(write(tmp_path, text))


def test_a_program_may_make_the_same_settings() -> None:
    account = FivetranAccountSettings(
        name="ft", api_key="${KEY}", api_secret="${SECRET}", snapshot=Path("x.json")
    )
    assert KadaConfig(fivetran=[account]).fivetran == [account]
    with pytest.raises(ValueError, match="is the name of another account"):
        KadaConfig(fivetran=[account, account.model_copy(update={"snapshot": Path("y")})])


def test_no_text_of_the_settings_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "pl4nted")
    config = load_config_file(write(tmp_path, f"fivetran: [{{name: ft, {ACCOUNT}}}]"))
    assert "pl4nted" not in repr(config) + config.model_dump_json()
    assert "${KEY}" in config.model_dump_json()
