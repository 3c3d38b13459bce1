"""Extracts of Hevo, Hightouch and Fivetran against stand-ins, with 50 ms before every answer.

The floors are calculated: the fewest calls an account needs, told from its description; and the
time these take at the latency and concurrency, or at the vendor's rate, whichever is longer. The
ratio printed is that of the large accounts: a small one spends its time starting Python.
Hevo's rate (100 calls a minute) and Fivetran's (20,000 an hour) would make any wall time fit, so
they are lifted; Hightouch's holds, and its stand-in counts what it had to refuse. Each extract is
a whole process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from bench.process import Usage, run
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.catalogue import catalogue_world
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_calls import least_calls
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer
from kada_dagster.sandbox.hightouch import HightouchEstate, HightouchServer

_LATENCY, _CONCURRENCY = 0.05, 8
_RATE_CALLS, _RATE_SECONDS = 200, 10
_WINDOW = Window.parse("2024-01-01 00:00:00", "2024-01-08 00:00:00")
_LIVED = Window.parse("2026-11-01 00:00:00", "2026-11-02 00:00:00")
"""The last day that Fivetran's connections have lived."""

_HEVO = """
import sys
from kada_dagster.hevo.extractor import Extractor
Extractor("sandbox-key", "sandbox-secret", base_url=sys.argv[1], output_path=sys.argv[2],
          calls_a_minute=100_000, concurrency=8).run(sys.argv[3], sys.argv[4])
"""
_HIGHTOUCH = """
import sys
from kada_dagster.hightouch.extractor import Extractor
Extractor(sys.argv[5], base_url=sys.argv[1], output_path=sys.argv[2],
          concurrency=8).run(sys.argv[3], sys.argv[4])
"""
_FIVETRAN = """
import sys
from kada_dagster.fivetran.extractor import Extractor
Extractor("sandbox-key", sys.argv[5], base_url=sys.argv[1], output_path=sys.argv[2],
          calls_per_hour=1_000_000, concurrency=8).run(sys.argv[3], sys.argv[4])
"""


@dataclass(frozen=True)
class Figures:
    """What one extract took.

    Attributes:
        usage: of its process.
        calls: it made.
        least: it needed.
        floor: seconds these take at best.
        refused: calls answered with 429.
    """

    usage: Usage
    calls: int
    least: int
    floor: float
    refused: int

    def line(self, name: str, objects: int) -> str:
        ratio = f"{self.usage.wall / self.floor:8.2f}"
        return (
            f"{name:10}{objects:>8,}{self.calls:>8,}{self.least:>8,}{self.refused:>6}"
            f"{self.usage.wall:>9.2f}{ratio}{self.usage.rss_mb:>9.0f}"
        )


def main(arguments: Sequence[str]) -> None:
    """Measure all, print the figures."""
    options = _options(arguments)
    print("source     objects   calls  needed   429   wall s   ratio  peak MB")
    found: list[Figures] = []
    for name, extract in (("Hevo", _hevo), ("Hightouch", _hightouch), ("Fivetran", _fivetran)):
        for objects in (100, options.objects):
            figures = extract(objects)
            print(figures.line(name, objects), flush=True)
            found.append(figures)
    print(
        f"api_extract calls_ratio={max(f.calls / f.least for f in found):.3f}"
        f" wall_ratio={max(f.usage.wall / f.floor for f in found[1::2]):.3f}"
        f" refused={sum(f.refused for f in found)}"
        f" rss_mb={max(f.usage.rss_mb for f in found):.0f}"
        f" rss_small_mb={max(f.usage.rss_mb for f in found[::2]):.0f}"
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="api_extract")
    parser.add_argument("--objects", type=int, default=10_000, help="of the large account")
    return parser.parse_args(arguments)


def _hevo(objects: int) -> Figures:
    estate = HevoEstate.generate(1, objects)
    with HevoServer(estate, budget=None, latency=_LATENCY) as server:
        usage = _extract(_HEVO, server.url)
        calls = len(server.requests)
    return Figures(usage, calls, estate.least_calls(_WINDOW), _waiting(calls), 0)


def _hightouch(objects: int) -> Figures:
    estate, rate = HightouchEstate.generate(1, objects), (_RATE_CALLS, _RATE_SECONDS)
    with HightouchServer(estate, calls=rate[0], seconds=rate[1], latency=_LATENCY) as server:
        usage = _extract(_HIGHTOUCH, server.url, server.token)
        calls, refused = len(server.requests), server.budget.refused
    rate = (calls - 1) // _RATE_CALLS * _RATE_SECONDS
    floor = max(rate, _waiting(calls))
    return Figures(usage, calls, estate.least_calls(_WINDOW), floor, refused)


def _fivetran(objects: int) -> Figures:
    world = catalogue_world(1, objects)
    with FivetranSandbox(world, budgets=Budgets.none(), latency=_LATENCY) as server:
        usage = _extract(_FIVETRAN, server.base_url, server.api_secret, window=_LIVED)
        calls = len(server.requests)
    return Figures(usage, calls, least_calls(world, _LIVED), _waiting(calls), 0)


def _waiting(calls: int) -> float:
    return calls * _LATENCY / _CONCURRENCY


def _extract(script: str, *arguments: str, window: Window = _WINDOW) -> Usage:
    url, *others = arguments
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
        bounds = [window.start_hwm, window.end_hwm]
        return run([sys.executable, "-c", script, url, folder, *bounds, *others])
