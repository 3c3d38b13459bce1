"""Where rows are from, when several documents make one stream."""

from __future__ import annotations

from bisect import bisect_left


class Places:
    """The documents of a stream and the rows each of them gave.

    Memory grows with documents, not with rows.
    """

    def __init__(self) -> None:
        self._before: list[int] = []
        self._documents: list[tuple[str, str, int]] = []

    def begin(self, name: str, rows_before: int, *, unit: str = "row", first: int = 1) -> None:
        """Note that the next row is the first of a document.

        Args:
            name: of the document, for messages.
            rows_before: rows of the stream so far.
            unit: what its rows are counted in: `row`, `line`.
            first: number of its first row, in that unit.
        """
        if self._before and rows_before <= self._before[-1]:  # the one before had none, or again
            keep = bisect_left(self._before, rows_before)
            del self._before[keep:], self._documents[keep:]
        self._documents.append((name, unit, first))  # before it can be found: another thread asks
        self._before.append(rows_before)

    def __call__(self, row: int) -> str:
        """As `orders.json, row 17`.

        Args:
            row: of the stream, from 1.
        """
        at = bisect_left(self._before, row) - 1
        if at < 0:
            return f"row {row}"
        name, unit, first = self._documents[at]
        return f"{name}, {unit} {row - self._before[at] + first - 1}"
