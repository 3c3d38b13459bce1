"""Runs the sandbox on its own: `python -m kada_dagster.sandbox.fivetran`.

The first line printed is the address, the second and third the key and the secret it takes; it
ends when its input does, or at Ctrl-C. `--objects 0` serves the account of the demo.
"""

from __future__ import annotations

from dataclasses import replace

from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.clock import RunningClock
from kada_dagster.sandbox.fivetran.demo import demo_world
from kada_dagster.sandbox.fivetran.generator import generated_world
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.web.command import options, serve


def main() -> None:
    """Serve an account whose time runs as ours does."""
    given = options("fivetran", 20_000, "an hour")
    clock = RunningClock()
    world = demo_world(clock)
    if given.objects:
        world = generated_world(given.seed, given.objects, clock=clock)
    budgets = Budgets.none()
    if given.calls:
        budgets = replace(Budgets.paid(), all=((given.calls, 3600.0),))
    server = FivetranSandbox(world, budgets=budgets, latency=given.latency, port=given.port)
    serve(server, server.api_key, server.api_secret)


if __name__ == "__main__":
    main()
