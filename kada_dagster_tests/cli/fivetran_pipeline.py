"""A sandbox account, and `kada fivetran` run against it as the job of a pipeline would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld
from kada_dagster_tests.cli.conftest import ROOT, Result

KEY, SECRET = "pl4nted-fivetran-key", "pl4nted-fivetran-s3cret"
HIDDEN = (KEY, SECRET, b64encode(f"{KEY}:{SECRET}".encode()).decode())
PREFIXES = ("KADA", "FIVETRAN", "CONNECT", "SET_FIVETRAN", "TABLE", "SCHEMA")


@dataclass(frozen=True)
class Pipeline:
    """Runs the command; no output may ever hold a credential.

    Attributes:
        server: the API.
        folder: where the command runs.
    """

    server: FivetranSandbox
    folder: Path

    @property
    def world(self) -> FivetranWorld:
        return self.server.world

    def environment(self, variables: Mapping[str, str | None]) -> dict[str, str]:
        """A clean one with the credentials and the variables; None takes one away."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(PREFIXES)}
        given = {
            "PYTHONPATH": str(ROOT),
            "FIVETRAN_BASE_URL": self.server.base_url,
            "FIVETRAN_API_KEY": KEY,
            "FIVETRAN_API_SECRET": SECRET,
            **variables,
        }
        return {**clean, **{k: v for k, v in given.items() if v is not None}}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "kada_dagster", *arguments]

    def job(self, action: str, connection: str, *options: str, **variables: str | None) -> Result:
        """`kada fivetran` with nothing but variables, and options where they are given."""
        named = {"FIVETRAN_ACTION": action, "CONNECTOR_ID": connection, **variables}
        return self.run(self.command("fivetran", *options), named)

    def __call__(self, *arguments: str, **variables: str | None) -> Result:
        """`kada fivetran` with a command."""
        return self.run(self.command("fivetran", *arguments), variables)

    def run(self, command: list[str], variables: Mapping[str, str | None]) -> Result:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return checked(Result(done.returncode, done.stdout, done.stderr))

    def start(self, variables: Mapping[str, str | None]) -> subprocess.Popen[str]:
        """`kada fivetran` as a process that can be sent signals."""
        return subprocess.Popen(
            self.command("fivetran"),
            cwd=self.folder,
            env=self.environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def bodies(server: FivetranSandbox, method: str, path: str) -> list[Any]:
    """What was sent with a method to paths that a regular expression finds."""
    return [call.json for call in server.calls(method, path)]


def checked(result: Result) -> Result:
    """The result, when it shows no credential and nothing that steers a terminal."""
    said = result.out + result.err
    for hidden in HIDDEN:
        for spelling in (hidden, json.dumps(hidden)[1:-1], repr(hidden)[1:-1]):
            assert spelling not in said
    odd = {char for char in said if not char.isprintable() and char != "\n"}
    assert not odd
    return result
