"""Dates and times in CSV that COPY would read as something else than they say.

Bytes of CSV go on to COPY without being taken apart, so nothing else looks at them. Only columns of
moments are: all different values of a block at once, and one by one where that is not enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import TargetColumn
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.moment_texts import are_plain, is_checked, moment_text
from kada_dagster.loader.source.target_types import base_of
from kada_dagster.loader.source.unfit import UnfitError


class CsvMoments:
    """The columns of moments of a file.

    Args:
        dialect: of the file.
        into: columns of the target.
        at: places of their values in a row.
        names: of all values of a row.
    """

    def __init__(
        self,
        dialect: CsvDialect,
        into: Sequence[TargetColumn],
        at: Sequence[int],
        names: Sequence[str],
    ) -> None:
        self._dialect, self._names = dialect, names
        kinds = [(to, one, base_of(column)) for to, (one, column) in enumerate(zip(at, into))]
        self._looked_at = [kind for kind in kinds if is_checked(kind[2])]
        self._places = [one for _, one, _ in self._looked_at]
        self._nulls = frozenset(null.encode() for null in dialect.nulls)

    def changed(
        self, block: bytes, place: Callable[[int], str]
    ) -> dict[int, Sequence[bytes]] | None:
        """Columns that hold a value that must be spelled in another way, by their place in `into`.

        Args:
            block: of whole rows.
            place: names a line of the block, from 0.

        Returns:
            None where all values go on as they are.

        Raises:
            SourceReadError: a value cannot be in its column; names the line and the column.
        """
        if not self._looked_at:
            return None
        changed: dict[int, Sequence[bytes]] = {}
        columns = self._dialect.columns(block, self._places, len(self._names))
        for (to, _, target), values in zip(self._looked_at, columns):
            try:
                other = self._other(frozenset(values) - self._nulls, target)
            except UnfitError:
                raise self._error(block, place) from None
            if other:
                changed[to] = [other.get(value, value) for value in values]
        return changed or None

    def _other(self, values: frozenset[bytes], target: str) -> dict[bytes, bytes]:
        """Values that are spelled in another way, and how."""
        joined, twice = b"\0".join(values), self._dialect.around * 2
        if twice not in joined and are_plain(joined.decode(), target):
            return {}
        spell = moment_text(target)
        made: dict[bytes, bytes] = {}
        for value in values:
            text = self._dialect.text(value)
            if text is not None and (spelled := spell(text)) != text:
                made[value] = self._dialect.quoted(spelled)
        return made

    def _error(self, block: bytes, place: Callable[[int], str]) -> SourceReadError:
        """The error of the first value that does not fit, or of a row that is not so wide."""
        line, width = 0, len(self._names)
        for row in self._dialect.rows(block):
            if len(row) != width:
                break
            for _, at, target in self._looked_at:
                try:
                    self._other(frozenset([row[at]]) - self._nulls, target)
                except UnfitError as error:
                    return SourceReadError(f"{place(line)}, column {self._names[at]}: {error}")
            line += b"".join(row).count(b"\n") + 1
        return self._dialect.ragged(block, width, place)
