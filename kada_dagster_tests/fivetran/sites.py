"""An account in the sandbox with a client of it: both live by one clock, and nobody sleeps."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.retrying import Retries
from kada_dagster.fivetran.client import Account, FivetranClient
from kada_dagster.sandbox.fivetran import FivetranWorld, Quirks
from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.secrets import Secret


@dataclass(frozen=True)
class WorldClock:
    """The world's time, in seconds: whoever sleeps lets it pass."""

    world: FivetranWorld

    def now(self) -> float:
        return self.world.clock.moment() / 1_000_000

    def sleep(self, seconds: float) -> None:
        self.world.advance(max(seconds, 1e-6))  # its least step: less would never pass


@dataclass
class Site:
    """A served world, a client, and what it told on the way."""

    world: FivetranWorld
    server: FivetranSandbox
    client: FivetranClient
    clock: WorldClock
    told: list[str] = field(default_factory=list[str])

    def sent(self, path: str = "", method: str = "POST") -> list[Any]:
        """The bodies of requests that came."""
        return [json.loads(one.body or b"null") for one in self.server.calls(method, path)]


@contextmanager
def site(
    *, quirks: Quirks | None = None, budgets: Budgets | None = None, seed: int = 0, **account: Any
) -> Generator[Site]:
    """A world without connections.

    Args:
        quirks: of the world.
        budgets: of the server.
        seed: of the world.
        account: fields of `Account`.
    """
    world = FivetranWorld(quirks=quirks, seed=seed)
    clock = WorldClock(world)
    with FivetranSandbox(world, budgets=budgets) as server:
        fields: dict[str, Any] = {
            "api_key": Secret(value=server.api_key),
            "api_secret": Secret(value=server.api_secret),
            "base_url": server.base_url,
            "budget": RateBudget(1_000_000, 1.0, clock),
            "retries": Retries(most=3, within=120, obeys=True),
            **account,
        }
        with closing(Account(**fields).open()) as client:
            yield Site(world, server, client, clock)
