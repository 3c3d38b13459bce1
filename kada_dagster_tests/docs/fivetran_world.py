"""A Fivetran account as the world of a page: a stand-in whose time runs as ours does."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.collector.build import build_definitions
from kada_dagster.sandbox.fivetran import FivetranSandbox
from kada_dagster.sandbox.fivetran.clock import RunningClock
from kada_dagster.sandbox.fivetran.demo import BUDGET, SHOP, demo_world
from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.world import World

_CONFIG = """
fivetran:
  - name: fivetran
    base_url: {base_url}
    api_key: ${{FIVETRAN_API_KEY}}
    api_secret: ${{FIVETRAN_API_SECRET}}
"""
_SENSOR = "fivetran_sync_sensor"
_MOVED = "The sheet was moved: share it again"


@contextmanager
def fivetran_account() -> Generator[dict[str, str]]:
    """Serve the account of the demo; gives the variables that lead to it."""
    world = demo_world(RunningClock())
    connections = world.estate.connections
    connections[SHOP].usual = Outcome.success(7, extract_mb=12.5, load_mb=8.25)
    connections[BUDGET].usual = Outcome.failure(_MOVED, 4)
    with FivetranSandbox(world) as server:
        yield {
            "FIVETRAN_BASE_URL": server.base_url,
            "FIVETRAN_API_KEY": server.api_key,
            "FIVETRAN_API_SECRET": server.api_secret,
        }


@contextmanager
def fivetran_world(_server: PostgresServer, folder: Path) -> Generator[World]:
    """A folder with a kada.yaml, and the account; the vault is where a variable says."""
    with fivetran_account() as variables:
        config = _CONFIG.format(base_url=variables["FIVETRAN_BASE_URL"])
        (folder / "kada.yaml").write_text(config, encoding="utf-8")
        vault = str(folder / "vault.yml")
        places = {"/secrets/vault.yml": vault}
        steps = {"a look of the sensor": lambda: _look(folder / "kada.yaml", variables)}
        yield World(folder, {**variables, "KADA_VAULT_FILE": vault}, places, steps=steps)


def _look(config: Path, variables: dict[str, str]) -> str:
    """What the list of ticks says of the sensor's first look."""
    definitions = build_definitions(config)
    repository = definitions.get_repository_def()
    with (
        pytest.MonkeyPatch.context() as patch,
        dg.DagsterInstance.ephemeral() as instance,  # pyright: ignore[reportUnknownMemberType]
    ):
        for name, value in variables.items():
            patch.setenv(name, value)
        with dg.build_sensor_context(
            instance,
            repository_def=repository,
            resources=repository.get_top_level_resources(),
            sensor_name=_SENSOR,
        ) as context:
            return f"{repository.get_sensor_def(_SENSOR).evaluate_tick(context).skip_message}\n"
