"""Which staged runs may go. Pure: nothing is read or removed here.

A run goes only when everything speaks for it; whatever is not known keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from kada_dagster.hwm.history import MarkChange
from kada_dagster.hwm.window import Window


class Kept(Enum):
    """Why a run stays, in the order the reasons are looked at."""

    UNREADABLE = "its manifest cannot be read"
    NOT_UPLOADED = "not uploaded"
    NOT_PASSED = "the mark is not past it"
    NEWEST = "the last extract"
    YOUNG = "uploaded too lately"


@dataclass(frozen=True)
class StagedRun:
    """A run in the staging.

    Attributes:
        window: what it covers.
        extracted_at: when it was extracted, UTC.
        uploaded_at: when exactly this extract was sent whole, UTC; None where nothing says so.
    """

    window: Window
    extracted_at: datetime
    uploaded_at: datetime | None


def why_kept(
    run: StagedRun, *, mark: datetime | None, newest: Window | None, before: datetime
) -> Kept | None:
    """Why a run stays; None where it may go.

    Args:
        run: the run.
        mark: everything before it was uploaded; None where there is no mark.
        newest: the window of the run extracted last. It stays: a source that is silent for long
            would else have nothing to look at.
        before: what was uploaded later than this is too young to go.
    """
    if run.uploaded_at is None:
        return Kept.NOT_UPLOADED
    if mark is None or run.window.end > mark:
        return Kept.NOT_PASSED
    if run.window == newest:
        return Kept.NEWEST
    return None if run.uploaded_at <= before else Kept.YOUNG


def upload_in_history(run: StagedRun, changes: Iterable[MarkChange]) -> datetime | None:
    """When the history of a mark says that a run was uploaded: of a run whose upload left no
    note, because it was made by an earlier release or its process died before.

    Args:
        run: the run.
        changes: of its source's mark. An upload of exactly its window counts that was noted
            after its extract: one of a longer span may have sent other runs. A mark that was set
            by hand says nothing of uploads.
    """
    uploads = (
        change.at
        for change in changes
        if change.action == "uploaded"
        and change.window == run.window
        and change.at > run.extracted_at
    )
    return max(uploads, default=None)


def counted(reasons: Sequence[Kept]) -> list[tuple[Kept, int]]:
    """How many runs stay for each reason, those that occur, in the order of `Kept`."""
    return [(reason, reasons.count(reason)) for reason in Kept if reason in reasons]
