"""Sending one run: exactly the files of its manifest, META first, each proved to have arrived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kada_dagster.errors import ConfigError, LandingError, SourceChangedError, StagingError
from kada_dagster.extracts.contract import COLUMNS, file_name
from kada_dagster.extracts.manifest import ExtractFile, Manifest, read_manifest
from kada_dagster.landing.base import Landing, Receipt


def _ignore(_receipt: Receipt) -> None:
    pass


def upload_run(
    folder: Path, landing: Landing, on_file: Callable[[Receipt], None] = _ignore
) -> list[Receipt]:
    """Send the files of one run; nothing else in its folder, and not the manifest.

    Args:
        folder: the run's folder, `<output_path>/<name>/<start>_<end>/`.
        landing: where the files go.
        on_file: called after each file with its receipt.

    Returns:
        The receipts, in the order sent: META, LINKAGE, EVENTS, DATABASE_LOG.

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
        for file in files:
            source = folder / file.file
            receipt = landing.put(source, file.file, size=file.bytes, sha256=file.sha256)
            receipts.append(receipt)
            on_file(receipt)
    except LandingError as error:
        if _was_replaced(folder, manifest):
            raise SourceChangedError(
                f"{folder}: another run replaced the extract while it was uploaded; upload again"
            ) from error
        raise
    return receipts


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
