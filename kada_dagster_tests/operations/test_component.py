"""Alerts, summary and retention of a `dg` project, for all of its components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from kada_dagster.operations.sensor import SENSOR
from kada_dagster.operations.summary import JOB, KEY
from kada_dagster.retention.job import JOB as RETENTION_JOB
from kada_dagster_tests.components.test_postgres_collector import ATTRIBUTES, refused
from kada_dagster_tests.loader.folders import write
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import WEBHOOK, Site

OPERATIONS: dict[str, Any] = {
    "alerts": {"channels": [WEBHOOK]},
    "summary": {},
    "retention": {"staging_days": 30},
}
TASK = "mode: full\nsource: {table: orders}\n"


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    """A dg project with two sources, whose marks are in folders of their own, and a loader."""
    with create_defs_folder_sandbox() as sandbox:
        for name in ("shop", "crm"):
            put(sandbox, name, "PostgresCollector", {**ATTRIBUTES, "name": name})
        folder = put(sandbox, "dwh", "LoaderProject", {"name": "dwh", "project": "load"})
        write(folder / "load", {"routes/erp/dwh/orders/task.yaml": TASK})
        yield sandbox


def put(project: DefsFolderSandbox, name: str, kind: str, attributes: dict[str, Any]) -> Path:
    """Put a component into the project; returns its folder."""
    folder = project.defs_folder_path / name
    folder.mkdir(parents=True)
    whole = {"type": f"kada_dagster.components.{kind}", "attributes": attributes}
    (folder / "defs.yaml").write_text(yaml.safe_dump(whole))
    return folder


def set_mark(project: DefsFolderSandbox, name: str, mark: str) -> None:
    """Put the mark of a source somewhere."""
    folder = project.defs_folder_path / name / "hwm"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}_hwm.txt").write_text(f"{mark}\n")


def test_a_mark_that_lags_is_told_wherever_its_component_keeps_it(
    project: DefsFolderSandbox, dagster_home: Path, inbox: Inbox
) -> None:
    put(project, "ops", "Operations", OPERATIONS)
    set_mark(project, "shop", "2026-01-02 00:00:00")
    set_mark(project, "crm", "2036-01-02 00:00:00")
    with (
        project.build_all_defs() as definitions,
        dg.DagsterInstance.local_temp(str(dagster_home)) as instance,
    ):
        repository = definitions.get_repository_def()
        site = Site(project.defs_folder_path, instance)
        for _ in range(2):
            with site.context(repository) as context:
                site.cursor = repository.get_sensor_def(SENSOR).evaluate_tick(context).cursor
    assert inbox.titles == [["source shop: its mark lags"]]
    assert inbox.facts()["mark"] == "2026-01-02 00:00:00 UTC"


def test_the_summary_has_a_row_for_each_source_and_route(
    project: DefsFolderSandbox, dagster_home: Path
) -> None:
    put(project, "ops", "Operations", {"summary": {}})
    set_mark(project, "shop", "2026-01-02 00:00:00")
    with (
        project.build_all_defs() as definitions,
        dg.DagsterInstance.local_temp(str(dagster_home)) as instance,
    ):
        assert not definitions.get_repository_def().sensor_defs  # nobody asked for alerts
        assert definitions.resolve_job_def(JOB).execute_in_process(instance=instance).success
        event = instance.get_latest_materialization_event(KEY)
    assert event is not None
    assert event.asset_materialization is not None
    told = " ".join(str(one.value) for one in event.asset_materialization.metadata.values())
    for word in ("shop", "2026-01-02 00:00:00", "crm", "| erp | 1 |"):
        assert word in told


def test_a_project_with_all_of_it_can_be_loaded(project: DefsFolderSandbox) -> None:
    put(project, "ops", "Operations", OPERATIONS)
    with project.build_all_defs() as definitions:
        dg.Definitions.validate_loadable(definitions)
        (removing,) = definitions.resolve_job_def(RETENTION_JOB).nodes
    assert removing.definition.required_resource_keys == {"shop_marks", "crm_marks"}


def test_what_is_wrong_is_said_with_the_field(project: DefsFolderSandbox) -> None:
    put(project, "ops", "Operations", {"retention": {"staging_day": 30}})
    with refused(project) as said:
        text = "\n".join(said)
    assert "retention.staging_day: unknown key; did you mean 'staging_days'?" in text
    assert "defs.yaml" in text


def test_an_address_written_out_is_refused_and_not_repeated(project: DefsFolderSandbox) -> None:
    hook = {"type": "webhook", "url": "https://hooks.example.org/pl4nted"}
    put(project, "ops", "Operations", {"alerts": {"channels": [hook]}})
    with refused(project) as said:
        assert "a secret is not written here" in "\n".join(said)
        assert "pl4nted" not in "\n".join(said)
