"""Rows of Python values as the text COPY reads: a batch at a time, column by column.

A column of a batch is looked at as a whole, by functions that run in C; only what needs it is
touched value by value. Facts: https://www.postgresql.org/docs/current/sql-copy.html, text format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import to_json

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import TargetColumn
from kada_dagster.loader.source.moment_texts import are_plain, is_checked
from kada_dagster.loader.source.spelling import Spell, speller
from kada_dagster.loader.source.target_types import NUMBERS, base_of
from kada_dagster.loader.source.unfit import UnfitError

NULL = r"\N"
BATCH = 2_000
"""Rows that are turned into text at once."""

_NONE = type(None)
_ESCAPES = {"\\": "\\\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
Place = Callable[[int], str]
"""Names a row by its number, from 1."""


def numbered(row: int) -> str:
    """A row by its number alone."""
    return f"row {row}"


class RowText:
    """Turns rows into COPY text.

    Args:
        into: columns of the target, in the order of the values.
        names: what the source calls them, for messages.
        what: is read, for messages.
        place: says where a row is from.

    Attributes:
        rows: so far.
    """

    def __init__(
        self,
        into: Sequence[TargetColumn],
        names: Sequence[str],
        what: str,
        place: Place = numbered,
    ) -> None:
        self._columns = [_ColumnText(base_of(column)) for column in into]
        self._names, self._what, self._place = names, what, place
        self.rows = 0

    def encode(self, rows: Sequence[tuple[Any, ...]]) -> bytes:
        """The text of a batch.

        Args:
            rows: tuples, each with a value for every column.

        Raises:
            SourceReadError: a value cannot be in its column; names both, and the row.
        """
        if not rows:
            return b""
        texts = [self._texts(at, values) for at, values in enumerate(zip(*rows))]
        try:
            made = ("\n".join(map("\t".join, zip(*texts))) + "\n").encode()
        except UnicodeEncodeError:
            raise self._unfit_text(texts) from None
        self.rows += len(rows)
        return made

    def _texts(self, at: int, values: tuple[Any, ...]) -> Sequence[str]:
        try:
            return self._columns[at].texts(values)
        except _UnfitRowError as error:
            raise self._error(at, error.row, error.reason) from None

    def _unfit_text(self, texts: Sequence[Sequence[str]]) -> SourceReadError:
        for at, column in enumerate(texts):
            for row, text in enumerate(column):
                if not _is_unicode(text):
                    return self._error(at, row, "holds half of a surrogate pair: no Unicode text")
        return SourceReadError(f"{self._what}: no Unicode text")

    def _error(self, at: int, row: int, reason: str) -> SourceReadError:
        where = self._place(self.rows + row + 1)
        return SourceReadError(f"{self._what}: {where}, column {self._names[at]}: {reason}")


class _UnfitRowError(Exception):
    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row, self.reason = row, reason


class _ColumnText:
    """One column: what it does with values of each Python type, looked up once."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._spells: dict[type, Spell] = {}
        self._printed = frozenset(kind for kind in (int, float) if self._is_printed(kind))
        self._takes_text = target != "bytea"
        self._looks = is_checked(target)

    def _is_printed(self, kind: type) -> bool:
        """Whether `_printed` spells numbers of a kind; 1e16 as a text is `1e+16`, as in Python."""
        try:
            return speller(kind, self._target) is str and (kind is int or self._target in NUMBERS)
        except UnfitError:
            return False

    def texts(self, values: tuple[Any, ...]) -> Sequence[str]:
        """The texts of values.

        Raises:
            _UnfitRowError: one of them does not fit.
        """
        if (texts := self._plain(values)) is not None:
            return texts
        kinds = set(map(type, values)) - {_NONE}
        if kinds <= self._printed:
            return _printed(values)
        given = [value for value in values if value is not None]
        if len(given) < len(values) and (texts := self._plain(given)) is not None:
            return _with_nulls(values, texts)
        return self._careful(values)

    def _plain(self, values: Sequence[Any]) -> Sequence[str] | None:
        """Texts that need no look at each of them; None where one is no text, or needs it."""
        if not self._takes_text:
            return None
        try:
            joined = "\0".join(values)  # says by itself whether all are texts
        except TypeError:
            return None
        is_plain = joined.count("\0") < len(values) and not (
            self._looks and not are_plain(joined, self._target)
        )
        return _escaped(values, joined) if is_plain else None

    def _careful(self, values: tuple[Any, ...]) -> Sequence[str]:
        spelled = self._spelled(values)
        given = [text for text in spelled if text is not None]
        joined = "\0".join(given)
        if joined.count("\0") >= len(given):
            raise _UnfitRowError(
                _row_with_nul(spelled), "holds a NUL, which PostgreSQL's text cannot"
            )
        return _with_nulls(spelled, _escaped(given, joined))

    def _spelled(self, values: tuple[object, ...]) -> list[str | None]:
        made: list[str | None] = []
        for row, value in enumerate(values):
            try:
                made.append(None if value is None else self._spell(type(value))(value))
            except UnfitError as error:
                raise _UnfitRowError(row, str(error)) from None
        return made

    def _spell(self, kind: type) -> Spell:
        if kind not in self._spells:
            self._spells[kind] = speller(kind, self._target)
        return self._spells[kind]


def _printed(values: Sequence[float | None]) -> list[str]:
    """Numbers as JSON writes them: a third of the time of `str`, and every digit."""
    text = to_json(values, inf_nan_mode="constants")[1:-1].decode()
    return text.replace("null", NULL).split(",")


def _escaped(texts: Sequence[str], joined: str) -> Sequence[str]:
    """Texts with escapes where they need them: all of them at once, cut apart at NUL."""
    special = [character for character in _ESCAPES if character in joined]
    for character in special:
        joined = joined.replace(character, _ESCAPES[character])
    return joined.split("\0") if special else texts


def _with_nulls(values: Sequence[object], texts: Sequence[str]) -> list[str]:
    """The texts of values, put between those that are missing."""
    given = iter(texts)
    return [NULL if value is None else next(given) for value in values]


def _row_with_nul(values: Sequence[str | None]) -> int:
    return next(row for row, value in enumerate(values) if value and "\0" in value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
