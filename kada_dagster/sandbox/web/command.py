"""A stand-in on its own: the command line that all of them have."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from kada_dagster.sandbox.web.server import StandIn


def options(name: str, calls: int, span: str) -> argparse.Namespace:
    """The options given: `seed`, `objects`, `port`, `latency` and `calls`.

    Args:
        name: of the stand-in's folder.
        calls: let in during a span, unless the user says otherwise.
        span: what that is, e.g. `a minute`.
    """
    parser = argparse.ArgumentParser(prog=f"python -m kada_dagster.sandbox.{name}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--calls", type=int, default=calls, help=f"{span}; 0 for no limit")
    return parser.parse_args()


def serve(server: StandIn, *told: str) -> None:
    """Print the address and what else is to be told, and serve until the input ends or Ctrl-C."""
    with server:
        print(server.url, *told, sep="\n", flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()
    print(len(server.requests), "requests", flush=True)
