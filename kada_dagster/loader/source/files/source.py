"""Files of a folder or an object store as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from typing_extensions import Self

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import FolderProfile
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.errors import NotSupportedError, SourceReadError
from kada_dagster.loader.source.base import Column, Selection, TableInfo, TargetColumn
from kada_dagster.loader.source.files.csv_files import CsvFiles, CsvStream
from kada_dagster.loader.source.files.folder import Folder
from kada_dagster.loader.source.files.formats import csv_of, format_of, records_of
from kada_dagster.loader.source.files.object_store import ObjectStore
from kada_dagster.loader.source.files.once import (
    Choice,
    choose,
    clear_away,
    require_way_out,
    unmarked,
)
from kada_dagster.loader.source.files.pattern import Pattern
from kada_dagster.loader.source.files.store import FileFacts, FileStore
from kada_dagster.loader.source.records import Records
from kada_dagster.loader.source.row_stream import RowStream


class FolderSource:
    """Files of a place, chosen once: what is read by columns and by rows are the same ones.

    Args:
        store: the place.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._records: Records | None = None
        self._files: Sequence[FileFacts] | None = None
        self._settled: tuple[FilesSource, Choice] | None = None
        self.notes: dict[str, str] = {}

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`. CSV has text only; of other files all are read."""
        settings = self._settings(selection)
        found = self._csv(settings)
        return found.columns() if found else self._read(settings).columns()

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> CsvStream | RowStream:
        """See `Source.stream`."""
        settings = self._settings(selection)
        names = selection.columns or tuple(column.name for column in into)
        if found := self._csv(settings):
            return found.stream(names, into, self._what(settings))
        return self._read(settings).stream(names, into)

    def count(self, selection: Selection) -> int:
        """See `Source.count`; reads all files."""
        settings = self._settings(selection)
        found = self._csv(settings)
        return found.count() if found else self._read(settings).count()

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """Never: files are no tables."""
        raise NotSupportedError(f"{self._store.where}: {schema or 'the folder'} has no tables")

    def recall(self, selection: Selection, facts: Mapping[str, Any], *, replaces: bool) -> bool:
        """See `Remembering.recall`."""
        settings = self._settings(selection)
        found = self.chosen(settings)
        require_way_out(found, settings)
        today = datetime.now(timezone.utc).date()
        choice = choose(found, settings, facts, replaces=replaces, today=today)
        self._files, self._settled = choice.read, (settings, choice)
        self.notes = {
            "files": f"{len(choice.read)} of {len(found)} read",
            **unmarked(found, settings),
        }
        return choice.is_new

    def facts(self) -> dict[str, Any]:
        """See `Remembering.facts`."""
        return self._settled[1].facts if self._settled else {}

    def committed(self) -> None:
        """See `Remembering.committed`."""
        if self._settled:
            settings, choice = self._settled
            clear_away(self._store, [*choice.read, *choice.done], settings)

    def cancel(self) -> None:
        """Have what is being read end with an error, from another thread."""
        self._store.is_stopped = True

    def close(self) -> None:
        """Drop what was kept of the files."""
        if self._records is not None:
            self._records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def chosen(self, settings: FilesSource) -> Sequence[FileFacts]:
        """The files that are read, by name.

        Raises:
            SourceReadError: there are none, and the task does not say that this is right.
        """
        if self._files is None:
            found = self._store.files(Pattern(settings.pattern))
            if not found and settings.missing == "fail":
                raise SourceReadError(
                    f"{self._store.where}: no file is like {settings.pattern}; if that is right, "
                    "write missing: empty"
                )
            self._files = found
        return self._files

    def _settings(self, selection: Selection) -> FilesSource:
        settings = selection.options.get("files")
        if not isinstance(settings, FilesSource):
            raise ConfigError(f"{self._store.where}: give source.files; a folder has no tables")
        if selection.bounds:
            raise NotSupportedError(
                f"{self._store.where}: files are read whole, not from a mark or in ranges; use "
                "mode: file"
            )
        return settings

    def _csv(self, settings: FilesSource) -> CsvFiles | None:
        files = self.chosen(settings)
        return csv_of(self._store, files, settings, format_of(settings, files))

    def _read(self, settings: FilesSource) -> Records:
        if self._records is None:
            files = self.chosen(settings)
            kind = format_of(settings, files)
            self._records = records_of(self._store, files, settings, kind, self._what(settings))
        return self._records

    def _what(self, settings: FilesSource) -> str:
        return f"{self._store.where}: {settings.pattern}"


def open_folder(profile: FolderProfile, name: str) -> FolderSource:
    """See `registry.open_source`."""
    if profile.path is not None:
        return FolderSource(Folder(profile.path, name))
    where = f"connections.yaml: {name}.options"
    options = {
        key: _option(value.resolve(f"{where}.{key}")) for key, value in profile.options.items()
    }
    return FolderSource(ObjectStore(profile.url or Template(""), options, name))


def _option(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text.lower(), text)
