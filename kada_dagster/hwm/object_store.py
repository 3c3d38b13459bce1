"""High water marks as objects of a cloud store, safe with several processes at once.

There are no locks: an object is replaced only by whoever knows its present version. The mark and
what is ahead of it are two objects, so a change is repeated until it finds nothing left to write:
of two writers that miss each other's first write, at least one sees the other's result then, and
puts the mark where both belong. The mark is written before what is ahead of it, and read after it:
whoever dies or looks between the two writes sees spans the mark already covers, which are dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kada_dagster.errors import KadaError, WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange, appended, parse_history
from kada_dagster.hwm.mark import MarkState, advanced, moved, settled, uploaded
from kada_dagster.hwm.mark_format import (
    AHEAD,
    HISTORY,
    MARK,
    ahead_text,
    check_mark_name,
    mark_text,
    parse_ahead,
    parse_mark,
)
from kada_dagster.hwm.objects import VersionedObjects
from kada_dagster.hwm.races import won
from kada_dagster.hwm.window import Window

_TRIES = 25
_HISTORY_TRIES = 10
_log = logging.getLogger("kada_dagster.hwm")
_Step = Callable[[MarkState], MarkState]


@dataclass(frozen=True)
class _Stored:
    """The two objects as they were read, with the versions a writer must name."""

    mark: datetime | None
    ahead: tuple[Window, ...]
    mark_version: str | None
    ahead_version: str | None

    @property
    def state(self) -> MarkState:
        return MarkState(self.mark, self.ahead)


class ObjectMarkStore:
    """Keeps marks in objects `<name>_hwm.txt`; see `MarkStore` for what the methods do.

    Args:
        objects: of the folder the marks are in.
    """

    def __init__(self, objects: VersionedObjects) -> None:
        self.objects = objects

    def read(self, name: str) -> MarkState:
        """The present state; an empty one before the first upload."""
        return settled(self._look(name).state)

    def record(self, name: str, window: Window, first: datetime) -> MarkState:
        """Note that a window was uploaded; the mark never moves back."""
        return self._change(name, "uploaded", lambda s: uploaded(s, window, first), window)

    def advance(self, name: str, moment: datetime) -> MarkState:
        """Move the mark forward to a moment; it stays when it is there already or beyond."""
        return self._change(name, "published", lambda state: advanced(state, moment))

    def set(self, name: str, moment: datetime) -> MarkState:
        """Put the mark where the operator wants it; a malformed mark is replaced."""
        before = self._put(name, moment)
        after = moved(before, moment)
        if after != before:
            self._remember(name, MarkChange.now("set", None, before, after))
        return self._change(name, "set", lambda state: state)  # drops what the mark covers now

    def history(self, name: str, limit: int = LONGEST_HISTORY) -> Sequence[MarkChange]:
        """The last changes of the mark, oldest first."""
        return parse_history(self.objects.read(check_mark_name(name) + HISTORY).data, limit)

    def describe(self, name: str) -> str:
        """The address of the mark's object."""
        return self.objects.describe(check_mark_name(name) + MARK)

    def _change(
        self, name: str, action: str, step: _Step, window: Window | None = None
    ) -> MarkState:
        """Take a step that changes nothing when it is repeated."""
        seen: list[MarkState] = []

        def work() -> MarkState | None:
            stored = self._look(name)
            seen.append(stored.state)
            after = step(stored.state)
            if (after.mark, after.ahead) == (stored.mark, stored.ahead):
                return after
            self._save(name, stored, after)  # and look whether more is to be written

        after = won(_TRIES, self.describe(name), work)
        if after != seen[0]:
            self._remember(name, MarkChange.now(action, window, seen[0], after))
        return settled(after)

    def _save(self, name: str, stored: _Stored, after: MarkState) -> None:
        """Write what differs, as far as nobody else wrote meanwhile."""
        if after.mark is not None and after.mark != stored.mark:  # first: see the module's text
            data = mark_text(after.mark).encode()
            if not self.objects.replace(name + MARK, data, stored.mark_version):
                return
        if after.ahead != stored.ahead:
            # an empty list is written too: removing could not name a version everywhere
            data = ahead_text(after.ahead).encode()
            self.objects.replace(name + AHEAD, data, stored.ahead_version)

    def _put(self, name: str, moment: datetime) -> MarkState:
        """Write the mark alone, once: repeated, it could undo what came after it.

        Returns:
            The state before.
        """

        def work() -> MarkState | None:
            stored = self._look(name, mend=True)
            if stored.ahead != stored.state.ahead:  # else spans the old mark covers would come back
                self._save(name, stored, stored.state)
                return None
            if stored.mark == moment:
                return stored.state
            data = mark_text(moment).encode()
            written = self.objects.replace(name + MARK, data, stored.mark_version)
            return stored.state if written else None

        return won(_TRIES, self.describe(name), work)

    def _look(self, name: str, *, mend: bool = False) -> _Stored:
        """Read both. To `mend`, a malformed mark is taken for none."""
        ahead = self.objects.read(check_mark_name(name) + AHEAD)
        spans = parse_ahead(ahead.data, self.objects.describe(name + AHEAD))
        mark = self.objects.read(name + MARK)
        try:
            moment = parse_mark(mark.data, self.describe(name))
        except WatermarkError:
            if not mend:
                raise
            moment = None
        return _Stored(moment, spans, mark.version, ahead.version)

    def _remember(self, name: str, change: MarkChange) -> None:
        """Add to the history. A failure is logged, never raised: the mark has moved."""
        place = self.objects.describe(name + HISTORY)

        def work() -> bool | None:
            old = self.objects.read(name + HISTORY)
            data = appended(old.data, change)
            return self.objects.replace(name + HISTORY, data, old.version) or None

        try:
            won(_HISTORY_TRIES, place, work)
        except KadaError as error:
            _log.warning("%s; the mark itself has moved, its history lacks the change", error)
