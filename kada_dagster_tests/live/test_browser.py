"""What a user sees: the asset graph and the asset page, in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from kada_dagster_tests.live.conftest import WINDOWS, History
from kada_dagster_tests.live.dev_server import DevServer
from kada_dagster_tests.live.launching import STEPS

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
]
PATIENCE = 60_000
"""Milliseconds the page may take to show something."""

pytestmark = pytest.mark.timeout(600)


@dataclass
class Window:
    """A browser window on the UI, and what went wrong in it.

    Attributes:
        page: the page.
        url: where the UI answers.
        faults: scripts that broke, and requests that were answered with an error.
    """

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str, wait_for: str) -> None:
        """Open a page and wait until it shows a text."""
        self.page.goto(self.url + path)
        self.wait_for(wait_for)
        self._close_greeting()

    def wait_for(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.page.get_by_text(text, exact=True).first.wait_for(timeout=PATIENCE)

    def _close_greeting(self) -> None:
        greeting = self.page.get_by_text("Skip", exact=True)
        self.page.wait_for_timeout(1500)  # it is shown some time after the rest, once
        if greeting.count():
            greeting.click()
            greeting.wait_for(state="detached", timeout=PATIENCE)
            self.page.mouse.move(0, 0)  # what is under it looks different

    def texts(self, selector: str = "body") -> list[str]:
        """The lines of text that are shown."""
        text = self.page.locator(selector).first.inner_text()
        return [line.strip() for line in text.splitlines() if line.strip()]

    def toasts(self) -> list[str]:
        """The messages that pop up."""
        shown = self.page.locator('[class*="toast" i]:visible').all_inner_texts()
        return [text for text in shown if text.strip()]

    def keep(self, name: str) -> None:
        """Save a picture into the folder $KADA_SCREENSHOTS, where that is set."""
        if folder := os.environ.get("KADA_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / name)


def chromium() -> str:
    """The browser of this machine."""
    for program in filter(None, map(shutil.which, PROGRAMS)):
        return program
    pytest.skip("no Chromium on this machine; get one with: apt-get install chromium")


@pytest.fixture(scope="module")
def window(history: History, server: DevServer) -> Iterator[Window]:
    """A window of the machine's Chromium, without a screen."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        window = Window(page, server.url)
        page.on("pageerror", lambda error: window.faults.append(str(error)))
        page.on("response", lambda answer: note(answer, window.faults))
        yield window
        browser.close()


def note(answer: Any, faults: list[str]) -> None:
    """Remember an answer of the web server that is an error."""
    if answer.status >= 400:
        faults.append(f"{answer.status} {answer.url}")


def in_order(wanted: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether all the wanted lines are there, one after the other."""
    rest = iter(lines)
    return all(line in rest for line in wanted)


def test_the_graph_of_the_group_reads_from_extract_to_upload_to_mark(window: Window) -> None:
    window.open("/locations/kada_dagster/asset-groups/shop/lineage", wait_for="high_water_mark")
    boxes = [window.page.get_by_text(step, exact=True).first.bounding_box() for step in STEPS]
    left_edges = [box["x"] for box in boxes if box]
    assert len(left_edges) == len(STEPS)
    assert left_edges == sorted(left_edges)
    window.wait_for("4 / 4 Passed")
    assert window.toasts() == []
    assert window.faults == []
    window.keep("asset_graph.png")


def test_the_page_of_an_extract_shows_its_windows_and_what_was_extracted(
    window: Window, history: History
) -> None:
    key = history.keys[-1]
    window.open(f"/assets/shop/extract?view=partitions&partition={quote(key)}", "rows/META")
    window.wait_for(f"Materialized ({WINDOWS})")
    lines = window.texts()
    assert "Failed (0)" in lines
    facts = ["rows/META", "rows/LINKAGE", "bytes", "duration_seconds", "start_hwm", "end_hwm"]
    assert in_order([*facts, "objects/TABLE", "manifest", "window_start", "preview"], lines)
    assert in_order(["start_hwm", history.keys[0], "window_start", key], lines)
    assert window.toasts() == []
    assert window.faults == []
    window.keep("extract_metadata.png")
