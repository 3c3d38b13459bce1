"""Reading what an extract wrote, with Python's own csv module: not with the package's reader."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kada_dagster.extracts.contract import COLUMNS
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.postgres import Extractor
from kada_dagster.sandbox.postgres_server import PostgresServer

HOST = "pg.example.org"
START, END = "2026-01-01 00:00:00", "2026-01-02 00:00:00"
Row = dict[str, str]


@dataclass
class Extracted:
    """A run read back."""

    folder: Path
    manifest: Manifest
    rows: dict[str, list[Row]]

    def warnings(self) -> dict[str, int]:
        return {warning.code: warning.count for warning in self.manifest.warnings}

    def samples(self) -> dict[str, str]:
        return {warning.code: warning.sample for warning in self.manifest.warnings}

    def ids(self, kind: str) -> set[str]:
        return {row["OBJECT_ID"] for row in self.rows["META"] if row["OBJECT_TYPE"] == kind}

    def object(self, object_id: str) -> Row:
        return next(row for row in self.rows["META"] if row["OBJECT_ID"] == object_id)

    def links(self, relationship: str, kind: str | None = None) -> set[tuple[str, str]]:
        """Sources and targets of a relationship, of one type of source or of all."""
        return {
            (row["SOURCE_OBJECT_ID"], row["TARGET_OBJECT_ID"])
            for row in self.rows["LINKAGE"]
            if row["RELATIONSHIP"] == relationship and kind in (None, row["SOURCE_OBJECT_TYPE"])
        }

    def bytes(self) -> dict[str, bytes]:
        """The contents of the family files, as they are."""
        return {file.file: (self.folder / file.file).read_bytes() for file in self.manifest.files}


def extractor(server: PostgresServer, output: Path, *databases: str, **options: Any) -> Extractor:
    """An extractor for a test server; the superuser unless told."""
    options = {"username": "postgres", "host": HOST, "meta_only": True, **options}
    return Extractor(
        server="127.0.0.1",
        port=server.port,
        databases=databases,
        output_path=output,
        **options,
    )


def extract(server: PostgresServer, output: Path, *databases: str, **options: Any) -> Extracted:
    """Extract the databases and read the files back."""
    return run(extractor(server, output, *databases, **options))


def run(collector: Extractor, end: str = END) -> Extracted:
    manifest = collector.run(START, end)
    return read(collector.staging.run_folder(manifest.window), manifest)


def read(folder: Path, manifest: Manifest) -> Extracted:
    rows = {file.family: _rows(folder / file.file, file.family) for file in manifest.files}
    assert {file.family: file.rows for file in manifest.files} == {
        family: len(found) for family, found in rows.items()
    }
    return Extracted(folder, manifest, rows)


def _rows(path: Path, family: str) -> list[Row]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    header, *rows = csv.reader(
        io.StringIO(text, newline=""), delimiter="|", lineterminator="\n", strict=True
    )
    assert tuple(header) == COLUMNS[family]
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


def attributes(row: Row) -> dict[str, Any]:
    """The JSON cell, which must be compact with its keys sorted."""
    text = row["ATTRIBUTES"]
    if not text:
        return {}
    value = json.loads(text)
    as_written = json.loads(text, parse_float="\0{}\0".format)  # 0.00001 is 1e-05 in Python
    dumped = json.dumps(as_written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert dumped.replace('"\\u0000', "").replace('\\u0000"', "") == text
    return value
