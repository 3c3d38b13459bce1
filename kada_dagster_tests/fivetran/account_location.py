"""An account in the sandbox with a kada.yaml over it, for tests of the snapshot and the face.

The world's clock is moved by hand: whoever waits for a sync moves it, so nothing sleeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from kada_dagster.api.retrying import Retries
from kada_dagster.collector.build import build_definitions
from kada_dagster.config import FivetranAccountSettings, load_config_file
from kada_dagster.fivetran.client import Account
from kada_dagster.fivetran.resource import FivetranResource
from kada_dagster.fivetran.snapshot import SnapshotReport, refresh
from kada_dagster.fivetran.snapshot_file import read_snapshot
from kada_dagster.fivetran.snapshot_model import KnownConnection, Snapshot
from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld, demo_world
from kada_dagster.sandbox.fivetran.schema_config import Schema, SchemaConfig, Table
from kada_dagster_tests.fivetran.sites import WorldClock

KEY, SECRET = "pl4nted-key", "pl4nted-secret"
VARIABLES = {"TEST_FIVETRAN_KEY": KEY, "TEST_FIVETRAN_SECRET": SECRET}
_worlds: dict[str, FivetranWorld] = {}


class SandboxResource(FivetranResource):
    """Reaches a sandbox, and waits by its clock."""

    def clock(self) -> Any:
        return WorldClock(_worlds[self.base_url or ""])

    def account(self) -> Account:
        """Without attempts of its own, which take real time."""
        return replace(super().account(), retries=Retries(most=0))


@dataclass
class AccountLocation:
    """A folder with a kada.yaml that names one account.

    Attributes:
        folder: of the kada.yaml.
        world: the account.
        server: serves it.
        fields: of the account in kada.yaml, beside name, key and address.
        others: the rest of kada.yaml.
    """

    folder: Path
    world: FivetranWorld
    server: FivetranSandbox
    fields: dict[str, Any]
    others: dict[str, Any]

    def write(self) -> Path:
        """Write the kada.yaml."""
        key, secret = ("${" + name + "}" for name in VARIABLES)
        account = {"name": "fivetran", "api_key": key, "api_secret": secret}
        account["base_url"] = self.server.base_url
        file = self.folder / "kada.yaml"
        file.write_text(
            yaml.safe_dump({"fivetran": [{**account, **self.fields}], **self.others}),
            encoding="utf-8",
        )
        return file

    @property
    def settings(self) -> FivetranAccountSettings:
        """The account as kada.yaml has it."""
        return load_config_file(self.write()).fivetran[0]

    def refresh(self, **options: Any) -> SnapshotReport:
        """Bring the snapshot up to date."""
        self.server.forget()
        return refresh(self.settings, **options)

    @property
    def snapshot(self) -> Snapshot:
        """What the file holds."""
        found = read_snapshot(self.settings.snapshot)
        assert found is not None
        return found

    def known(self, connection_id: str) -> KnownConnection:
        """A connection as the file has it."""
        return next(c for c in self.snapshot.connections if c.id == connection_id)

    def paths(self, pattern: str = "") -> list[str]:
        """What was asked for since the last refresh began."""
        return [call.path for call in self.server.calls("GET", pattern)]

    def definitions(self) -> dg.Definitions:
        """The code location, waiting by the world's clock."""
        resource = SandboxResource.from_settings(self.settings)
        return build_definitions(self.write(), resources={self.settings.resource_key: resource})


@contextmanager
def account_location(folder: Path, world: FivetranWorld | None = None) -> Iterator[AccountLocation]:
    """Serve a world, by default that of the demo; the variables of `VARIABLES` are the caller's."""
    living = world or demo_world()
    with FivetranSandbox(living, api_key=KEY, api_secret=SECRET) as server:
        _worlds[server.base_url] = living
        yield AccountLocation(folder, living, server, {}, {})


def tables(**schemas: list[str]) -> SchemaConfig:
    """A schema configuration whose names are the same in source and destination."""
    return SchemaConfig(
        {
            schema: Schema(schema, schema, {name: Table(name, name) for name in names})
            for schema, names in schemas.items()
        }
    )
