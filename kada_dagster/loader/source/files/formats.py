"""From the format of files to what reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.files.content import FileBytes, Utf8
from kada_dagster.loader.source.files.csv_files import CsvFiles
from kada_dagster.loader.source.files.sheets import FoundRows, is_letters, sheet_records
from kada_dagster.loader.source.files.store import FileFacts, FileStore
from kada_dagster.loader.source.json_documents import json_records
from kada_dagster.loader.source.places import Places
from kada_dagster.loader.source.records import Records
from kada_dagster.loader.source.xml_documents import xml_records

_BETWEEN = {"csv": ",", "tsv": "\t"}
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".geojson": "json",
    ".xml": "xml",
    ".gml": "xml",
}


def format_of(settings: FilesSource, files: Sequence[FileFacts]) -> str:
    """The format of files: what is said, or what they all end in; csv where there is none.

    Raises:
        ConfigError: their names do not say.
    """
    if settings.format is not None:
        return settings.format
    found = {_ending(file.name) for file in files}
    kinds = {_ENDINGS.get(ending) for ending in found}
    if len(kinds) > 1 or None in kinds:
        raise ConfigError(
            f"format: {', '.join(sorted(found))} does not say one format; write format: csv, tsv, "
            "xlsx, json or xml"
        )
    return next(iter(kinds), None) or "csv"


def _ending(name: str) -> str:
    """`.csv` of `a.csv` and of `a.csv.gz`."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


def csv_of(
    store: FileStore, files: Sequence[FileFacts], settings: FilesSource, kind: str
) -> CsvFiles | None:
    """Files of CSV or TSV; None where they are of another format.

    Raises:
        ConfigError: delimiter or quote cannot be.
    """
    if kind not in _BETWEEN:
        return None
    delimiter = settings.delimiter or _BETWEEN[kind]
    dialect = CsvDialect(delimiter, settings.quote, tuple(settings.nulls))
    return CsvFiles(store, files, dialect, settings.encoding, settings.header, settings.skip_rows)


def records_of(
    store: FileStore, files: Sequence[FileFacts], settings: FilesSource, kind: str, what: str
) -> Records:
    """Files of records."""
    places, make = Places(), _READERS[kind]

    def read() -> Iterator[object]:
        rows = 0
        for file in files:
            with FileBytes(store, file) as content:
                found = make(content, settings, file.name)
                places.begin(found.name, rows, first=found.first)
                for record in found.records:
                    rows += 1
                    yield record
                content.require_same()

    if kind != "xlsx":
        return Records(what, read, place=places)
    is_lettered = not settings.header
    return Records(
        what,
        read,
        place=places,
        has_texts=False,
        may_lack=lambda name: is_lettered and is_letters(name),
    )


def _json(content: FileBytes, settings: FilesSource, name: str) -> FoundRows:
    text = Utf8(content, settings.encoding, name)
    return FoundRows(name, json_records(text, settings.rows, name))


def _xml(content: FileBytes, settings: FilesSource, name: str) -> FoundRows:
    return FoundRows(name, xml_records(content, settings.rows, name))


_READERS: dict[str, Callable[[FileBytes, FilesSource, str], FoundRows]] = {
    "json": _json,
    "xml": _xml,
    "xlsx": sheet_records,
}
