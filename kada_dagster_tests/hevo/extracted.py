"""Extracting a Hevo account and reading back what was written, with Python's own csv module."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kada_dagster.extracts.checks import check_extract, failures
from kada_dagster.extracts.contract import COLUMNS
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.hevo import Extractor

HOST = "eu.hevodata.com"
KEY, SECRET = "planted-key-0815", "planted-Secret&sig=%3D"
START, END = "2026-01-01 00:00:00", "2026-01-02 00:00:00"
Row = dict[str, str]


@dataclass
class Extracted:
    """A run read back."""

    folder: Path
    manifest: Manifest
    rows: dict[str, list[Row]]

    @property
    def warnings(self) -> dict[str, int]:
        return {warning.code: warning.count for warning in self.manifest.warnings}

    @property
    def samples(self) -> dict[str, str]:
        return {warning.code: warning.sample for warning in self.manifest.warnings}

    def object(self, *names: str) -> Row:
        """The object whose id ends with these components behind the host."""
        wanted = ".".join((f'"{HOST}"', *names))
        return next(row for row in self.rows["META"] if row["OBJECT_ID"] == wanted)

    def attributes(self, *names: str) -> dict[str, Any]:
        text = self.object(*names)["ATTRIBUTES"]
        return json.loads(text) if text else {}

    def links(self, kind: str, target_kind: str, relationship: str = "LINEAGE") -> set[Any]:
        """Sources, targets and confidence of relationships between two types of objects."""
        return {
            (row["SOURCE_OBJECT_ID"], row["TARGET_OBJECT_ID"], row["CONFIDENCE"])
            for row in self.rows["LINKAGE"]
            if (row["SOURCE_OBJECT_TYPE"], row["TARGET_OBJECT_TYPE"], row["RELATIONSHIP"])
            == (kind, target_kind, relationship)
        }

    def text(self) -> str:
        """All that was written, to look for what must not be there."""
        return "".join(path.read_text() for path in sorted(self.folder.iterdir()))


def extractor(url: str, output: Path, **options: Any) -> Extractor:
    """An extractor of a server in this process, which no rate limit slows down."""
    settings: dict[str, Any] = {"host": HOST, "calls_a_minute": 100_000, "timeout": 10, **options}
    return Extractor(KEY, SECRET, base_url=url, output_path=output, **settings)


def extract(url: str, output: Path, **options: Any) -> Extracted:
    """Extract a window and read it back; the checks before an upload pass."""
    start, end = options.pop("window", (START, END))
    return run(extractor(url, output, **options), start, end)


def run(collector: Extractor, start: str = START, end: str = END) -> Extracted:
    manifest = collector.run(start, end)
    folder = Path(collector.staging.location(manifest.window))
    assert not failures(check_extract(folder, min_share_of_last=0))
    rows = {file.family: _rows(folder / file.file, file.family) for file in manifest.files}
    return Extracted(folder, manifest, rows)


def _rows(path: Path, family: str) -> list[Row]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="|", strict=True)
    header, *rows = reader
    assert tuple(header) == COLUMNS[family]
    return [dict(zip(header, row, strict=True)) for row in rows]
