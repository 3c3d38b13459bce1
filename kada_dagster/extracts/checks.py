"""What an extract must pass before it may be uploaded.

Four checks, run in one pass over the files: the files are what the manifest and the contract
promise, ids are unique, every PARENT_ID is an object of the file, and the extract is not suddenly
empty or a fraction of the last one that was accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.baseline import BASELINE_NAME, Baseline, FileBaseline, Sizes
from kada_dagster.extracts.contract import COLUMNS, LINKAGE, META, file_name
from kada_dagster.extracts.file_scan import FileScan, dangling_parents, repeated_keys, scan_file
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest, read_manifest

CHECK_NAMES = ("contract", "unique_ids", "parents_resolve", "volume")
_FEW = 10
"""Types with fewer objects than this may come and go without the volume check minding."""


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    Attributes:
        name: one of `CHECK_NAMES`.
        passed: whether the upload may go on.
        message: what was found, or what is wrong and what to do.
        facts: numbers and short texts worth keeping.
    """

    name: str
    passed: bool
    message: str
    facts: Mapping[str, int | float | str] = field(default_factory=dict[str, "int | float | str"])


def check_extract(
    folder: Path, *, min_share_of_last: float, baseline: Baseline | None = None
) -> list[CheckResult]:
    """Check the whole run in `folder`.

    Args:
        folder: `<output_path>/<name>/<start>_<end>`.
        min_share_of_last: smallest share (0 to 1) of the last accepted extract's rows that is
            still believed; 0 believes anything.
        baseline: the last accepted extract's sizes; by default those kept beside the folder.

    Returns:
        One result for each of `CHECK_NAMES`. Where the files break the contract the checks
        that need them fail too and say so.

    Raises:
        StagingError: there is no readable manifest, or the baseline of earlier extracts is damaged.
    """
    manifest = read_manifest(folder)
    sizes = (baseline or FileBaseline(folder.parent / BASELINE_NAME)).read()
    try:
        _check_names(folder, manifest)
        scans = {file.family: scan_file(folder, file) for file in manifest.files}
        _check_counts(manifest, scans)
    except CheckFailedError as error:
        unread = "not checked: the files do not match the contract"
        return [
            CheckResult("contract", False, str(error)),
            CheckResult("unique_ids", False, unread),
            CheckResult("parents_resolve", False, unread),
            _check_volume(sizes, manifest, min_share_of_last),
        ]
    facts = {"files": len(manifest.files), "rows": sum(manifest.rows.values())}
    return [
        CheckResult("contract", True, "files match the manifest and the contract", facts),
        _check_unique(folder, manifest, scans),
        _check_parents(folder, manifest, scans),
        _check_volume(sizes, manifest, min_share_of_last),
    ]


def failures(results: list[CheckResult]) -> str:
    """The messages of the checks that did not pass, one line each; empty when all passed."""
    return "\n".join(f"{r.name}: {r.message}" for r in results if not r.passed)


def accept_extract(folder: Path, baseline: Baseline | None = None) -> None:
    """Make this extract the one the next volume check compares with.

    Args:
        folder: of the run.
        baseline: where its sizes are kept; by default beside the folder.

    Raises:
        StagingError: the baseline cannot be written.
    """
    (baseline or FileBaseline(folder.parent / BASELINE_NAME)).write(read_manifest(folder))


def _check_names(folder: Path, manifest: Manifest) -> None:
    window = manifest.window
    if folder.resolve().name != window.folder:
        raise CheckFailedError(f"{MANIFEST_NAME}: is of {window}, not of {folder.name}")
    for file in manifest.files:
        known = file.family in COLUMNS
        names = {file_name(file.family, window.stamp, compressed=gz) for gz in (False, True)}
        if not known or file.file not in names:
            raise CheckFailedError(f"{file.file}: not the name of a {file.family} file")
    if not manifest.files or len(manifest.rows) < len(manifest.files):
        raise CheckFailedError(f"{MANIFEST_NAME}: names no file, or one twice; extract again")
    present = {path.name for path in folder.iterdir()} - {MANIFEST_NAME}
    if extra := present - {file.file for file in manifest.files}:
        raise CheckFailedError(f"{min(extra)}: in the folder, but not in the manifest")


def _check_counts(manifest: Manifest, scans: Mapping[str, FileScan]) -> None:
    found = scans[META].types if META in scans else {}
    for kind in sorted({*found, *manifest.counts}):
        promised, there = manifest.counts.get(kind, 0), found.get(kind, 0)
        if promised != there:
            raise CheckFailedError(
                f"{MANIFEST_NAME}: counts {promised} objects of type {kind}, but META holds "
                f"{there}; extract again"
            )


def _check_unique(folder: Path, manifest: Manifest, scans: Mapping[str, FileScan]) -> CheckResult:
    total = sum(len(scan.ids) for scan in scans.values())
    for file in manifest.files:
        hashes = scans[file.family].ids.duplicates()
        if hashes and (samples := repeated_keys(folder, file, hashes)):
            message = f"{file.file}: more than once: {'; '.join(samples)}"
            return CheckResult("unique_ids", False, message, {"duplicates": len(hashes)})
    return CheckResult("unique_ids", True, "every id occurs once", {"ids": total})


def _check_parents(folder: Path, manifest: Manifest, scans: Mapping[str, FileScan]) -> CheckResult:
    meta = next((file for file in manifest.files if file.family == META), None)
    if meta is None:
        return CheckResult("parents_resolve", True, "no META file in this extract")
    scan = scans[META]
    if missing := scan.ids.missing(scan.parents):
        samples = "; ".join(dangling_parents(folder, meta, missing))
        message = f"{meta.file}: PARENT_ID without an object: {samples}"
        return CheckResult("parents_resolve", False, message, {"missing": len(missing)})
    facts = {"parents": len(scan.parents)}
    return CheckResult("parents_resolve", True, "every PARENT_ID is an object of the file", facts)


def _check_volume(baseline: Sizes, manifest: Manifest, min_share: float) -> CheckResult:
    facts = {"min_share_of_last": min_share, "rows": manifest.rows.get(META, 0)}
    cure = "if that is right, set checks.min_share_of_last to 0 for one run"
    if min_share > 0 and META in manifest.rows and not manifest.rows[META]:
        return CheckResult("volume", False, f"META is empty; {cure}", facts)
    for what, before, now in _volumes(baseline, manifest):
        if now < before * min_share:
            message = f"{what}: {now} rows, but {before} in the last accepted extract; {cure}"
            return CheckResult("volume", False, message, facts)
    compared = "like the last accepted extract" if baseline else "no earlier extract to compare"
    return CheckResult("volume", True, compared, facts)


def _volumes(baseline: Sizes, manifest: Manifest) -> Iterator[tuple[str, int, int]]:
    rows, counts = baseline.get("rows", {}), baseline.get("counts", {})
    for family in (META, LINKAGE):  # EVENTS and DATABASE_LOG follow the window, not the source
        yield family, rows.get(family, 0), manifest.rows.get(family, 0)
    for kind, before in counts.items():
        if before >= _FEW:
            yield kind, before, manifest.counts.get(kind, 0)
