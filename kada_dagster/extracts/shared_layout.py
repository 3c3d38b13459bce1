"""Where things are below the URL of a shared staging, relative to the folder of the instance."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kada_dagster.extracts.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from kada_dagster.hwm.window import Window


def manifest_path(window: Window) -> str:
    """The manifest of a run; where it is, the run is."""
    return f"{window.folder}/{MANIFEST_NAME}"


def token(manifest: bytes) -> str:
    """What the folder of a run's files is called: another one for every run."""
    return hashlib.sha256(manifest).hexdigest()


def files_folder(path: str) -> str:
    """The folder below the run's that a file is in."""
    return path.split("/")[1]
