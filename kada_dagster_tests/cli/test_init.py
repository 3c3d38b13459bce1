"""`kada init`: what it makes is a project that Dagster's own commands accept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kada_dagster.cli import main
from kada_dagster.scaffold.project import NewProject
from kada_dagster.scaffold.writing import write_files
from kada_dagster_tests.cli.conftest import ROOT

BIN = Path(sys.executable).parent


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a project, as if it was installed."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("KADA")}
    env |= {"PYTHONPATH": f"src:{ROOT}", "PATH": f"{BIN}:{env['PATH']}", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_new_project_passes_dg_check_and_its_own_test_with_a_component_beside_kada_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my-metadata"
    assert main(["init", str(folder), "--name", "shop"]) == 0
    said = capsys.readouterr().out
    made = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert sorted(made) == sorted(line[2:] for line in said.splitlines() if line[:2] == "  ")
    other = NewProject("my-metadata", "my_metadata", "hevo", "crm", components=True)
    write_files(folder, {other.config: other.files()[other.config]})
    checked = run(folder, "dg", "check", "defs")
    assert checked.returncode == 0, checked.stderr
    assert "All component YAML validated successfully." in checked.stdout
    assert "All definitions loaded successfully." in checked.stdout
    listed = run(folder, "dg", "list", "defs", "--json")
    assert {asset["asset_key"] for asset in json.loads(listed.stdout)["assets"]} == {
        f"{source}/{part}"
        for source in ("shop", "crm")
        for part in ("extract", "upload", "high_water_mark")
    }
    tested = run(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "1 passed" in tested.stdout


def test_the_doctor_reads_a_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lake"
    assert main(["init", str(folder), "--type", "hevo", "--components"]) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    for name in ("HEVO_API_KEY", "HEVO_API_SECRET"):
        monkeypatch.setenv(name, "secret")
    capsys.readouterr()
    file = "src/lake/defs/hevo/defs.yaml"
    assert main(["doctor", "--offline", "--config", file]) == 0, capsys.readouterr().out
    assert "1 source" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["json"], "is no name for the package: that is a module of Python itself"),
        (["2026"], "choose another folder, or give --package"),
        (["new", "--package", "class"], "a word of the Python language; choose another --package"),
        (["new", "--name", "a-b"], "--name a-b: must be letters, digits and '_'"),
        (["new", "--type", "oracle"], "'oracle' is not one of 'postgres', 'hevo'"),
        (["n" * 300], "nnn: file name too long"),
        (["."], "is not empty, it holds mine.txt"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mine.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["init", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
