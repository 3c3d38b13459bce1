"""What every store of high water marks does. The stores themselves are one module each."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window


class MarkStore(Protocol):
    """Keeps one mark for each collector instance, told apart by `name`.

    Every method raises `WatermarkError` when a mark cannot be read or written, and `ConfigError`
    when the name cannot be a file name. A mark that cannot be read is never taken for a missing
    one.
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

    def describe(self, name: str) -> str:
        """Where the mark is kept, for people."""
        ...
