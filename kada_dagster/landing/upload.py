"""Sending one run: exactly the files of its manifest, META first, each proved to have arrived.

K polls a landing directory and knows no manifest, so the objects are there before what refers to
them; the other families follow side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kada_dagster.errors import ConfigError, LandingError, SourceChangedError, StagingError
from kada_dagster.extracts.contract import COLUMNS, META, file_name
from kada_dagster.extracts.manifest import ExtractFile, Manifest, read_manifest
from kada_dagster.landing.base import Landing, Progress, Receipt, no_progress

_AT_ONCE = 3
"""Files sent side by side: all families but META."""


def _ignore(_receipt: Receipt) -> None:
    pass


def upload_run(
    folder: Path,
    landing: Landing,
    on_file: Callable[[Receipt], None] = _ignore,
    progress: Progress = no_progress,
) -> list[Receipt]:
    """Send the files of one run; nothing else in its folder, and not the manifest.

    Args:
        folder: the run's folder, `<output_path>/<name>/<start>_<end>/`.
        landing: where the files go.
        on_file: called after each file with its receipt.
        progress: told how many bytes were sent; from several threads.

    Returns:
        The receipts in the order META, LINKAGE, EVENTS, DATABASE_LOG.

    Raises:
        StagingError: the folder holds no whole extract; nothing was sent.
        LandingError: a file is not what the manifest says, or could not be placed.
        SourceChangedError: another run replaced the folder meanwhile; uploading again helps.
        ConnectionFailedError, PermissionDeniedError: as the landing's `put`.
    """
    manifest = read_manifest(folder)
    files = _files(manifest, folder)
    receipts: list[Receipt] = []
    try:
        _check_sizes(files, folder)
        for receipt in _sent(files, folder, landing, progress):
            receipts.append(receipt)
            on_file(receipt)
    except LandingError as error:
        if _was_replaced(folder, manifest):
            raise SourceChangedError(
                f"{folder}: another run replaced the extract while it was uploaded; upload again"
            ) from error
        raise
    return receipts


def waiting(folder: Path, landing: Landing) -> list[ExtractFile]:
    """The files of a run that `upload_run` would send: those not in the landing, or other there.

    Raises:
        as `upload_run`.
    """
    files = _files(read_manifest(folder), folder)
    _check_sizes(files, folder)
    return [
        file for file in files if not landing.holds(file.file, size=file.bytes, sha256=file.sha256)
    ]


def _sent(
    files: list[ExtractFile], folder: Path, landing: Landing, progress: Progress
) -> Iterator[Receipt]:
    def put(file: ExtractFile) -> Receipt:
        source = folder / file.file
        return landing.put(
            source, file.file, size=file.bytes, sha256=file.sha256, progress=progress
        )

    meta = [file for file in files if file.family == META]
    rest = [file for file in files if file.family != META]
    yield from map(put, meta)
    if rest:
        with ThreadPoolExecutor(_AT_ONCE, "kada-upload") as threads:
            yield from threads.map(put, rest)


def _files(manifest: Manifest, folder: Path) -> list[ExtractFile]:
    """The manifest's files in contract order, once it is sure that all are this run's own."""
    families = [file.family for file in manifest.files]
    for file in manifest.files:
        if file.file not in _names(manifest, file.family, folder):
            raise StagingError(
                f"{folder}: manifest.json names {file.file!r}: not a file of the run"
            )
    if len(set(families)) != len(families):
        raise StagingError(f"{folder}: manifest.json names a family twice")
    order = list(COLUMNS)
    return sorted(manifest.files, key=lambda file: order.index(file.family))


def _names(manifest: Manifest, family: str, folder: Path) -> set[str]:
    """What a family's file may be called in this run."""
    try:
        stamp = manifest.window.stamp
    except ConfigError as error:
        raise StagingError(f"{folder}: manifest.json has no usable window: {error}") from error
    known = family in COLUMNS
    return {file_name(family, stamp, compressed=gz) for gz in (False, True)} if known else set()


def _check_sizes(files: list[ExtractFile], folder: Path) -> None:
    """Find a missing or cut file before the first one is sent."""
    for file in files:
        path = folder / file.file
        found = path.stat().st_size if path.is_file() else None
        if found != file.bytes:
            state = "is missing" if found is None else f"has {found} bytes, not {file.bytes}"
            raise LandingError(
                f"{path} {state}; nothing was sent. Run the extract of that window again"
            )


def _was_replaced(folder: Path, manifest: Manifest) -> bool:
    """Whether another run took the folder's place under the upload."""
    try:
        return read_manifest(folder) != manifest
    except StagingError:
        return False
