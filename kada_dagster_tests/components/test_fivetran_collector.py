"""The Fivetran component and a `type: fivetran` source are two doors to the same definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.collector.build import build_definitions
from kada_dagster.components import FivetranCollector
from kada_dagster_tests.components.test_postgres_collector import refused

ATTRIBUTES: dict[str, Any] = {
    "name": "pipes",
    "api_key": "${FIVETRAN_KEY}",
    "api_secret": "${FIVETRAN_SECRET}",
    "columns": True,
    "mapping": {"shop_pg": {"host": "pg.k", "database": "shop"}, "Warehouse": "sf.k"},
    "window": {"start": "2026-01-01 00:00:00", "cron": "0 * * * *", "timezone": "Europe/Berlin"},
    "landing": {"type": "local", "path": "landing"},
    "owners": ["team:data"],
}


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """An empty dg project."""
    with create_defs_folder_sandbox() as sandbox:
        yield sandbox


def write(project: DefsFolderSandbox, name: str, attributes: dict[str, Any]) -> Path:
    """Put a component into the project; returns its folder."""
    folder = project.defs_folder_path / name
    folder.mkdir(parents=True)
    document = {"type": "kada_dagster.FivetranCollector", "attributes": attributes}
    (folder / "defs.yaml").write_text(yaml.safe_dump(document))
    return folder


def picture(definitions: dg.Definitions) -> str:
    """What Dagster is told of the source, in a form that can be compared."""
    repository = definitions.get_repository_def()
    resources = repository.get_top_level_resources()
    shown = {key: repr(_config(resources[key])) for key in sorted(resources) if "pipes" in key}
    keys = sorted(spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs())
    schedules = [(one.name, one.cron_schedule) for one in repository.schedule_defs]
    return json.dumps([shown, keys, schedules, sorted(repository.job_names)], sort_keys=True)


def _config(resource: dg.ResourceDefinition) -> object:
    schema = resource.config_schema
    return schema.default_value if schema.default_provided else None


def test_component_and_file_give_the_same_definitions(project: DefsFolderSandbox) -> None:
    folder = write(project, "pipes", ATTRIBUTES)
    file = folder / "kada.yaml"
    source = {"type": "fivetran", **ATTRIBUTES}
    file.write_text(yaml.safe_dump({"sources": [source], "high_water_marks": {"path": "hwm"}}))
    with project.build_all_defs() as definitions:
        told = picture(definitions)
        assert told == picture(build_definitions(file))
    assert "pipes/extract" in told
    assert "FIVETRAN_SECRET" in told


def test_a_key_written_out_is_refused_and_not_repeated(project: DefsFolderSandbox) -> None:
    write(project, "pipes", {**ATTRIBUTES, "api_secret": "pl4nted"})
    with refused(project) as said:
        assert "a secret is not written here" in "\n".join(said)
        assert "pl4nted" not in "\n".join(said)


def test_a_key_that_does_not_exist_is_named_with_the_nearest(project: DefsFolderSandbox) -> None:
    write(project, "pipes", {**ATTRIBUTES, "colums": True})
    with refused(project) as said:
        assert "did you mean 'columns'" in "\n".join(said)


def test_a_file_of_the_vendors_form_fills_what_the_component_leaves_out(
    project: DefsFolderSandbox,
) -> None:
    left = {key: ATTRIBUTES[key] for key in ("name", "window", "landing")}
    folder = write(project, "pipes", {**left, "config_file": "vendor.json"})
    vendor = {"api_key": "pl4nted", "api_secret": "pl4nted too", "host": "fivetran.acme"}
    (folder / "vendor.json").write_text(json.dumps(vendor))
    with project.build_all_defs() as definitions:
        told = picture(definitions)
    assert "vendor.json" in told
    assert "pl4nted" not in told


def test_the_schema_requires_only_what_a_vendor_file_cannot_give() -> None:
    schema = FivetranCollector.get_model_cls().model_json_schema()
    assert set(schema["properties"]) == set(FivetranCollector.model_fields)
    assert set(schema["required"]) == {"name", "window"}


def test_a_scaffolded_component_is_a_valid_one(project: DefsFolderSandbox) -> None:
    folder = project.scaffold_component(FivetranCollector, defs_path="elt")
    assert yaml.safe_load((folder / "defs.yaml").read_text())["attributes"]["name"] == "elt"
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        assert "elt_job" in definitions.get_repository_def().job_names
