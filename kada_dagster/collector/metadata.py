"""What each asset says about its windows in the Dagster UI: plain facts, no decisions.

Counts are integers under stable names, so that the UI plots them over windows and time.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.extracts.contract import COLUMNS, META
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest
from kada_dagster.extracts.reader import rows
from kada_dagster.hwm.window import Window, format_hwm

if TYPE_CHECKING:
    from kada_dagster.extracts.staging_place import StagingPlace
    from kada_dagster.landing.base import Receipt

Metadata = dict[str, dg.MetadataValue | str | int | float | bool]

EXTRACTS = "extracts"
"""Names the runs an upload sent, by their folders."""

_PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = ("OBJECT_TYPE", "TOOL_OBJECT_TYPE", "NAME", "PATH", "DATA_TYPE")
_CELL = 80
"""Longest cell of a preview, in characters."""


def window_metadata(window: Window) -> Metadata:
    """The bounds of one partition's window, as high water marks (UTC)."""
    return {"window_start": window.start_hwm, "window_end": window.end_hwm}


def extract_metadata(manifest: Manifest, staging: StagingPlace, seconds: float) -> Metadata:
    """What an extract holds; the UI shows it in this order.

    Args:
        manifest: of the run.
        staging: where the run's files are.
        seconds: how long it took.
    """
    facts: Metadata = {"dagster/partition_row_count": sum(manifest.rows.values())}
    facts |= {f"rows/{family}": count for family, count in manifest.rows.items()}
    facts |= {
        "bytes": manifest.bytes,
        "duration_seconds": round(seconds, 3),
        "start_hwm": manifest.start_hwm,
        "end_hwm": manifest.end_hwm,
        "extracted_at": manifest.extracted_at,
        "host": socket.gethostname(),
        "warnings": sum(warning.count for warning in manifest.warnings),
    }
    facts |= {f"warnings/{warning.code}": warning.count for warning in manifest.warnings}
    facts |= {f"objects/{kind}": count for kind, count in manifest.counts.items()}
    paths = {"manifest": MANIFEST_NAME} | {f"file/{f.family}": f.file for f in manifest.files}
    for fact, file in paths.items():
        facts[fact] = dg.PathMetadataValue(staging.file_location(manifest, file))
    return facts


def extract_preview(manifest: Manifest, folder: Path) -> dg.MetadataValue:
    """A page of Markdown: the files, the warnings, the first objects of META."""
    files = [(f.family, f"{f.rows:,}", f"{f.bytes:,}", f.file) for f in manifest.files]
    text = [_table(("family", "rows", "bytes", "file"), files)]
    if manifest.warnings:
        found = [(w.code, f"{w.count:,}", w.sample) for w in manifest.warnings]
        text.append(_table(("warning", "count", "for example"), found))
    text += [
        _table(_PREVIEW_COLUMNS, _first_objects(folder / file.file))
        for file in manifest.files
        if file.family == META
    ]
    return dg.MetadataValue.md("\n\n".join(text))


def upload_metadata(
    receipts: Sequence[Receipt], landing: str, runs: Sequence[Window], seconds: float
) -> Metadata:
    """What an upload placed, and where.

    Args:
        receipts: one for each file.
        landing: the landing's description of itself.
        runs: the windows of the runs whose files were sent.
        seconds: how long it took.
    """
    sent = sum(receipt.sent for receipt in receipts)
    return {
        "files": len(receipts),
        "files_sent": sent,
        "files_unchanged": len(receipts) - sent,
        "bytes": sum(receipt.size for receipt in receipts),
        "duration_seconds": round(seconds, 3),
        "landing": landing,
        EXTRACTS: ", ".join(run.folder for run in runs),
        "placed": dg.MetadataValue.md(
            _table(
                ("file", "bytes", "state", "sha256"),
                [(r.name, f"{r.size:,}", _state(r.sent), r.sha256) for r in receipts],
            )
        ),
    }


def mark_metadata(
    before: datetime | None, mark: datetime | None, gap: Window | None, now: datetime
) -> Metadata:
    """Where the mark is, where it was, and what it waits for.

    Args:
        before: the mark before this run; `None` when there was none.
        mark: the mark now; `None` while the first window is not uploaded.
        gap: what is missing below windows that are uploaded already.
        now: the current moment, for the lag.
    """
    facts: Metadata = {
        "high_water_mark": format_hwm(mark) if mark else "none yet",
        "moved_from": format_hwm(before) if before else "none yet",
        "moved": mark != before,
        "waits_for": str(gap) if gap else "nothing",
    }
    if mark:
        facts["lag_seconds"] = int((now - mark).total_seconds())
    if gap:
        facts["gap_start"], facts["gap_end"] = gap.start_hwm, gap.end_hwm
    return facts


def _state(sent: bool) -> str:
    return "sent" if sent else "there already"


def _first_objects(path: Path) -> list[list[str]]:
    columns = COLUMNS[META]
    picked = [columns.index(name) for name in _PREVIEW_COLUMNS]
    records = islice(rows(path, len(columns)), 1, _PREVIEW_ROWS + 1)
    return [[record[index] for index in picked] for record in records]


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(map(_cell, record)) + " |" for record in body]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """One cell: a single line, no markup of its own."""
    short = text if len(text) <= _CELL else text[: _CELL - 1] + "…"
    for mark in "\\`*_[]<>|":
        short = short.replace(mark, "\\" + mark)
    return " ".join(short.split())
