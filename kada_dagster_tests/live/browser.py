"""A window of the machine's Chromium on the UI; what is looked at in it is in `test_browser.py`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kada_dagster_tests.live.dev_server import ROOT, DevServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
]
_RENAME = """folders => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
        for (const folder of folders)
            texts.currentNode.data = texts.currentNode.data.replaceAll(folder, "/srv/kada");
}"""
"""Pictures are not about where they were made."""
PATIENCE = 120_000
"""Milliseconds the page may take to show something; some of that is a run on a busy machine."""


@dataclass
class Window:
    """A browser window on the UI, and what went wrong in it.

    Attributes:
        page: the page.
        url: where the UI answers.
        folder: the working folder of the server.
        faults: scripts that broke, and requests that were answered with an error.
    """

    page: Page
    url: str
    folder: Path
    faults: list[str] = field(default_factory=list[str])

    def open(self, path: str, wait_for: str) -> None:
        """Open a page and wait until it shows a text."""
        self.page.goto(self.url + path)
        self.wait_for(wait_for)

    def wait_for(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.page.get_by_text(text, exact=True).first.wait_for()

    def texts(self, selector: str = "body") -> list[str]:
        """The lines of text that are shown."""
        text = self.page.locator(selector).first.inner_text()
        return [line.strip() for line in text.splitlines() if line.strip()]

    def toasts(self) -> list[str]:
        """The messages that pop up."""
        shown = self.page.locator('[class*="toast" i]:visible').all_inner_texts()
        return [text for text in shown if text.strip()]

    def materialize(self, source: str, windows: str) -> Locator:
        """Fill in the dialog that materializes all assets of a source; gives its last button.

        Args:
            source: its name.
            windows: in the dialog's own words: `"KEY"`, or `["FIRST"..."LAST"]`.
        """
        self.open(f"/locations/kada_dagster/asset-groups/{source}/lineage", "high_water_mark")
        self.page.get_by_role("button", name="Materialize all").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Show all partitions").click()
        choice = dialog.get_by_role("textbox")
        choice.fill(windows)
        choice.press("Enter")
        return dialog.get_by_role("button", name="Launch")

    def keep(self, name: str) -> None:
        """Save a picture into the folder $KADA_SCREENSHOTS, where that is set."""
        if folder := os.environ.get("KADA_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.evaluate(_RENAME, [str(self.folder), str(ROOT)])
            self.page.screenshot(path=Path(folder) / name)


@contextmanager
def browser_window(server: DevServer) -> Generator[Window]:
    """Open a window without a screen; the test is skipped where there is no browser."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE)
        window = Window(page, server.url, server.folder)
        page.on("pageerror", lambda error: window.faults.append(str(error)))
        page.on("response", lambda answer: note(answer, window.faults))
        yield window
        browser.close()


def chromium() -> str:
    """The browser of this machine."""
    for program in filter(None, map(shutil.which, PROGRAMS)):
        return program
    pytest.skip("no Chromium on this machine; get one with: apt-get install chromium")


def note(answer: Any, faults: list[str]) -> None:
    """Remember an answer of the web server that is an error."""
    if answer.status >= 400:
        faults.append(f"{answer.status} {answer.url}")
