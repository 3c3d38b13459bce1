"""What a shared staging knows of uploads, and the removal of a run; see `StagingPlace`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kada_dagster.errors import KadaError
from kada_dagster.extracts.shared_layout import files_folder, manifest_path, token
from kada_dagster.extracts.staging_place import Noted
from kada_dagster.extracts.upload_notes import note_path, note_text, noted_upload

if TYPE_CHECKING:
    from kada_dagster.extracts.shared_store import SharedStore
    from kada_dagster.hwm.window import Window


def note_upload(store: SharedStore, window: Window) -> None:
    """Note that the run of a window was sent; where that fails, the run is kept."""
    with suppress(KadaError):
        manifest = store.read(manifest_path(window))
        if manifest is not None:
            store.write(note_path(window), note_text(manifest))


def noted(store: SharedStore, window: Window) -> Noted | None:
    """What is known of the run of a window; None where there is none."""
    manifest = store.read(manifest_path(window))
    if manifest is None:
        return None
    return Noted(manifest, noted_upload(store.read(note_path(window)), manifest))


def remove_run(store: SharedStore, window: Window, manifest: bytes) -> bool:
    """Remove the manifest, which names the run, then its files and its note.

    Returns:
        Whether the run was there, with this manifest.
    """
    if store.read(manifest_path(window)) != manifest:
        return False
    store.remove(manifest_path(window))
    for path in store.files(window.folder):
        if files_folder(path) == token(manifest):
            store.remove(path)
    store.remove(note_path(window))
    return True
