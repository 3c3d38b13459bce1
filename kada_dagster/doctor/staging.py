"""Where runs wait for their upload: a folder that can be written, or a shared place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.folders import told, try_folder
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.staging_errors import staging_errors
from kada_dagster.extracts.staging_place import staging_at

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings

_PROBE = "kada_doctor_probe"


def staging_check(source: SourceSettings) -> Check:
    """The check of a source's `output_path`."""
    folder = staging_folder(source)

    def local() -> Iterator[Verdict]:
        path = folder or Path()
        with staging_errors(path):
            is_there = try_folder(path)
        yield ok(told(path, is_there))

    def shared() -> Iterator[Verdict]:
        from kada_dagster.extracts.shared_store import SharedStore

        store = SharedStore(f"{source.output_path}/{source.name}")
        store.files(_PROBE)
        store.write(_PROBE, b"")
        store.remove(_PROBE)
        yield ok(f"{store.url} can be listed, written and cleared")

    is_shared = folder is None
    return Check(source.name, "staging", shared if is_shared else local, remote=is_shared)


def staging_folder(source: SourceSettings) -> Path | None:
    """The folder runs are written in; None for a place that several machines share."""
    place = staging_at(source.output_path, source.name)
    return place.folder if isinstance(place, Staging) else None
