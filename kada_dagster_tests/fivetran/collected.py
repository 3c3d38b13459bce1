"""Extracting the sandbox's accounts, and reading back what was written.

Files are read with Python's own csv module: not with the package's reader.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.retrying import Retries
from kada_dagster.extracts.checks import check_extract, failures
from kada_dagster.extracts.contract import COLUMNS, EVENTS, LINKAGE, META
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.fivetran import Extractor
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.catalogue import MAPPING
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.truth_events import events
from kada_dagster.sandbox.fivetran.truth_facts import EventFact, LinkFact, MetaFact, fact_of
from kada_dagster.sandbox.fivetran.truth_linkage import linkage
from kada_dagster.sandbox.fivetran.truth_meta import meta
from kada_dagster.sandbox.web import Answer, Request
from kada_dagster_tests.api.manual_clock import ManualClock

HOST = "fivetran.com"
MONDAY = datetime(2026, 11, 2, tzinfo=timezone.utc)
DAY = Window(MONDAY - timedelta(days=1), MONDAY)
"""The day before worlds begin."""

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
        return sorted(fact_of(MetaFact, row) for row in self.rows[META])

    @property
    def links(self) -> list[LinkFact]:
        return sorted(fact_of(LinkFact, row) for row in self.rows[LINKAGE])

    @property
    def events(self) -> list[EventFact]:
        return sorted(fact_of(EventFact, row) for row in self.rows[EVENTS])

    def text(self) -> str:
        """All that was written, to look for what must not be there."""
        return "".join(path.read_text() for path in sorted(self.folder.iterdir()))

    def ends(self, source: str, target: str, relationship: str = "LINEAGE") -> set[tuple[str, str]]:
        """The ends of relationships between two types of objects."""
        kinds = (source, target, relationship)
        return {(one[1], one[3]) for one in self.links if (one[0], one[2], one[4]) == kinds}


@contextmanager
def served(world: FivetranWorld, **options: Any) -> Generator[FivetranSandbox]:
    """A server of an account, to which nothing was ever written."""
    with FivetranSandbox(world, **{"budgets": Budgets.none(), **options}) as server:
        yield server
    assert {request.method for request in server.requests} <= {"GET"}


def altered(path: str, change: Callable[[Any], Any], times: int | None = None) -> Fault:
    """A fault by which the JSON of an answer is changed on its way; `change` returns the new one.

    Args:
        path: regular expression that finds something in the path.
        change: gets the whole answer.
        times: answers it happens to; None: all.
    """

    def changed(_: Request, answer: Answer) -> Answer:
        body = json.dumps(change(json.loads(answer.body))).encode()
        return replace(answer, body=body)

    return Fault(path, None, times, changed=changed)


def collector(server: FivetranSandbox, output: Path | str, **options: Any) -> Extractor:
    """An extractor of the server that keeps nothing, and whose waits are free."""
    settings: dict[str, Any] = {
        "mapping": MAPPING,
        "timeout": 10,
        "resume": False,
        "skip_unchanged": False,
        "columns_per_minute": 100_000,
        "columns_per_hour": 1_000_000,
        **options,
    }
    key = settings.pop("key", server.api_key)
    made = Extractor(key, server.api_secret, output, base_url=server.base_url, **settings)
    budget = RateBudget(1_000_000, 3600, ManualClock())
    retries = Retries(most=3, backoff=0.05)
    made.account = replace(made.account, budget=budget, retries=retries)
    made.clock = lambda: server.world.now.timestamp()
    return made


def extract(
    server: FivetranSandbox, output: Path, window: Window = DAY, **options: Any
) -> Extracted:
    """Extract a window and read it back; the checks before an upload pass."""
    return run(collector(server, output, **options), window)


def run(made: Extractor, window: Window = DAY) -> Extracted:
    """Run a collector and read the files back."""
    manifest = made.run(window.start_hwm, window.end_hwm)
    folder = Path(made.staging.location(manifest.window))
    assert not failures(check_extract(folder, min_share_of_last=0))
    rows = {file.family: _rows(folder / file.file, file.family) for file in manifest.files}
    return Extracted(folder, manifest, rows, made.calls)


def assert_is_the_truth(
    found: Extracted,
    world: FivetranWorld,
    window: Window = DAY,
    *,
    columns: bool = False,
    history: bool = True,
    mapping: dict[str, Any] | None = None,
) -> None:
    """Objects, lineage and events are exactly those of the account."""
    names = MAPPING if mapping is None else mapping
    assert_same(found.meta, meta(world, HOST, columns=columns))
    assert_same(found.links, linkage(world, HOST, names, columns=columns))
    assert_same(found.events, events(world, HOST, window, history=history))


def assert_same(found: Iterable[Any], truth: Iterable[Any]) -> None:
    """Two collections are the same; what differs is shown, and no more."""
    found, truth = list(found), list(truth)
    if found != truth:
        more, less = sorted(set(found) - set(truth))[:3], sorted(set(truth) - set(found))[:3]
        counts = f"{len(found)} rows instead of {len(truth)}"
        raise AssertionError(f"{counts}\ntoo many: {more}\nmissing: {less}")


def _rows(path: Path, family: str) -> list[Row]:
    text = io.StringIO(path.read_bytes().decode("utf-8"), newline="")
    header, *rows = csv.reader(text, delimiter="|", lineterminator="\n", strict=True)
    assert tuple(header) == COLUMNS[family]
    return [dict(zip(header, row, strict=True)) for row in rows]
