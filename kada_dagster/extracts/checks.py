"""What an extract must pass before it may be uploaded.

Four checks, run in one pass over the files: the files are what the manifest and the contract
promise, ids are unique, every PARENT_ID is an object of the file, and the extract is not suddenly
empty or a fraction of the last one that was accepted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster.errors import CheckFailedError, StagingError
from kada_dagster.extracts.contract import LINKAGE, META, file_name
from kada_dagster.extracts.file_scan import FileScan, sample_keys, scan_file
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest, read_manifest
from kada_dagster.extracts.staging import staging_errors

CHECK_NAMES = ("contract", "unique_ids", "parents_resolve", "volume")
BASELINE_NAME = "baseline.json"
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


def check_extract(folder: Path, *, min_share_of_last: float) -> list[CheckResult]:
    """Check the whole run in `folder`.

    Args:
        folder: `<output_path>/<name>/<start>_<end>`.
        min_share_of_last: smallest share (0 to 1) of the last accepted extract's rows that is
            still believed; 0 believes anything.

    Returns:
        One result for each of `CHECK_NAMES`. Where the files break the contract the checks
        that need them fail too and say so.

    Raises:
        StagingError: there is no readable manifest.
    """
    manifest = read_manifest(folder)
    try:
        _check_names(folder, manifest)
        scans = {file.family: scan_file(folder, file) for file in manifest.files}
    except CheckFailedError as error:
        unread = "not checked: the files do not match the contract"
        return [
            CheckResult("contract", False, str(error)),
            CheckResult("unique_ids", False, unread),
            CheckResult("parents_resolve", False, unread),
            _check_volume(folder, manifest, min_share_of_last),
        ]
    facts = {"files": len(manifest.files), "rows": sum(manifest.rows.values())}
    return [
        CheckResult("contract", True, "files match the manifest and the contract", facts),
        _check_unique(folder, manifest, scans),
        _check_parents(folder, manifest, scans),
        _check_volume(folder, manifest, min_share_of_last),
    ]


def failures(results: list[CheckResult]) -> str:
    """The messages of the checks that did not pass, one line each; empty when all passed."""
    return "\n".join(f"{r.name}: {r.message}" for r in results if not r.passed)


def accept_extract(folder: Path) -> None:
    """Make this extract the one the next volume check compares with.

    Raises:
        StagingError: the baseline file beside the runs cannot be written.
    """
    manifest = read_manifest(folder)
    path = folder.parent / BASELINE_NAME
    text = json.dumps({"rows": manifest.rows, "counts": dict(manifest.counts)}, sort_keys=True)
    with staging_errors(path):
        fresh = path.with_name(f".{BASELINE_NAME}.{os.getpid()}")
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(path)


def _check_names(folder: Path, manifest: Manifest) -> None:
    stamp = manifest.window.stamp
    for file in manifest.files:
        names = {file_name(file.family, stamp, compressed=packed) for packed in (False, True)}
        if file.file not in names:
            raise CheckFailedError(f"{file.file}: not the name of a {file.family} file")
    present = {path.name for path in folder.iterdir()} - {MANIFEST_NAME}
    if extra := present - {file.file for file in manifest.files}:
        raise CheckFailedError(f"{sorted(extra)[0]}: in the folder, but not in the manifest")


def _check_unique(
    folder: Path, manifest: Manifest, scans: Mapping[str, FileScan]
) -> CheckResult:
    total = sum(len(scan.ids) for scan in scans.values())
    for file in manifest.files:
        if hashes := scans[file.family].ids.duplicates():
            samples = sample_keys(folder, file, hashes, "")
            if len(set(samples)) < len(samples):
                message = f"{file.file}: more than once: {'; '.join(sorted(set(samples)))}"
                return CheckResult("unique_ids", False, message, {"duplicates": len(hashes)})
    return CheckResult("unique_ids", True, "every id occurs once", {"ids": total})


def _check_parents(
    folder: Path, manifest: Manifest, scans: Mapping[str, FileScan]
) -> CheckResult:
    meta = next((file for file in manifest.files if file.family == META), None)
    if meta is None:
        return CheckResult("parents_resolve", True, "no META file in this extract")
    scan = scans[META]
    if missing := scan.ids.missing(scan.parents):
        samples = sorted(set(sample_keys(folder, meta, missing, "PARENT_ID")))
        message = f"{meta.file}: PARENT_ID without an object: {'; '.join(samples)}"
        return CheckResult("parents_resolve", False, message, {"missing": len(missing)})
    facts = {"parents": len(scan.parents)}
    return CheckResult("parents_resolve", True, "every PARENT_ID is an object of the file", facts)


def _check_volume(folder: Path, manifest: Manifest, min_share: float) -> CheckResult:
    baseline = _read_baseline(folder.parent / BASELINE_NAME)
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


def _volumes(
    baseline: Mapping[str, Mapping[str, int]], manifest: Manifest
) -> Iterator[tuple[str, int, int]]:
    rows, counts = baseline.get("rows", {}), baseline.get("counts", {})
    for family in (META, LINKAGE):  # EVENTS and DATABASE_LOG follow the window, not the source
        if family in manifest.rows:
            yield family, rows.get(family, 0), manifest.rows[family]
    for kind, before in counts.items():
        if before >= _FEW:
            yield kind, before, manifest.counts.get(kind, 0)


def _read_baseline(path: Path) -> Mapping[str, Mapping[str, int]]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StagingError(f"{path}: cannot be read ({error}); delete it to start anew") from None
