"""Where the high water mark of a source is kept: read, and a change tried that does not stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kada_dagster.config.fields import secret_fields
from kada_dagster.config.marks import (
    FileMarkSettings,
    HighWaterMarkSettings,
    LandingMarkSettings,
)
from kada_dagster.doctor.check import Check, Verdict, fail, ok, warn
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.folders import told, try_folder
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.postgres import knock
from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark_file import watermark_errors
from kada_dagster.hwm.object_store import ObjectMarkStore
from kada_dagster.hwm.objects import VersionedObjects
from kada_dagster.hwm.window import format_hwm, utc_now

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings
    from kada_dagster.hwm.table_store import TableMarkStore

MARKS = "marks"
"""Subject of the checks of a folder or server that keeps the marks of all sources."""

_PROBE = "kada_doctor_probe"
_NO_VERSION = '"0x0"'  # no object has it, so a write on this condition does nothing


class _UndoneError(Exception):
    """Ends a transaction so that nothing of it stays."""


def place_checks(
    source: SourceSettings, settings: HighWaterMarkSettings, shared: Shared
) -> list[Check]:
    """Of a folder or a database that keeps the marks of all sources: whether it can be written.

    The last one says so. Marks beside landings are tried with each source.

    Args:
        source: any of them.
        settings: where marks are kept.
        shared: see there.
    """
    if isinstance(settings, FileMarkSettings):
        return [Check(MARKS, "folder", lambda: _folder(settings.path))]
    if isinstance(settings, LandingMarkSettings):
        return []
    held = secret_fields(settings)
    secrets = [Check(MARKS, "secrets", lambda: secrets_verdicts(held))] if held else []
    store = cast("TableMarkStore", settings.store(source))

    def server() -> Iterator[Verdict]:
        return knock(store.address, shared.patience(10))

    reached = Check(MARKS, "server", server, needs=tuple(secrets), remote=True)
    tables = Check(MARKS, "tables", lambda: _tables(store), needs=(reached,), remote=True)
    return [*secrets, reached, tables]


def mark_check(
    source: SourceSettings, settings: HighWaterMarkSettings, needs: tuple[Check, ...]
) -> Check:
    """The check of one source's mark.

    Args:
        source: the source.
        settings: where marks are kept.
        needs: what reaches that place.
    """
    if isinstance(settings, LandingMarkSettings) and source.landing is None:
        return Check(source.name, "mark", lambda: [_without_landing(source)])

    def probe() -> Iterator[Verdict]:
        store = settings.store(source)
        mark = store.read(source.name).mark
        if isinstance(store, ObjectMarkStore):
            try_objects(store.objects)
        elif isinstance(store, FileMarkStore):
            with watermark_errors(store.folder):
                try_folder(store.folder)
        said = f"{format_hwm(mark)} UTC" if mark else "none yet"
        text = f"{said}, in {store.describe(source.name)}"
        yield _in_the_future(text, source) if mark and mark > utc_now() else ok(text)

    is_beside = isinstance(settings, LandingMarkSettings) and source.landing is not None
    is_here = is_beside and source.landing is not None and source.landing.type == "local"
    is_remote = not (is_here or isinstance(settings, FileMarkSettings))
    return Check(source.name, "mark", probe, needs=needs, remote=is_remote)


def try_objects(objects: VersionedObjects) -> None:
    """Write on a condition that no object meets: that takes the right to write, and does nothing.

    Raises:
        WatermarkError: the store writes all the same, so that marks would be lost there.
    """
    if objects.replace(_PROBE, b"", _NO_VERSION):
        raise WatermarkError(
            f"{objects.describe(_PROBE)} was written in spite of its condition: the store has no "
            "conditional writes, which marks need; keep them elsewhere, and remove that object"
        )


def _in_the_future(text: str, source: SourceSettings) -> Verdict:
    return warn(
        f"{text}: that is in the future, so nothing is extracted until then; set it with "
        f"kada hwm set {source.name}"
    )


def _without_landing(source: SourceSettings) -> Verdict:
    return fail(
        f"high_water_marks: type landing, but source {source.name!r} has no landing: give "
        "it one, or keep the marks elsewhere"
    )


def _folder(folder: Path) -> Iterator[Verdict]:
    with watermark_errors(folder):
        is_there = try_folder(folder)
    yield ok(told(folder, is_there))


def _tables(store: TableMarkStore) -> Iterator[Verdict]:
    """Take a row's lock, or make the tables, in a transaction that is rolled back."""
    from kada_dagster.hwm.table_session import TablesMissingError, transaction

    place = (store.address, store.database, store.schema)
    try:
        with transaction(*place) as opened:
            opened.run("lock_mark", name=_PROBE)
            raise _UndoneError
    except _UndoneError:
        yield ok(f"marks can be written in schema {store.schema}")
        return
    except TablesMissingError:
        pass
    try:
        with transaction(*place) as opened:
            if not opened.run("find_schema"):
                opened.run("create_schema")
            opened.run("create_tables")
            raise _UndoneError
    except _UndoneError:
        yield ok(f"tables can be made in schema {store.schema}")
