"""`kada status`: how everything is, with Dagster's records and without, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import kada_dagster
from kada_dagster.cli import main
from kada_dagster.hwm.window import format_hwm, utc_now
from kada_dagster_tests.operations.site import Site

ROOT = Path(kada_dagster.__file__).parents[1]
YESTERDAY = (datetime.now(timezone.utc) - timedelta(days=1)).replace(
    hour=0, minute=0, second=0, microsecond=0
)
SOURCE = {
    "type": "postgres",
    "name": "shop",
    "server": "db.invalid",
    "username": "kada",
    "window": {"start": "2024-01-01 00:00:00"},
}


@pytest.fixture
def recent(site: Site, dagster_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    """A source whose windows begin yesterday, in the folder the command runs in."""
    site.sources[0]["window"] = {"start": format_hwm(YESTERDAY)}
    site.sources[0]["retries"] = {"max_retries": 0}
    site.definitions()
    (dagster_home / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    monkeypatch.delenv("KADA_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return site


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command in this process, for the source is of the tests."""
    code = main(["status", *arguments])
    return code, capsys.readouterr().out


def one_source(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What the command says of the one source."""
    _, out = status(capsys, "--json", *arguments)
    (found,) = json.loads(out)["sources"]
    return found


def test_all_is_well(recent: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert recent.run(format_hwm(YESTERDAY)).success
    code, out = status(capsys)
    assert code == 0
    assert out.endswith("OK: nothing lags, nothing failed last\n")
    found = one_source(capsys)
    assert found["is_well"]
    assert found["state"] == "current"
    assert found["high_water_mark"] == format_hwm(YESTERDAY + timedelta(days=1))
    assert 0 <= found["lag_seconds"] <= 86_400
    assert found["allowed_lag_seconds"] == 30 * 3600
    assert found["missing_windows"] == 0
    last = found["last_extract"]
    assert (last["start_hwm"], last["rows"]) == (format_hwm(YESTERDAY), 3)
    assert last["bytes"] > 0
    assert found["last_success"] is not None
    assert found["last_failure"] is None


def test_a_failed_run_is_told_with_its_cause_until_it_is_over(
    recent: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    recent.break_source()
    run = recent.run(format_hwm(YESTERDAY)).run_id
    code, out = status(capsys)
    assert code == 1
    assert "source docs: " in out
    assert f"run {run}" in out
    assert "is not mounted" in out
    assert "next step" in out
    assert one_source(capsys)["last_failure"]["what"] == "extract"
    recent.mend_source()
    assert recent.run(format_hwm(YESTERDAY)).success
    code, _ = status(capsys)
    assert code == 0
    assert one_source(capsys)["last_failure"]["is_over"]


def test_without_dagster_marks_and_staging_are_known(
    recent: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recent.run(format_hwm(YESTERDAY)).success
    code, out = status(capsys, "--no-dagster")
    assert code == 0
    assert "runs, loads and syncs: not shown" in out
    found = one_source(capsys, "--no-dagster")
    assert found["last_extract"]["rows"] == 3
    assert found["last_success"] is None


def test_records_that_cannot_be_read_are_an_error_with_the_way_out(
    recent: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(recent.folder / "nowhere"))
    assert main(["status"]) == 2
    said = capsys.readouterr().err
    assert "nowhere" in said
    assert "--no-dagster" in said


def test_a_mark_that_cannot_be_read_is_said(
    recent: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (recent.folder / "hwm").mkdir()
    (recent.folder / "hwm" / "docs_hwm.txt").write_text("no moment\n")
    code, out = status(capsys)
    assert code == 1
    assert "docs_hwm.txt" in out
    assert "unreadable" in out


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with no Dagster instance around; says its imports."""
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    program = [sys.executable, "-X", "importtime", "-m", "kada_dagster", "status", *arguments]
    return subprocess.run(
        program, cwd=folder, env=clean, capture_output=True, text=True, timeout=60
    )


def test_it_needs_no_dagster_where_no_records_are(tmp_path: Path) -> None:
    marked = {**SOURCE, "name": "current", "landing": {"type": "local", "path": "landing"}}
    (tmp_path / "kada.yaml").write_text(yaml.safe_dump({"sources": [SOURCE, marked]}))
    (tmp_path / "hwm").mkdir()
    (tmp_path / "hwm" / "current_hwm.txt").write_text(f"{format_hwm(utc_now())}\n")
    done = command(tmp_path)
    assert done.returncode == 1
    assert not {line.split("|")[-1].strip() for line in done.stderr.splitlines()} & {"dagster"}
    assert "source shop: lags" in done.stdout
    assert "source current" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hwm", "kada.yaml"]


def test_what_was_not_looked_at_is_not_said_to_be_well(tmp_path: Path) -> None:
    (tmp_path / "kada.yaml").write_text(yaml.safe_dump({"sources": [SOURCE]}))
    (tmp_path / "hwm").mkdir()
    (tmp_path / "hwm" / "shop_hwm.txt").write_text(f"{format_hwm(utc_now())}\n")
    for arguments in ([], ["--no-dagster"]):
        done = command(tmp_path, *arguments)
        assert done.returncode == 0
        assert done.stdout.splitlines()[-2:] == [
            "runs, loads and syncs: not shown; they are in Dagster's records, at DAGSTER_HOME",
            "OK: nothing lags",
        ]


LOADER = {"name": "dwh", "project": "load"}
ACCOUNT = {"name": "fivetran", "api_key": "${KEY}", "api_secret": "${SECRET}"}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"loader": [LOADER]}, "`loader:` is"),
        ({"fivetran": [ACCOUNT]}, "`fivetran:` is"),
        ({"loader": [LOADER], "fivetran": [ACCOUNT]}, "`loader:` and `fivetran:` are"),
    ],
)
def test_loads_and_syncs_are_not_passed_over_where_their_records_are_missing(
    tmp_path: Path, parts: dict[str, Any], words: str
) -> None:
    (tmp_path / "kada.yaml").write_text(yaml.safe_dump(parts))
    done = command(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"error: {tmp_path}/kada.yaml: how {words} going")
    assert said.endswith("set DAGSTER_HOME, or give --no-dagster")
    asked = command(tmp_path, "--no-dagster")
    assert (asked.returncode, "OK" in asked.stdout) == (0, False)


def test_a_dagster_yaml_beside_it_is_enough(
    recent: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DAGSTER_HOME")
    recent.set_mark(YESTERDAY + timedelta(days=1))
    (recent.folder / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    code, out = status(capsys, "--json")
    assert code == 0
    assert json.loads(out)["dagster"] == str(recent.folder)
