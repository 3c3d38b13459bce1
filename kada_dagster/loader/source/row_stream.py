"""A stream of rows a driver hands out as Python values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Column, Encoding, Pipe, TargetColumn
from kada_dagster.loader.source.copy_text import Place, RowText, numbered

Batches = Callable[[], Iterator[Sequence[tuple[Any, ...]]]]
"""Reads from the beginning, batch by batch; raises LoaderError."""


def nothing() -> None:
    """Nothing has to be done."""


class RowStream:
    """See `Stream`.

    Args:
        names: of the source's columns, in the order of `into`.
        into: columns that take the rows.
        what: is read, for messages.
        batches: reads the rows.
        stop: breaks off what `batches` waits for, from another thread.
        place: says where a row is from.
    """

    encoding = Encoding.TEXT

    def __init__(
        self,
        names: Sequence[str],
        into: Sequence[TargetColumn],
        what: str,
        batches: Batches,
        *,
        stop: Callable[[], None] = nothing,
        place: Place | None = None,
    ) -> None:
        self.columns = tuple(Column(name, one.type, one.type) for name, one in zip(names, into))
        self._text = RowText(into, names, what, place or numbered)
        self._what, self._batches, self._stop, self._place = what, batches, stop, place
        self._is_stopped = False

    @property
    def rows(self) -> int:
        """See `Stream`."""
        return self._text.rows

    def write(self, pipe: Pipe) -> None:
        """See `Stream.write`."""
        for batch in self._batches():
            if self._is_stopped:
                raise SourceReadError(f"{self._what}: broken off")
            pipe.write(self._text.encode(batch))

    def cancel(self) -> None:
        """See `Stream.cancel`."""
        self._is_stopped = True
        self._stop()

    def place(self, row: int) -> str:
        """See `Stream.place`."""
        return self._place(row) if self._place else ""
