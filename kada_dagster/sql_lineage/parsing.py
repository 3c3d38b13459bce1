"""From text to sqlglot's tree, within limits and without a word of the text in the log."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from kada_dagster.sql_lineage.context import TooMuchWorkError

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 200
"""Brackets inside brackets; the parser calls itself some ten times for each."""

_IS_OURS = ContextVar("is_ours", default=False)
"""Whether the parser is at work on a text of ours."""

_STEPS_PER_TOKEN = 60
_OPENING = frozenset({"L_PAREN", "L_BRACKET", "L_BRACE", "CASE"})
_CLOSING = frozenset({"R_PAREN", "R_BRACKET", "R_BRACE", "END"})


class UnreadableError(Exception):
    """The text cannot be parsed. The message is a problem that quotes nothing of it."""


def parse(sql: str, dialect: str) -> list[Expr]:
    """The statements of a text.

    Args:
        sql: one statement or several, separated by semicolons.
        dialect: sqlglot's name of the dialect.

    Raises:
        UnreadableError: the text is too long, too deep or not SQL of that dialect.
    """
    if len(sql) > MAX_CHARACTERS:
        raise UnreadableError(f"limit: longer than {MAX_CHARACTERS} characters")
    from sqlglot.errors import SqlglotError

    _hush()
    token = _IS_OURS.set(True)
    try:
        return _statements(sql, dialect)
    except (SqlglotError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise UnreadableError(_described(error)) from None
    finally:
        _IS_OURS.reset(token)


@cache
def _hush() -> None:
    """Keep what the parser logs of our texts out of the log: it quotes them, secrets included."""
    logging.getLogger("sqlglot").addFilter(lambda _: not _IS_OURS.get())


def _statements(sql: str, name: str) -> list[Expr]:
    from sqlglot.dialects.dialect import Dialect

    dialect = Dialect.get_or_raise(name)
    tokens = dialect.tokenize(sql)
    depth = deepest = 0
    for token in tokens:
        depth += token.token_type.name in _OPENING
        depth -= token.token_type.name in _CLOSING and depth > 0
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise UnreadableError(f"limit: nested deeper than {MAX_DEPTH} levels")
    parser = _parser(name)(dialect=dialect)
    if hasattr(parser, "steps_left"):
        parser.steps_left = 10_000 + _STEPS_PER_TOKEN * len(tokens)
    return [statement for statement in parser.parse(tokens, sql) if statement is not None]


@cache
def _parser(name: str) -> type[Any]:
    """The dialect's parser, which stops when it goes back and forth for too long.

    The compiled edition of sqlglot cannot be derived from; there the other limits must do.
    """
    from sqlglot.dialects.dialect import Dialect

    base: Any = Dialect.get_or_raise(name).parser_class
    limited = _limited(base)
    try:
        limited()
    except TypeError:
        return base
    return limited


def _limited(base: Any) -> type[Any]:
    class LimitedParser(base):
        steps_left = 0

        def _advance(self, times: int = 1) -> None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise TooMuchWorkError
            super()._advance(times)  # pyright: ignore[reportUnknownMemberType] - base is Any

    return LimitedParser


def _described(error: Exception) -> str:
    """Where the parser stopped; its message is left out, for it quotes the text."""
    places: list[dict[str, Any]] = getattr(error, "errors", [])
    line, column = (places[0].get("line"), places[0].get("col")) if places else (None, None)
    return (
        f"parse: not understood at line {line}, column {column}"
        if line
        else ("parse: not understood")
    )
