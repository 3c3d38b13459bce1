"""What PostgreSQL's messages quote: names stay, values of rows are cut out."""

from __future__ import annotations

import re

_MARKS = str.maketrans(dict.fromkeys("«»„“”", '"'))  # those of servers that speak other languages
_AT_END = re.compile(r' ?: " ?(?:[^"]|"(?!\Z))*"\Z', re.DOTALL)
_INSIDE = re.compile(r'".*"(?= is out of range)|(?<=time zone )".*"', re.DOTALL)
_QUOTED = re.compile(r'".*"', re.DOTALL)
_NAMES = re.compile(r'(column|constraint|domain|encoding|type) "')
_OF_DATA = "22"  # the class of SQLSTATEs that are about values


def without_values(message: str, state: str, *, is_of_row: bool = False) -> str:
    """A message without the values it quotes.

    Args:
        message: the first line of what the server said, in whatever language.
        state: its SQLSTATE.
        is_of_row: whether the server was at a row, so that it quotes parts of values only.
    """
    said = _INSIDE.sub("…", _AT_END.sub("", message.translate(_MARKS)))
    if (is_of_row or state.startswith(_OF_DATA)) and not _NAMES.search(said):
        return _QUOTED.sub("…", said)
    return said
