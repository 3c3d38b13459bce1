"""The UI in a real browser: how long pages take, and the queries they send."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_PATIENCE = 180_000.0
"""Milliseconds."""


@dataclass
class Pages:
    """What was measured.

    Attributes:
        seconds: from the address to what the page is looked at for, by page, each time.
        queries: milliseconds from a query to the end of its answer, by operation.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    queries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def medians(self) -> Mapping[str, float]:
        """Seconds of each page."""
        return {page: statistics.median(times) for page, times in self.seconds.items()}

    @property
    def latencies(self) -> Sequence[float]:
        """All queries' milliseconds, ascending."""
        return sorted(ms for times in self.queries.values() for ms in times)


def quantile(ascending: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def opened_pages(url: str, source: str, windows: int, rounds: int) -> Pages:
    """Open the pages operators open, each round in a browser profile that has seen none.

    Args:
        url: where the web server answers.
        source: name of a source with history.
        windows: how many it has.
        rounds: how often.

    Raises:
        RuntimeError: there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise RuntimeError("no Chromium on this machine; get one with: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    found = Pages()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        for _ in range(rounds):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.on("requestfinished", lambda request: _note(request, found))
            for name, visit in _visits(url, source, windows).items():
                started = time.perf_counter()
                visit(page)
                found.seconds[name].append(time.perf_counter() - started)
                page.wait_for_timeout(1000)  # what is asked after the page is there
            page.context.close()
        browser.close()
    return found


def _visits(url: str, source: str, windows: int) -> dict[str, Callable[[Page], None]]:
    group = f"/locations/kada_dagster/asset-groups/{source}/lineage"
    return {
        "catalogue": lambda page: _open(page, f"{url}/assets", source),
        "timeline": lambda page: _open(page, url, f"{source}_job"),
        "lineage of all": lambda page: _open(page, f"{url}/asset-groups", source),
        "lineage of one": lambda page: _open(page, url + group, "high_water_mark"),
        "windows of an asset": lambda page: _open(
            page, f"{url}/assets/{source}/extract?view=partitions", f"Materialized ({windows})"
        ),
        "backfill dialog": _backfill_dialog,
        "schedules": lambda page: _open(page, f"{url}/automation", f"{source}_schedule"),
    }


def _open(page: Page, address: str, text: str) -> None:
    page.goto(address, timeout=_PATIENCE)
    page.get_by_text(text, exact=True).first.wait_for(timeout=_PATIENCE)


def _backfill_dialog(page: Page) -> None:
    """On the page of an asset."""
    page.get_by_text("Materialize…", exact=True).first.click()
    page.get_by_text("Launch backfill", exact=True).first.wait_for(timeout=_PATIENCE)


def _note(request: Any, found: Pages) -> None:
    if "/graphql" in request.url and request.method == "POST":
        operation = json.loads(request.post_data)["operationName"]
        times = request.timing
        found.queries[operation].append(times["responseEnd"] - times["requestStart"])
