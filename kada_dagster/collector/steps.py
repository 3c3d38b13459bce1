"""One window from source to landing, without Dagster: what `kada extract` does.

The order is the point: a mark moves only when everything before it has succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kada_dagster.collector.extractor import Extractor
from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.checks import CheckResult, accept_extract, check_extract, failures
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.hwm.mark import MarkState, gap
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window
from kada_dagster.landing.base import Landing, Receipt
from kada_dagster.landing.upload import upload_run

Report = Callable[[str], None]
"""Called with the name of each step as it begins."""


@dataclass(frozen=True)
class WindowOutcome:
    """What came of one window.

    Attributes:
        manifest: what was extracted.
        folder: where.
        checks: the results, all passed.
        receipts: the files sent; empty where no landing is configured.
        mark: the mark afterwards.
        held_by: the missing span that holds the mark, or None.
    """

    manifest: Manifest
    folder: Path
    checks: tuple[CheckResult, ...]
    receipts: tuple[Receipt, ...]
    mark: MarkState
    held_by: Window | None


def run_window(
    extractor: Extractor,
    window: Window,
    *,
    first: datetime,
    marks: MarkStore,
    landing: Landing | None,
    min_share_of_last: float,
    report: Report,
) -> WindowOutcome:
    """Connection test, extract, checks, upload, mark - each only after the one before.

    Args:
        extractor: of the source.
        window: what to extract.
        first: start of the first window, UTC, in place of a mark that does not exist yet.
        marks: where the mark is kept.
        landing: where the files go; None when somebody else sends them.
        min_share_of_last: as `check_extract` takes it.
        report: called as each step begins.

    Raises:
        CheckFailedError: the extract is not fit for upload; it stays for inspection.
        KadaError: another step failed; the landing and the mark are as they were, but for files
            that were sent whole.
    """
    marks.read(extractor.name)  # an unreadable mark is found before any work is done
    report("connection test")
    extractor.test_connection()
    if landing is not None:
        landing.test_connection()
    report(f"extract {window}")
    manifest = extractor.run(window.start_hwm, window.end_hwm)
    folder = extractor.staging.run_folder(window)
    report("checks")
    checks = check_extract(folder, min_share_of_last=min_share_of_last)
    if wrong := failures(checks):
        raise CheckFailedError(f"{folder}: {wrong}")
    accept_extract(folder)
    receipts: list[Receipt] = []
    if landing is not None:
        report(f"upload to {landing.describe()}")
        receipts = upload_run(folder, landing)
    report("high water mark")
    mark = marks.record(extractor.name, window, first)
    return WindowOutcome(manifest, folder, tuple(checks), tuple(receipts), mark, gap(mark, first))
