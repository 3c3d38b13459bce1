"""What an import costs: the plain layer never imports Dagster, nothing imports a driver early.

Each test imports in a fresh process and looks at what came with it.
"""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

import kada_dagster
from kada_dagster import config, fivetran, hevo, hightouch, postgres

ROOT = Path(kada_dagster.__file__).parents[1]
FACE = {
    "kada_dagster.definitions",
    "kada_dagster.celery",
    "kada_dagster.components",
    "kada_dagster.collector.asset_checks",
    "kada_dagster.collector.assets",
    "kada_dagster.collector.build",
    "kada_dagster.collector.failures",
    "kada_dagster.collector.instance",
    "kada_dagster.collector.jobs",
    "kada_dagster.collector.landing_resource",
    "kada_dagster.collector.mark_resource",
    "kada_dagster.collector.metadata",
    "kada_dagster.collector.partitions",
    "kada_dagster.collector.requesting",
    "kada_dagster.collector.resources",
    "kada_dagster.collector.run_history",
    "kada_dagster.collector.run_scope",
    "kada_dagster.collector.staged_runs",
    "kada_dagster.collector.tick",
    "kada_dagster.fivetran.account_assets",
    "kada_dagster.fivetran.assets",
    "kada_dagster.fivetran.build",
    "kada_dagster.fivetran.jobs",
    "kada_dagster.fivetran.ops",
    "kada_dagster.fivetran.reporting",
    "kada_dagster.fivetran.resource",
    "kada_dagster.fivetran.run_config",
    "kada_dagster.fivetran.step_errors",
    "kada_dagster.fivetran.sync_facts",
    "kada_dagster.fivetran.translator",
    "kada_dagster.fivetran.collector_resource",
    "kada_dagster.fivetran.sensor",
    "kada_dagster.fivetran.sensor_parts",
    "kada_dagster.fivetran.sensor_tick",
    "kada_dagster.fivetran.sync_events",
    "kada_dagster.fivetran.sync_journal",
    "kada_dagster.fivetran.sync_launches",
    "kada_dagster.hevo.resource",
    "kada_dagster.hightouch.resource",
    "kada_dagster.loader.assets",
    "kada_dagster.loader.automation",
    "kada_dagster.loader.build",
    "kada_dagster.loader.checks",
    "kada_dagster.loader.instance",
    "kada_dagster.loader.loading",
    "kada_dagster.loader.metadata",
    "kada_dagster.loader.partitions",
    "kada_dagster.loader.pools",
    "kada_dagster.loader.resource",
    "kada_dagster.loader.run_records",
    "kada_dagster.operations.build",
    "kada_dagster.operations.conditions",
    "kada_dagster.operations.failed_runs",
    "kada_dagster.operations.instance",
    "kada_dagster.operations.overview",
    "kada_dagster.operations.records",
    "kada_dagster.operations.sensor",
    "kada_dagster.operations.summary",
    "kada_dagster.operations.watched",
    "kada_dagster.postgres.resource",
    "kada_dagster.retention.job",
    "kada_dagster.retention.logs",
    "kada_dagster.sandbox.demo.loads",
    "kada_dagster.sandbox.demo.runs",
}
"""The Dagster face. All others are the plain layer."""

DRIVERS = {
    "psycopg2",
    "sqlglot",
    "boto3",
    "botocore",
    "azure",
    "fsspec",
    "ijson",
    "jmespath",
    "lxml",
    "openpyxl",
    "requests",
    "isal",
    "pymysql",
}
_SCRIPT = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported_by(names: Iterable[str]) -> set[str]:
    """The top-level packages a fresh process holds after importing some modules."""
    command = [sys.executable, "-c", _SCRIPT, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout))


def modules() -> list[str]:
    """Every module of the package."""
    walk = pkgutil.walk_packages([str(Path(kada_dagster.__file__).parent)], "kada_dagster.")
    return [module.name for module in walk if not module.name.endswith("__main__")]


def is_face(name: str) -> bool:
    parts = name.split(".")
    parents = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return bool(parents & FACE)


def test_no_module_of_the_plain_layer_imports_dagster_or_a_driver() -> None:
    plain = [name for name in modules() if not is_face(name)]
    assert {
        "kada_dagster.cli.extract",
        "kada_dagster.config",
        "kada_dagster.postgres.extractor",
    } <= set(plain)
    found = imported_by(plain)
    assert not {name for name in found if name.startswith("dagster")}
    assert not found & DRIVERS


def test_the_package_itself_imports_nothing_else() -> None:
    found = imported_by(["kada_dagster"])
    assert "kada_dagster" in found
    assert not found & {"dagster", "pydantic", "click", "yaml", "rich", *DRIVERS}


EXPORTED = [
    (package, name)
    for package in (kada_dagster, config, fivetran, hevo, hightouch, postgres)
    for name in package.__all__
]


@pytest.mark.parametrize(("package", "name"), EXPORTED)
def test_every_exported_name_is_there_and_typed_where_it_lives(
    package: ModuleType, name: str
) -> None:
    assert getattr(package, name) is not None
    assert name in dir(package)


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        kada_dagster.no_such_name  # noqa: B018
    assert not hasattr(kada_dagster, "no_such_name")


def test_the_vendors_functions_come_without_dagster() -> None:
    script = (
        "import json, sys\n"
        "from kada_dagster import load_config, get_hwm, publish_hwm, get_generic_logger\n"
        "from kada_dagster.postgres import Extractor\n"
        "print('dagster' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "False\n"
