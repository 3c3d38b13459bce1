"""`loader:` in kada.yaml: right entries become settings, wrong ones say all that is wrong."""

from __future__ import annotations

from pathlib import Path

from kada_dagster.config import LoaderSettings, load_config_file
from kada_dagster.config.single import settings_of
from kada_dagster.loader.engine.state import SCHEMA
from kada_dagster_tests.config.test_fivetran_accounts import ACCOUNT, only, problems, write


def test_a_loader_with_nothing_but_its_project_needs_no_source(tmp_path: Path) -> None:
    config = load_config_file(write(tmp_path, "loader: [{name: dwh, project: load}]"))
    (loader,) = config.loader
    assert config.sources == []
    assert loader.project == tmp_path / "load"
    assert (loader.target, loader.state_schema) == ("target", SCHEMA)
    assert (loader.key_prefix, loader.pool_prefix) == ([], "kada_load")
    assert (loader.resource_key, loader.sensor_name) == ("dwh_loader", "dwh_load_sensor")
    assert (loader.sensor.enabled, loader.sensor.interval_seconds) == (False, 30)


def test_everything_that_is_written_is_taken(tmp_path: Path) -> None:
    text = """
loader:
  - name: dwh
    project: /srv/load
    target: warehouse
    state_schema: bookkeeping
    key_prefix: [dwh, raw]
    pool_prefix: pull
    sensor: {enabled: true, interval_seconds: 60, max_runs: 20}
"""
    (loader,) = load_config_file(write(tmp_path, text)).loader
    assert loader.project == Path("/srv/load")
    assert (loader.target, loader.state_schema) == ("warehouse", "bookkeeping")
    assert (loader.key_prefix, loader.pool_prefix) == (["dwh", "raw"], "pull")
    assert (loader.sensor.enabled, loader.sensor.max_runs) == (True, 20)


def test_every_problem_is_said_with_line_field_and_nearest_key(tmp_path: Path) -> None:
    text = """loader:
  - name: my dwh
    projct: load
    sensor: {interval_seconds: 1}
"""
    assert problems(write(tmp_path, text)) == {
        "2 loader[0].name": "must be letters, digits and '_', and not begin with a digit",
        "2 loader[0].project": "is required",
        "3 loader[0].projct": "unknown key; did you mean 'project'?",
        "4 loader[0].sensor.interval_seconds": "must be greater than or equal to 5",
    }


def test_two_loaders_with_one_name_are_refused_whatever_its_case(tmp_path: Path) -> None:
    text = "loader: [{name: dwh, project: a}, {name: DWH, project: b}]"
    assert only(tmp_path, text) == (
        "1 loader[1].name: 'DWH' is the name of another loader; each needs its own"
    )


def test_two_loaders_of_one_project_are_refused(tmp_path: Path) -> None:
    text = "loader: [{name: a, project: load}, {name: b, project: ./load}]"
    assert "another loader has this project" in only(tmp_path, text)


def test_loaders_and_accounts_stand_beside_each_other(tmp_path: Path) -> None:
    text = f"loader: [{{name: dwh, project: load}}]\nfivetran: [{{name: ft, {ACCOUNT}}}]"
    config = load_config_file(write(tmp_path, text))
    assert (config.loader[0].name, config.fivetran[0].name) == ("dwh", "ft")


def test_settings_of_a_file_of_their_own_count_paths_from_its_folder(tmp_path: Path) -> None:
    fields = {"name": "dwh", "project": "load"}
    loader = settings_of(LoaderSettings, fields, tmp_path / "defs.yaml")
    assert loader.project == tmp_path / "load"
