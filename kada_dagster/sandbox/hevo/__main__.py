"""Runs the sandbox on its own: `python -m kada_dagster.sandbox.hevo`.

The first line printed is the address; it ends when its input does, or at Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.server import HevoServer


def main() -> None:
    """Serve a generated account."""
    parser = argparse.ArgumentParser(prog="python -m kada_dagster.sandbox.hevo")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--calls", type=int, default=100, help="a minute; 0 for no limit")
    options = parser.parse_args()
    budget = (options.calls, 60.0) if options.calls else None
    estate = HevoEstate.generate(options.seed, options.objects)
    with HevoServer(estate, budget=budget, latency=options.latency, port=options.port) as server:
        print(server.url, flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()
    print(len(server.requests), "requests", flush=True)


if __name__ == "__main__":
    main()
