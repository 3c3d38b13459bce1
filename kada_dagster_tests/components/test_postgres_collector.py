"""The component and kada.yaml are two doors to the same definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.collector.build import build_definitions
from kada_dagster.components import PostgresCollector
from kada_dagster.errors import ConfigError

ATTRIBUTES: dict[str, Any] = {
    "name": "shop",
    "server": "db.example.com",
    "username": "kada",
    "password": "${SHOP_PASSWORD}",
    "window": {"start": "2026-01-01 00:00:00", "cron": "0 * * * *", "timezone": "Europe/Berlin"},
    "landing": {"type": "local", "path": "landing"},
    "owners": ["team:data"],
}


TYPE = "kada_dagster.components.PostgresCollector"


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """An empty dg project."""
    with create_defs_folder_sandbox() as sandbox:
        yield sandbox


def write(project: DefsFolderSandbox, name: str, attributes: dict[str, Any]) -> Path:
    """Put a component into the project; returns its folder."""
    folder = project.defs_folder_path / name
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(yaml.safe_dump({"type": TYPE, "attributes": attributes}))
    return folder


@contextmanager
def refused(project: DefsFolderSandbox) -> Iterator[list[str]]:
    """Expects that the project does not load; what all errors say is in the list afterwards."""
    said: list[str] = []
    with pytest.raises(Exception) as caught, project.build_all_defs() as definitions:  # noqa: PT011
        definitions.get_repository_def()
    error: BaseException | None = caught.value
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__
    yield said


def picture(definitions: dg.Definitions) -> str:
    """Everything Dagster's web server is told of the source, in a form that can be compared."""
    repository = definitions.get_repository_def()
    resources = repository.get_top_level_resources()
    config = {key: repr(_config(resources[key])) for key in sorted(resources) if "shop" in key}
    assets = {
        spec.key.to_user_string(): (
            spec.group_name,
            sorted(spec.kinds),
            list(spec.owners),
            repr(spec.partitions_def),
            [dep.asset_key.to_user_string() for dep in spec.deps],
        )
        for spec in definitions.resolve_all_asset_specs()
    }
    schedules = [(s.name, s.cron_schedule, s.execution_timezone) for s in repository.schedule_defs]
    return json.dumps([config, assets, schedules, sorted(repository.job_names)], sort_keys=True)


def _config(resource: Any) -> Any:
    return resource.configurable_resource_cls, resource.config_schema.default_value


def test_component_and_file_give_the_same_definitions(project: DefsFolderSandbox) -> None:
    folder = write(project, "shop", ATTRIBUTES)
    file = folder / "kada.yaml"
    marks = {"path": "hwm"}
    source = {"type": "postgres", **ATTRIBUTES}
    file.write_text(yaml.safe_dump({"sources": [source], "high_water_marks": marks}))
    with project.build_all_defs() as definitions:
        assert picture(definitions) == picture(build_definitions(file))


def test_paths_count_from_the_folder_of_the_component(project: DefsFolderSandbox) -> None:
    folder = write(project, "shop", ATTRIBUTES)
    with project.build_all_defs() as definitions:
        told = picture(definitions)
    assert str(folder / "landing") in told
    assert str(folder / "hwm") in told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("window: {start: 2026-01-01 00:00:00, cron: daily}", "window.cron: 'daily' is not a cron"),
        (
            "high_water_marks: {type: postgres, server: 'db:1', database: d, username: u}",
            "high_water_marks.server: must be a host name or address alone",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_line_of_the_file(
    project: DefsFolderSandbox, line: str, said: str
) -> None:
    key = line.partition(":")[0]
    kept = {name: value for name, value in ATTRIBUTES.items() if name != key}
    file = write(project, "shop", kept) / "defs.yaml"
    text = file.read_text().replace("attributes:", f"attributes:\n  {line}")
    file.write_text(text)
    with refused(project) as messages:
        pass
    assert f"{file}:2: {said}" in "\n".join(messages)


def test_two_components_live_side_by_side(project: DefsFolderSandbox) -> None:
    write(project, "shop", ATTRIBUTES)
    write(project, "crm", {**ATTRIBUTES, "name": "crm"})
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        assert {"shop_job", "crm_job"} <= set(definitions.get_repository_def().job_names)


def test_a_password_written_out_is_refused_and_not_repeated(project: DefsFolderSandbox) -> None:
    write(project, "shop", {**ATTRIBUTES, "password": "pl4nted"})
    with refused(project) as said:
        assert "a secret is not written here" in "\n".join(said)
        assert "pl4nted" not in "\n".join(said)


def test_a_key_that_does_not_exist_is_named_with_the_nearest(project: DefsFolderSandbox) -> None:
    write(project, "shop", {**ATTRIBUTES, "databses": ["a"]})
    with refused(project) as said:
        assert "did you mean 'databases'" in "\n".join(said)
        assert "defs.yaml" in "\n".join(said)


def test_a_vendor_file_beside_the_component_fills_what_it_leaves_out(
    project: DefsFolderSandbox,
) -> None:
    left = {key: ATTRIBUTES[key] for key in ("name", "window", "landing")}
    folder = write(project, "shop", {**left, "config_file": "vendor.json"})
    vendor = {"server": "10.0.0.1", "username": "v", "password": "pl4nted", "host": "shop"}
    (folder / "vendor.json").write_text(json.dumps(vendor))
    with project.build_all_defs() as definitions:
        told = picture(definitions)
    assert "10.0.0.1" in told
    assert "vendor.json" in told
    assert "pl4nted" not in told


def test_a_component_made_in_python_is_the_same_model() -> None:
    collector = PostgresCollector.model_validate(ATTRIBUTES)
    context = dg.ComponentTree.for_test().load_context
    assert {"shop_source", "shop_landing", "shop_marks"} == set(
        collector.build_defs(context).resources or {}
    )
    with pytest.raises(ValueError, match="databses"):
        PostgresCollector.model_validate({**ATTRIBUTES, "databses": []})


def test_the_schema_requires_only_what_a_vendor_file_cannot_give() -> None:
    schema = PostgresCollector.get_model_cls().model_json_schema()
    assert set(schema["properties"]) == set(PostgresCollector.model_fields)
    assert set(schema["required"]) == {"name", "window"}
    assert schema["additionalProperties"] is False


def test_a_scaffolded_component_is_a_valid_one(project: DefsFolderSandbox) -> None:
    folder = project.scaffold_component(PostgresCollector, defs_path="warehouse")
    assert yaml.safe_load((folder / "defs.yaml").read_text())["attributes"]["name"] == "warehouse"
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        assert "warehouse_job" in definitions.get_repository_def().job_names


def test_a_component_without_attributes_says_what_is_missing() -> None:
    with pytest.raises(ConfigError, match="name: is required"):
        PostgresCollector.load(None, dg.ComponentTree.for_test().load_context)


def test_two_components_with_one_landing_directory_are_refused(
    project: DefsFolderSandbox,
) -> None:
    lake = {"type": "s3", "bucket": "lake", "path": "lz/landing"}
    write(project, "shop", {**ATTRIBUTES, "landing": lake})
    write(
        project, "crm", {**ATTRIBUTES, "name": "crm", "landing": {**lake, "path": "/lz/landing/"}}
    )
    with refused(project) as said:
        text = "\n".join(said)
    told = r"defs.yaml: landing: '(shop|crm)' has this landing directory; each needs its own"
    assert re.search(told, text)
