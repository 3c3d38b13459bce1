"""What a mode is given and what it says it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kada_dagster.loader.definition.parts import HistorySettings
from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.source.base import Selection, Source

Report = Callable[[str], None]
"""Called with what begins now."""


def no_report(_what: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Counts:
    """What a load did to rows.

    Attributes:
        read: rows of the source that came through.
        inserted, updated, deleted: rows of the target.
        unchanged: rows that were read and are in the target as they were.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class LoadOutcome:
    """What a mode comes to.

    Attributes:
        counts: of rows.
        size: bytes of COPY data.
        mark: the new mark as text; None to keep the old one.
        notes: facts worth showing, by name.
    """

    counts: Counts
    size: int = 0
    mark: str | None = None
    notes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class LoadPlan:
    """What one load shall do; made of a task's definition.

    Attributes:
        schema, table: of the target.
        selection: what to read; its bounds are those of a part.
        columns: target columns to source columns, in order; empty for the same names.
        key: columns rows are told apart by.
        cursor: column of an incremental load.
        lag: how far behind the mark to begin: an interval, or a number for numbers; '' for none.
        mark: where the last load ended, as text; None for the first.
        on_empty: `fail`, `keep` or `replace`.
        swap: `auto`, `rename`, `delete` or `truncate`: how `full` replaces rows.
        lock_seconds: how long to wait for a lock readers hold.
        is_part: whether `selection` is a range of the table, and only that is replaced.
        deletes: what becomes of rows that are gone at the source: `none`, `hard` or `soft`.
        soft_column: gets the moment a row is gone.
        history: of mode history.
        compare: whether a result of mode sql that is the same changes nothing.
        block: rows that share a hash in mode diff.
        write: how modes file and http write: `full`, `upsert` or `append`.
        dates: order of the parts of a date in texts: `ymd`, `dmy` or `mdy`.
    """

    schema: str
    table: str
    selection: Selection
    columns: tuple[tuple[str, str], ...] = ()
    key: tuple[str, ...] = ()
    cursor: str | None = None
    lag: str = ""
    mark: str | None = None
    on_empty: str = "fail"
    swap: str = "auto"
    lock_seconds: float = 600
    is_part: bool = False
    deletes: str = "none"
    soft_column: str | None = None
    history: HistorySettings = field(default_factory=HistorySettings)
    compare: bool = False
    block: int = 2000
    write: str = "full"
    dates: str = "ymd"

    @property
    def reads_files(self) -> bool:
        """Whether rows come from files or answers, which without rows may have no columns."""
        return bool(self.selection.options)

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class LoadContext:
    """An open source and an open transaction of the target, for one load.

    Attributes:
        plan: what to do.
        source: what to read from.
        target: where to write; committed by the caller.
        report: told what begins.
    """

    plan: LoadPlan
    source: Source
    target: Target
    report: Report = no_report


Mode = Callable[[LoadContext], LoadOutcome]
"""Loads; anything it raises leaves the target as it was."""
