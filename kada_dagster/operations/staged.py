"""The last extract of a source by its staging folder: what is known without Dagster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.errors import KadaError
from kada_dagster.extracts.manifest import Manifest, read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.staging_place import staging_at
from kada_dagster.operations.situation import Extracted

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings


def last_staged(settings: SourceSettings) -> Extracted | None:
    """The extract written last; None where there is none here that can be read.

    A shared place is not asked: to read a manifest there is to download the extract.
    """
    try:
        staging = staging_at(settings.output_path, settings.name)
        if not isinstance(staging, Staging):
            return None
        return of_manifest(read_manifest(staging.run_folder(staging.latest())))
    except (KadaError, OSError):
        return None


def of_manifest(manifest: Manifest) -> Extracted:
    """What a manifest says of its extract."""
    return Extracted(manifest.window, sum(manifest.rows.values()), manifest.bytes)
