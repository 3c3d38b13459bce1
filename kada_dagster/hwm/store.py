"""What every store of high water marks does. The stores themselves are one module each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window


class MarkStore(Protocol):
    """Keeps one mark for each collector instance, told apart by `name`.

    Every method raises `WatermarkError` when a mark cannot be read or written,
    `ConnectionFailedError` or `PermissionDeniedError` where the store is reached over a network,
    and `ConfigError` when the name cannot be a file name. A mark that cannot be read is never
    taken for a missing one.
    """

    def read(self, name: str) -> MarkState:
        """The present state; an empty one before the first upload."""
        ...

    def record(self, name: str, window: Window, first: datetime) -> MarkState:
        """Note that a window was uploaded. Safe to repeat and to call from several processes.

        Args:
            name: collector instance.
            window: what was uploaded.
            first: start of the configured first window, UTC; counts while there is no mark.

        Returns:
            The new state; its mark is never before the old one.
        """
        ...

    def set(self, name: str, moment: datetime) -> MarkState:
        """Put the mark where the operator wants it, forward or back.

        Args:
            name: collector instance.
            moment: the new mark, UTC, whole seconds.

        Returns:
            The new state, without the uploaded spans ahead that the mark now covers.
        """
        ...

    def history(self, name: str, limit: int = LONGEST_HISTORY) -> Sequence[MarkChange]:
        """The last changes of the mark, oldest first. Changes that changed nothing are not there.

        Args:
            name: collector instance.
            limit: how many at most.
        """
        ...

    def describe(self, name: str) -> str:
        """Where the mark is kept, for people."""
        ...
