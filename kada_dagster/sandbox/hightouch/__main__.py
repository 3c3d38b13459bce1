"""Runs the sandbox on its own: `python -m kada_dagster.sandbox.hightouch`.

The first line printed is the address, the second the key it takes; it ends when its input does,
or at Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.faults import Faults
from kada_dagster.sandbox.hightouch.server import HightouchServer


def main() -> None:
    """Serve a generated workspace."""
    parser = argparse.ArgumentParser(prog="python -m kada_dagster.sandbox.hightouch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--calls", type=int, default=200, help="in 10 seconds; 0 for no limit")
    options = parser.parse_args()
    estate = HightouchEstate.generate(options.seed, options.objects)
    faults = Faults(latency=options.latency)
    with HightouchServer(estate, faults, calls=options.calls or None, port=options.port) as server:
        print(server.url, server.token, sep="\n", flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()
    print(len(server.requests), "requests", flush=True)


if __name__ == "__main__":
    main()
