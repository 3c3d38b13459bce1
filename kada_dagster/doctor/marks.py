"""Where the high water mark of a source is kept: read, and a change tried that does not stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kada_dagster.config.fields import secret_fields
from kada_dagster.config.marks import (
    FileMarkSettings,
    HighWaterMarkSettings,
    LandingMarkSettings,
    PostgresMarkSettings,
)
from kada_dagster.doctor.check import Check, Verdict, fail, ok, warn
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.folders import try_folder
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.postgres import knock
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark_file import watermark_errors
from kada_dagster.hwm.object_store import ObjectMarkStore
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import format_hwm, utc_now

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings
    from kada_dagster.hwm.table_store import TableMarkStore

MARKS = "marks"
"""Subject of the checks of a server that keeps the marks of all sources."""

_PROBE = "kada_doctor_probe"
_NO_VERSION = '"0x0"'  # no object has it, so a write on this condition does nothing


class _UndoneError(Exception):
    """Ends a transaction so that nothing of it stays."""


def server_checks(settings: HighWaterMarkSettings, shared: Shared) -> list[Check]:
    """What the checks of all marks in a database need; none for other stores."""
    if not isinstance(settings, PostgresMarkSettings):
        return []
    held = secret_fields(settings)
    secrets = [Check(MARKS, "secrets", lambda: secrets_verdicts(held))] if held else []

    def server() -> Iterator[Verdict]:
        return knock(_table_store(settings).address, shared.patience(10))

    return [*secrets, Check(MARKS, "server", server, needs=tuple(secrets), remote=True)]


def mark_check(
    source: SourceSettings, settings: HighWaterMarkSettings, needs: tuple[Check, ...]
) -> Check:
    """The check of one source's mark.

    Args:
        source: the source.
        settings: where marks are kept.
        needs: what reaches that place.
    """

    def probe() -> Iterator[Verdict]:
        store = settings.store(source)
        mark = store.read(source.name).mark
        _try_to_change(store)
        said = f"{format_hwm(mark)} UTC" if mark else "none yet"
        text = f"{said}, in {store.describe(source.name)}"
        if mark is not None and mark > utc_now():
            yield warn(
                f"{text}: that is in the future, so nothing is extracted until then; set it "
                f"with kada hwm set {source.name}"
            )
        else:
            yield ok(text)

    is_remote = isinstance(settings, PostgresMarkSettings) or (
        isinstance(settings, LandingMarkSettings)
        and source.landing is not None
        and source.landing.type != "local"
    )
    if isinstance(settings, LandingMarkSettings) and source.landing is None:
        return Check(source.name, "mark", lambda: [_without_landing(source)])
    return Check(source.name, "mark", probe, needs=needs, remote=is_remote)


def _without_landing(source: SourceSettings) -> Verdict:
    return fail(
        f"high_water_marks: type landing, but source {source.name!r} has no landing: give "
        "it one, or keep the marks elsewhere"
    )


def _try_to_change(store: MarkStore) -> None:
    """Write where the mark is, and leave nothing."""
    if isinstance(store, FileMarkStore):
        with watermark_errors(store.folder):
            try_folder(store.folder)
    elif isinstance(store, ObjectMarkStore):
        store.objects.replace(_PROBE, b"", _NO_VERSION)
    else:
        _try_tables(store)  # pyright: ignore[reportArgumentType] - the third kind


def _try_tables(store: TableMarkStore) -> None:
    """Make the tables or take a row's lock, in a transaction that is rolled back."""
    from kada_dagster.hwm.table_session import TablesMissingError, transaction

    place = (store.address, store.database, store.schema)
    try:
        with transaction(*place) as opened:
            opened.run("lock_mark", name=_PROBE)
            raise _UndoneError
    except _UndoneError:
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
        return


def _table_store(settings: PostgresMarkSettings) -> TableMarkStore:
    from kada_dagster.hwm.table_store import TableMarkStore
    from kada_dagster.postgres.client import ServerAddress

    return TableMarkStore(ServerAddress(settings.server, settings.port), settings.database)


def folder_of(settings: HighWaterMarkSettings) -> FileMarkSettings | None:
    """The settings of marks in a folder; None for other stores."""
    return settings if isinstance(settings, FileMarkSettings) else None
