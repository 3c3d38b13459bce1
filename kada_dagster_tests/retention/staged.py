"""Real staged runs of a source, uploaded or not, of any age."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.extracts.contract import META
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.extracts.shared_store import SharedStore
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.upload_notes import note_path
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now
from kada_dagster_tests.extracts.samples import shop

if TYPE_CHECKING:
    from kada_dagster.extracts.staging_place import StagingPlace
    from kada_dagster.hwm.store import MarkStore

FIRST = "2024-01-01 00:00:00"
_START = parse_hwm(FIRST)
DAYS = [Window(_START + timedelta(days=n), _START + timedelta(days=n + 1)) for n in range(6)]


def extract(staging: StagingPlace, window: Window) -> None:
    """Write a run."""
    head = ExtractHead("postgres", staging.name, "db", (META,), compress=False)
    with ExtractWriter(staging, window, head) as writer:
        writer.add_rows(META, shop(2)[META])
        writer.commit()


def upload(staging: StagingPlace, window: Window, marks: MarkStore) -> None:
    """Note a run as uploaded, as the end of an upload does."""
    staging.release(window)
    marks.record(staging.name, window, _START)


def note_age(staging: StagingPlace, window: Window, *, days: float) -> None:
    """Let the upload of a run be so many days old."""
    path = note_path(window)
    if isinstance(staging, SharedStaging):
        store = SharedStore(f"{staging.url}/{staging.name}")
        store.write(path, _older(store.read(path) or b"{}", days))
    elif isinstance(staging, Staging):
        file = staging.folder / path
        file.write_bytes(_older(file.read_bytes(), days))


def age_note(file: Path, *, days: float) -> None:
    """The same for the file of a note."""
    file.write_bytes(_older(file.read_bytes(), days))


def ago(days: float) -> datetime:
    """So many days ago."""
    return utc_now() - timedelta(days=days)


def _older(note: bytes, days: float) -> bytes:
    fields = json.loads(note)
    return json.dumps({**fields, "uploaded_at": format_hwm(ago(days))}).encode()
