"""Runs the sandbox on its own: `python -m kada_dagster.sandbox.hightouch`.

The first line printed is the address, the second the key it takes; it ends when its input does,
or at Ctrl-C.
"""

from __future__ import annotations

from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.server import HightouchServer
from kada_dagster.sandbox.web.command import options, serve


def main() -> None:
    """Serve a generated workspace."""
    given = options("hightouch", calls=200, span="in 10 seconds")
    estate = HightouchEstate.generate(given.seed, given.objects)
    calls = given.calls or None
    server = HightouchServer(estate, latency=given.latency, calls=calls, port=given.port)
    serve(server, server.token)


if __name__ == "__main__":
    main()
