"""The code location as a whole: it loads anywhere, at once, without secret or network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HEAVY = ("boto3", "botocore", "azure", "psycopg2", "sqlglot", "requests", "isal", "dagster_aws")

CONFIG = """
sources:
  - type: postgres
    name: shop
    server: db.invalid
    username: kada
    password: ${NOT_SET_ANYWHERE}
    window: {start: "2026-01-01 00:00:00"}
    landing: {type: local, path: landing}
"""

LOAD = """
import socket, sys
before = set(sys.modules)

def refuse(*_args, **_kwargs):
    raise AssertionError("the network was used")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
import dagster
from_dagster = set(sys.modules)
from kada_dagster.definitions import defs
dagster.Definitions.validate_loadable(defs)
print(",".join(sorted({name.split(".")[0] for name in set(sys.modules) - from_dagster})))
"""


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with next to nothing in its environment."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=bare | environment, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kada.yaml").write_text(CONFIG)
    return tmp_path


def test_loading_needs_no_variable_no_secret_and_no_network(project: Path) -> None:
    done = run([sys.executable, "-c", LOAD], project)
    assert done.returncode == 0, done.stderr


def test_loading_imports_no_driver_and_no_cloud_library(project: Path) -> None:
    done = run([sys.executable, "-c", LOAD], project)
    imported = done.stdout.strip().split(",")
    assert "kada_dagster" in imported
    assert not set(imported) & set(HEAVY)


def test_loading_prints_no_warning(project: Path) -> None:
    done = run([sys.executable, "-W", "default", "-c", LOAD], project)
    assert "kada_dagster" not in done.stderr
    assert "BetaWarning" not in done.stderr


def test_loading_leaves_nothing_behind(project: Path) -> None:
    run([sys.executable, "-c", LOAD], project, PYTHONDONTWRITEBYTECODE="1")
    assert [path.name for path in project.iterdir()] == ["kada.yaml"]


def test_a_wrong_configuration_is_named_when_the_location_loads(project: Path) -> None:
    (project / "kada.yaml").write_text(CONFIG.replace("username", "usrname"))
    done = run([sys.executable, "-c", LOAD], project)
    assert done.returncode != 0
    assert "usrname" in done.stderr
    assert "kada.yaml:" in done.stderr


def test_dagster_validates_the_workspace(project: Path) -> None:
    """As a user does it, with the workspace.yaml of the repository."""
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    workspace["load_from"][0]["python_module"]["working_directory"] = str(ROOT)
    (project / "workspace.yaml").write_text(yaml.safe_dump(workspace))
    done = run(
        [sys.executable, "-m", "dagster", "definitions", "validate"],
        project,
        KADA_CONFIG=str(project / "kada.yaml"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kada_dagster" in done.stdout + done.stderr


def test_the_instance_file_keeps_everything_below_its_own_folder(tmp_path: Path) -> None:
    """dagster.yaml is taken by Dagster, and history survives the process."""
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    use = (
        "import dagster as dg\n"
        "instance = dg.DagsterInstance.get()\n"
        "print(len(instance.all_asset_keys()), instance.telemetry_enabled)\n"
        "instance.report_runless_asset_event(dg.AssetMaterialization('one'))\n"
    )
    first = run([sys.executable, "-c", use], tmp_path, DAGSTER_HOME=str(tmp_path))
    second = run([sys.executable, "-c", use], tmp_path, DAGSTER_HOME=str(tmp_path))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout.startswith("0 False")
    assert second.stdout.startswith("1 False")
    assert {path.name for path in tmp_path.iterdir()} <= {
        "dagster.yaml",
        ".dagster",
        ".logs_queue",
        "logs",
        ".cache",
        ".telemetry",
    }
