"""A loader project as a component: the same definitions as kada.yaml gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.collector.build import build_definitions
from kada_dagster.components import LoaderProject
from kada_dagster_tests.components.test_postgres_collector import refused
from kada_dagster_tests.loader.folders import write

TYPE = "kada_dagster.components.LoaderProject"
ATTRIBUTES: dict[str, Any] = {"name": "dwh", "project": "load", "key_prefix": ["dwh"]}
TASK = 'mode: full\nsource: {table: orders}\nrun: {cron: "0 5 * * *"}\nchecks: {row_count: {}}\n'


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """An empty dg project."""
    with create_defs_folder_sandbox() as sandbox:
        yield sandbox


def put(project: DefsFolderSandbox, attributes: dict[str, Any]) -> Path:
    """Put a component and its loader project into the dg project; returns its folder."""
    folder = project.defs_folder_path / "dwh"
    write(folder / "load", {"routes/erp/shop/orders/task.yaml": TASK})
    (folder / "defs.yaml").write_text(yaml.safe_dump({"type": TYPE, "attributes": attributes}))
    return folder


def picture(definitions: dg.Definitions) -> list[Any]:
    """What Dagster is told of the loader, in a form that can be compared."""
    repository = definitions.get_repository_def()
    graph = definitions.resolve_asset_graph()
    specs = definitions.resolve_all_asset_specs()
    return [
        {spec.key.to_user_string(): (spec.description, spec.code_version) for spec in specs},
        sorted(key.to_user_string() for key in graph.asset_check_keys),
        [sensor.name for sensor in repository.sensor_defs],
        sorted(repository.get_top_level_resources()),
    ]


def test_component_and_file_give_the_same_definitions(project: DefsFolderSandbox) -> None:
    folder = put(project, ATTRIBUTES)
    (folder / "kada.yaml").write_text(yaml.safe_dump({"loader": [ATTRIBUTES]}))
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        told = picture(definitions)
        assert told == picture(build_definitions(folder / "kada.yaml"))
    assert list(told[0]) == ["dwh/shop/orders"]
    assert told[1:] == [["dwh/shop/orders:row_count"], ["dwh_load_sensor"], ["dwh_loader"]]


def test_what_is_wrong_in_a_defs_yaml_is_said_with_the_field(project: DefsFolderSandbox) -> None:
    put(project, {**ATTRIBUTES, "projct": "load"})
    with refused(project) as said:
        text = "\n".join(said)
    assert "projct: unknown key; did you mean 'project'?" in text
    assert "defs.yaml" in text


def test_what_is_wrong_in_the_project_is_said_with_file_and_line(
    project: DefsFolderSandbox,
) -> None:
    folder = put(project, ATTRIBUTES)
    task = folder / "load/routes/erp/shop/orders/task.yaml"
    task.write_text("mode: full\nsource: {table: orders}\ndepnds: [a]\n")
    with refused(project) as said:
        assert "orders/task.yaml:3: depnds: unknown key; did you mean 'depends'?" in "\n".join(said)


def test_the_schema_describes_the_fields_of_the_settings() -> None:
    schema = LoaderProject.get_model_cls().model_json_schema()
    assert sorted(schema["required"]) == ["name", "project"]
    assert schema["properties"]["pool_prefix"]["default"] == "kada_load"
    assert "connections.yaml" in schema["properties"]["project"]["description"]


def test_a_scaffolded_component_names_a_project(project: DefsFolderSandbox) -> None:
    folder = project.scaffold_component(LoaderProject, defs_path="ingest")
    attributes = yaml.safe_load((folder / "defs.yaml").read_text())["attributes"]
    assert attributes == {"name": "ingest", "project": "load"}
