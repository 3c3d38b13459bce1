"""Runs the sandbox on its own: `python -m kada_dagster.sandbox.hevo`.

The first line printed is the address; it ends when its input does, or at Ctrl-C.
"""

from __future__ import annotations

from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.server import HevoServer
from kada_dagster.sandbox.web.command import options, serve


def main() -> None:
    """Serve a generated account."""
    given = options("hevo", calls=100, span="a minute")
    estate = HevoEstate.generate(given.seed, given.objects)
    budget = (given.calls, 60.0) if given.calls else None
    serve(HevoServer(estate, budget=budget, latency=given.latency, port=given.port))


if __name__ == "__main__":
    main()
