"""Running the collector against the stand-in server, and reading what it wrote.

Files are read with Python's own csv module: not with the package's reader.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kada_dagster.api.budget import RateBudget
from kada_dagster.extracts.contract import COLUMNS, EVENTS, LINKAGE, META
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.hightouch import Extractor
from kada_dagster.hightouch.client import CALLS, SECONDS
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.facts import LinkFact, fact_of
from kada_dagster.sandbox.hightouch import Faults, HightouchEstate, HightouchServer
from kada_dagster.sandbox.hightouch.facts import EventFact, MetaFact
from kada_dagster_tests.api.manual_clock import ManualClock

HOST = "app.hightouch.com"
EVER = Window.parse("2000-01-01 00:00:00", "2100-01-01 00:00:00")
"""A window that holds everything."""

Row = dict[str, str]


@dataclass
class Extracted:
    """A run read back."""

    folder: Path
    manifest: Manifest
    rows: dict[str, list[Row]]
    calls: int

    @property
    def warnings(self) -> dict[str, int]:
        return {warning.code: warning.count for warning in self.manifest.warnings}

    @property
    def samples(self) -> dict[str, str]:
        return {warning.code: warning.sample for warning in self.manifest.warnings}

    @property
    def meta(self) -> list[MetaFact]:
        return [fact_of(MetaFact, row) for row in self.rows[META]]

    @property
    def links(self) -> list[LinkFact]:
        return [fact_of(LinkFact, row) for row in self.rows[LINKAGE]]

    @property
    def events(self) -> list[EventFact]:
        return [fact_of(EventFact, row) for row in self.rows[EVENTS]]


@dataclass
class Site:
    """A server, and collectors of its workspace; both live by one clock whose waits are free."""

    server: HightouchServer
    clock: ManualClock

    def extractor(self, output: Path, **options: Any) -> Extractor:
        """A collector of this workspace, with the workspace's mapping."""
        given: dict[str, Any] = {
            "mapping": self.server.estate.mapping,
            "timeout": 10,
            "host": HOST,
            **options,
        }
        made = Extractor(
            api_token=self.server.token, base_url=self.server.url, output_path=output, **given
        )
        budget = RateBudget(CALLS, SECONDS, self.clock)
        made.workspace = replace(made.workspace, budget=budget)
        return made

    def extract(self, output: Path, window: Window = EVER, **options: Any) -> Extracted:
        """Extract one window and read the files back."""
        return run(self.extractor(output, **options), window)


@contextmanager
def serving(
    estate: HightouchEstate, faults: Faults | None = None, **options: Any
) -> Generator[Site, None, None]:
    """Serve a workspace, with the budget of the vendor."""
    clock = ManualClock()
    with HightouchServer(estate, faults, clock=clock.now, **options) as server:
        yield Site(server, clock)


def run(collector: Extractor, window: Window = EVER) -> Extracted:
    """Run a collector and read the files back."""
    manifest = collector.run(window.start_hwm, window.end_hwm)
    assert isinstance(collector.staging, Staging)
    folder = collector.staging.run_folder(manifest.window)
    rows = {file.family: _rows(folder / file.file, file.family) for file in manifest.files}
    return Extracted(folder, manifest, rows, collector.calls)


def _rows(path: Path, family: str) -> list[Row]:
    text = io.StringIO(path.read_bytes().decode("utf-8"), newline="")
    header, *rows = csv.reader(text, delimiter="|", lineterminator="\n", strict=True)
    assert tuple(header) == COLUMNS[family]
    return [dict(zip(header, row, strict=True)) for row in rows]
