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
from kada_dagster.extracts.staging_place import StagingPlace
from kada_dagster.hwm.mark import MarkState, gap
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window
from kada_dagster.landing.base import Landing, Progress, Receipt, no_progress
from kada_dagster.landing.upload import upload_run

Report = Callable[[str], None]
"""Called with the name of each step as it begins."""


@dataclass(frozen=True)
class WindowOutcome:
    """What came of one window.

    Attributes:
        manifest: what was extracted.
        folder: where: a folder, or the URL of a shared place.
        checks: the results, all passed.
        receipts: the files sent; empty where no landing is configured.
        mark: the mark afterwards.
        held_by: the missing span that holds the mark, or None.
    """

    manifest: Manifest
    folder: str
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
    progress: Progress = no_progress,
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
        progress: told how many bytes the upload has sent.

    Raises:
        CheckFailedError: the extract is not fit for upload; it stays for inspection.
        KadaError: another step failed; the landing and the mark are as they were, but for files
            that were sent whole.
    """
    marks.read(extractor.name)  # an unreadable mark is found before any work is done
    probe(extractor, landing, report)
    manifest = extract_window(extractor, window, report)
    delivery = deliver(
        extractor.staging,
        window,
        first=first,
        marks=marks,
        landing=landing,
        min_share_of_last=min_share_of_last,
        report=report,
        progress=progress,
    )
    return WindowOutcome(
        manifest,
        extractor.staging.location(window),
        delivery.checks,
        delivery.receipts,
        delivery.mark,
        gap(delivery.mark, first),
    )


@dataclass(frozen=True)
class Delivery:
    """What came of sending one run.

    Attributes:
        checks: the results, all passed.
        receipts: the files sent; empty where no landing is configured.
        mark: the mark afterwards.
    """

    checks: tuple[CheckResult, ...]
    receipts: tuple[Receipt, ...]
    mark: MarkState


def deliver(
    staging: StagingPlace,
    window: Window,
    *,
    first: datetime,
    marks: MarkStore,
    landing: Landing | None,
    min_share_of_last: float,
    report: Report,
    progress: Progress = no_progress,
) -> Delivery:
    """Checks, upload and mark of a run that is there.

    Args:
        staging: where the run is.
        window: what it covers, exactly.
        first, marks, landing, min_share_of_last, report, progress: as `run_window`.

    Raises:
        as `run_window`.
    """
    receipts: list[Receipt] = []
    with staging.reading(window) as folder:
        checks = checked(staging, folder, min_share_of_last, report)
        if landing is not None:
            report(f"upload to {landing.describe()}")
            receipts = upload_run(folder, landing, progress=progress)
    if landing is not None:
        staging.release(window)
    report("high water mark")
    return Delivery(checks, tuple(receipts), marks.record(staging.name, window, first))


def hold_window(
    extractor: Extractor,
    window: Window,
    *,
    first: datetime,
    marks: MarkStore,
    min_share_of_last: float,
    report: Report,
) -> WindowOutcome:
    """The same as far as the checks: for people to look at before `kada upload` sends it.

    Args and Raises: as `run_window`.
    """
    state = marks.read(extractor.name)
    probe(extractor, None, report)
    manifest = extract_window(extractor, window, report)
    staging = extractor.staging
    with staging.reading(window) as folder:
        checks = checked(staging, folder, min_share_of_last, report)
    return WindowOutcome(manifest, staging.location(window), checks, (), state, gap(state, first))


def probe(extractor: Extractor, landing: Landing | None, report: Report) -> None:
    """Find out that something does not answer before any work is done.

    Raises:
        KadaError: as the tests of the source and of the landing.
    """
    report("connection test")
    extractor.test_connection()
    if landing is not None:
        landing.test_connection()


def extract_window(extractor: Extractor, window: Window, report: Report) -> Manifest:
    """Extract; what was extracted is in the extractor's staging.

    Raises:
        KadaError: nothing was left under the run's final name.
    """
    report(f"extract {window}")
    return extractor.run(window.start_hwm, window.end_hwm)


def checked(
    staging: StagingPlace, folder: Path, min_share_of_last: float, report: Report
) -> tuple[CheckResult, ...]:
    """The checks of a run, all passed; it is then what the next one is compared with.

    Args:
        staging: where the run is.
        folder: the run, open for reading.
        min_share_of_last, report: as `run_window`.

    Raises:
        CheckFailedError: one did not pass.
    """
    report("checks")
    baseline = staging.baseline
    checks = check_extract(folder, min_share_of_last=min_share_of_last, baseline=baseline)
    if wrong := failures(checks):
        raise CheckFailedError(f"{staging.describe()}/{folder.name}: {wrong}")
    accept_extract(folder, baseline)
    return tuple(checks)
