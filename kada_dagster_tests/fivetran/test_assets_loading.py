"""Loading a code location with an account: no variable, no network, nothing expensive."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster_tests.fivetran.account_location import (
    VARIABLES,
    AccountLocation,
    account_location,
)
from kada_dagster_tests.test_definitions import HEAVY, LOAD, ROOT


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AccountLocation]:
    """The demo's account, with a snapshot."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    with account_location(tmp_path) as location:
        location.fields["columns"] = True
        location.refresh()
        location.server.forget()
        yield location


def load(location: AccountLocation) -> subprocess.CompletedProcess[str]:
    """Load the location with next to nothing in the environment, and the network closed."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(location.folder), "PYTHONPATH": str(ROOT)}
    bare["KADA_CONFIG"] = str(location.write())
    command = [sys.executable, "-W", "default", "-c", LOAD]
    return subprocess.run(
        command, cwd=location.folder, env=bare, capture_output=True, text=True, timeout=120
    )


def test_an_account_loads_without_variables_network_and_drivers(location: AccountLocation) -> None:
    done = load(location)
    assert done.returncode == 0, done.stderr
    imported = done.stdout.strip().split(",")
    assert "kada_dagster" in imported
    assert not set(imported) & set(HEAVY)
    assert location.server.requests == []


def test_an_account_loads_without_a_warning(location: AccountLocation) -> None:
    said = load(location).stderr
    assert "kada_dagster" not in said
    assert "BetaWarning" not in said


def test_a_location_without_accounts_does_not_import_them(tmp_path: Path) -> None:
    (tmp_path / "kada.yaml").write_text(
        "sources: [{type: postgres, name: s, server: s, username: u, "
        'window: {start: "2024-01-01 00:00:00"}}]'
    )
    script = (
        "import sys\nfrom kada_dagster.definitions import defs\n"
        "print([name for name in sys.modules if name.startswith('kada_dagster.fivetran')])"
    )
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == "[]"
