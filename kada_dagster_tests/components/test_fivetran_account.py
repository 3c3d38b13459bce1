"""A Fivetran account as a component: the same definitions as kada.yaml gives it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.collector.build import build_definitions
from kada_dagster.components import FivetranAccount
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.props import TableProps
from kada_dagster.fivetran.snapshot_file import write_snapshot
from kada_dagster.fivetran.translator import FivetranTranslator
from kada_dagster_tests.components.test_postgres_collector import refused
from kada_dagster_tests.fivetran.test_assets_keys import connection, snapshot

TYPE = "kada_dagster.components.FivetranAccount"
ATTRIBUTES: dict[str, Any] = {
    "name": "ft",
    "api_key": "${FT_KEY}",
    "api_secret": "${FT_SECRET}",
    "owners": ["team:data"],
    "start": {"timeout": 600},
}


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """An empty dg project."""
    with create_defs_folder_sandbox() as sandbox:
        yield sandbox


def write(project: DefsFolderSandbox, attributes: dict[str, Any], kind: str = TYPE) -> Path:
    """Put a component and its snapshot into the project; returns its folder."""
    folder = project.defs_folder_path / "ft"
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(yaml.safe_dump({"type": kind, "attributes": attributes}))
    tables = [("shop", "orders"), ("shop", "items")]
    write_snapshot(folder / "ft_snapshot.json", snapshot(connection("c", *tables)))
    return folder


def picture(definitions: dg.Definitions) -> str:
    """What Dagster is told of the account, in a form that can be compared."""
    repository = definitions.get_repository_def()
    resource: Any = repository.get_top_level_resources()["ft_fivetran"]
    specs = {
        spec.key.to_user_string(): (spec.group_name, spec.description, sorted(spec.kinds))
        for spec in definitions.resolve_all_asset_specs()
    }
    names = [sorted(repository.job_names), [s.name for s in repository.sensor_defs]]
    return json.dumps([specs, names, repr(resource.config_schema.default_value)], sort_keys=True)


def test_component_and_file_give_the_same_definitions(project: DefsFolderSandbox) -> None:
    folder = write(project, ATTRIBUTES)
    (folder / "kada.yaml").write_text(yaml.safe_dump({"fivetran": [ATTRIBUTES]}))
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        told = picture(definitions)
        assert told == picture(build_definitions(folder / "kada.yaml"))
    assert "shop/orders" in told
    assert "ft_sync_sensor" in told
    assert "FT_KEY" in told


def test_what_is_wrong_in_a_defs_yaml_is_said_with_the_field(project: DefsFolderSandbox) -> None:
    write(project, {**ATTRIBUTES, "strt": {}, "api_key": "pl4nted"})
    with refused(project) as said:
        text = "\n".join(said)
        assert "strt: unknown key; did you mean 'start'?" in text
        assert "api_key: a secret is not written here" in text
        assert "defs.yaml" in text
        assert "pl4nted" not in text


def test_a_job_of_elsewhere_cannot_follow(project: DefsFolderSandbox) -> None:
    write(project, {**ATTRIBUTES, "follow": [{"jobs": ["shop_job"]}]})
    with refused(project) as said:
        assert "follow[0].jobs: there is no job 'shop_job'" in "\n".join(said)


class Ours(FivetranTranslator):
    def get_table_spec(self, props: TableProps) -> dg.AssetSpec:
        return super().get_table_spec(props).replace_attributes(key=["raw", props.table.name])


class OurAccount(FivetranAccount):
    """An account whose tables have other keys."""

    def translator(self) -> FivetranTranslator:
        return Ours()


def test_a_subclass_has_a_translator_of_its_own(project: DefsFolderSandbox) -> None:
    write(project, ATTRIBUTES, f"{__name__}.OurAccount")
    with project.build_all_defs() as definitions:
        keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert {"raw/orders", "raw/items", "ft/c"} == keys


def test_a_scaffolded_component_is_a_valid_one(project: DefsFolderSandbox) -> None:
    folder = project.scaffold_component(FivetranAccount, defs_path="ingest")
    assert yaml.safe_load((folder / "defs.yaml").read_text())["attributes"]["name"] == "ingest"
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        assert "ingest_start_job" in definitions.get_repository_def().job_names


def test_the_schema_of_the_attributes_is_that_of_kada_yaml() -> None:
    schema = FivetranAccount.get_model_cls().model_json_schema()
    assert set(schema["properties"]) == set(FivetranAccount.model_fields)
    assert set(schema["required"]) == {"name", "api_key", "api_secret"}
    with pytest.raises(ConfigError, match="name: is required"):
        FivetranAccount.load(None, dg.ComponentTree.for_test().load_context)


def test_dg_checks_a_project_with_an_account(tmp_path: Path) -> None:
    """As a user does it: `dg check defs` in a project of their own."""
    package = tmp_path / "ours"
    folder = package / "defs" / "ft"
    folder.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport dagster as dg\n\n\n@dg.definitions\ndef defs():\n"
        "    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "ours"\nversion = "0"\n[tool.dg]\ndirectory_type = "project"\n'
        '[tool.dg.project]\nroot_module = "ours"\nregistry_modules = ["kada_dagster.components"]\n'
    )
    (folder / "defs.yaml").write_text(yaml.safe_dump({"type": TYPE, "attributes": ATTRIBUTES}))
    write_snapshot(folder / "ft_snapshot.json", snapshot(connection("c", ("shop", "t"))))
    dg_command = str(Path(sys.executable).with_name("dg"))
    done = subprocess.run(
        [dg_command, "check", "defs", "--check-yaml", "--use-active-venv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
