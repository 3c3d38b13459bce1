"""The staged runs of a source: what is known of each, and their removal. Without Dagster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from kada_dagster.extracts.manifest import Manifest
from kada_dagster.retention.decision import Kept, StagedRun, upload_in_history, why_kept

if TYPE_CHECKING:
    from kada_dagster.extracts.staging_place import Noted, StagingPlace
    from kada_dagster.hwm.history import MarkChange
    from kada_dagster.hwm.store import MarkStore
    from kada_dagster.hwm.window import Window


@dataclass(frozen=True)
class Removal:
    """A staged run that goes.

    Attributes:
        window: what it covers.
        location: its folder, or its URL.
        bytes: size of its files together.
    """

    window: Window
    location: str
    bytes: int


@dataclass(frozen=True)
class Pruned:
    """What came of the staged runs of a source.

    Attributes:
        name: of the source.
        removed: the runs that went, or would go; oldest first.
        kept: why each of the others stays.
    """

    name: str
    removed: tuple[Removal, ...]
    kept: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """Size of what went."""
        return sum(one.bytes for one in self.removed)


def prune_staging(
    staging: StagingPlace,
    marks: MarkStore,
    *,
    before: datetime,
    sends: bool,
    dry_run: bool = False,
) -> Pruned:
    """Remove the runs of a source that are uploaded, behind its mark, and old.

    Args:
        staging: of the source.
        marks: where its mark is.
        before: runs uploaded later than this stay; UTC.
        sends: whether the source has a landing. Without one its mark follows the extracts, so
            that the history of the mark does not say that anything was sent.
        dry_run: remove nothing.

    Raises:
        WatermarkError: the mark cannot be read; nothing was removed.
        KadaError: the staging cannot be read or written; what was removed until then is gone.
    """
    mark = marks.read(staging.name).mark
    known = list(_known(staging, _History(marks, staging.name) if sends else None))
    runs = [one.run for one in known if one.run is not None]
    newest = max(runs, key=attrgetter("extracted_at")).window if runs else None
    removed: list[Removal] = []
    kept: list[Kept] = []
    for one in known:
        reason = Kept.UNREADABLE
        if one.run is not None:
            reason = why_kept(one.run, mark=mark, newest=newest, before=before)
        if reason is not None:
            kept.append(reason)
        elif dry_run or staging.remove(one.window, one.manifest):
            removed.append(Removal(one.window, staging.location(one.window), one.bytes))
    return Pruned(staging.name, tuple(removed), tuple(kept))


class _History:
    """The changes of a mark, read when they are first needed."""

    def __init__(self, marks: MarkStore, name: str) -> None:
        self._marks, self._name = marks, name

    @cached_property
    def changes(self) -> Sequence[MarkChange]:
        return self._marks.history(self._name)


@dataclass(frozen=True)
class _Known:
    """A run that is there; `run` is None where its manifest cannot be read."""

    window: Window
    manifest: bytes
    run: StagedRun | None = None
    bytes: int = 0


def _known(staging: StagingPlace, history: _History | None) -> Iterator[_Known]:
    """The runs that are there, oldest first."""
    for window in sorted(staging.runs()):
        noted = staging.noted(window)
        if noted is not None:  # else it went meanwhile
            yield _read(window, noted, history)


def _read(window: Window, noted: Noted, history: _History | None) -> _Known:
    try:
        manifest = Manifest.from_json(noted.manifest.decode())
        extracted = datetime.fromisoformat(manifest.extracted_at).replace(tzinfo=timezone.utc)
    except (ValueError, RecursionError):
        return _Known(window, noted.manifest)
    run = StagedRun(window, extracted, noted.uploaded_at)
    if run.uploaded_at is None and history is not None:
        run = replace(run, uploaded_at=upload_in_history(run, history.changes))
    return _Known(window, noted.manifest, run, manifest.bytes)
