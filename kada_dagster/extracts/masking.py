"""Masking of SQL text: literals and comments go, identifiers, keywords and structure stay.

Belongs here: the lexical rules of PostgreSQL as far as masking needs them, and the counter an
extract keeps. Not here: which columns are masked (the families know) and any parsing of SQL.

The rules are those of PostgreSQL's own lexer (``src/backend/parser/scan.l``; manual, "Lexical
Structure"). Where servers or settings read a text in different ways, or where a character says that
the text is no PostgreSQL SQL, masking fails closed with a `MaskingError`.
"""

from __future__ import annotations

import re
from functools import cache

_STRING = "'***'"
_NUMBER = "0"
_LANGUAGES = frozenset({"sql", "plpgsql"})

# Character classes of scan.l; every character outside ASCII may be part of an identifier.
_SPACE = " \t\n\r\f\v"
_START = r"A-Za-z_\x80-\U0010ffff"
_WORD = rf"{_START}0-9"

# Bodies of quoted strings, from behind the opening quote to the closing one. `(?!')` keeps the
# engine from backing off to the first half of a doubled quote.
_ESCAPED = r"[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'(?!')"
_STANDARD = r"[^']*(?:''[^']*)*'(?!')"
# Setting unknown: a quote behind an odd run of backslashes ends the string or not. No match.
_EITHER = r"[^'\\]*(?:(?:''|\\[^'])[^'\\]*)*'(?!')"
_BODIES = {True: _STANDARD, False: _ESCAPED, None: _EITHER}

# White space with a newline between two segments of one string (`whitespace_with_newline`).
_CONTINUED = rf"[ \t\f\v]*(?:--[^\n\r]*)?[\n\r][{_SPACE}]*(?:--[^\n\r]*[\n\r][{_SPACE}]*)*'"
# The escape character of U&: one character, part of how the name or string is spelt.
_UESCAPE = rf"(?:[{_SPACE}]*[uU][eE][sS][cC][aA][pP][eE][{_SPACE}]*'[^'\"\\+0-9A-Fa-f\s]'(?!'))?"

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_EXPONENT = rf"(?:[eE][+-]?{_DIGITS})?"
_NUMERIC = "|".join(
    (
        r"0[xX]_?[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*",
        r"0[oO]_?[0-7]+(?:_[0-7]+)*",
        r"0[bB]_?[01]+(?:_[01]+)*",
        rf"{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)?{_EXPONENT}",  # 1..10 is 1 and 10
        rf"\.{_DIGITS}{_EXPONENT}",
    )
)

# What stays as it is. An operator ends where a comment starts (`--`, `/*`).
_KEPT = "|".join(
    (
        rf"[{_SPACE},()\[\];:+*%^<>=~!@#&|?]+",
        # A name, unless its first letter is the prefix of a quote. Three branches, not one with a
        # look-ahead: most names then cost one test of a character class (measured, 3 times faster).
        rf"[acdf-mo-tvwyzACDF-MO-TVWYZ_\x80-\U0010ffff][{_WORD}$]*",
        rf"[bBeEnNxX](?!')[{_WORD}$]*",
        rf"[uU](?!&['\"])[{_WORD}$]*",
        r'"[^"]*"',  # a doubled quote inside reads as two names side by side: both stay
        rf"[uU]&(?:\"[^\"]*\")+{_UESCAPE}",
        r"-(?!-)",
        r"/(?!\*)",
        r"\.\.",
        r"\.(?![0-9])",
        r"\$[0-9]+",  # `$1OFFSET` is two tokens up to PostgreSQL 14, and no literal anywhere
    )
)
_NESTING = re.compile(r"/\*|\*/")
_WORD_END = re.compile(rf"[{_WORD}$]")
_OPEN_STRING = "a string without an end, or one whose end depends on standard_conforming_strings"
_FAULTS = {
    "'": _OPEN_STRING,
    **dict.fromkeys("bBeEnNuUxX", _OPEN_STRING),  # a letter fails only as the prefix of a quote
    '"': "a quoted identifier without an end",
    "/": "a comment without an end",
    "$": "a dollar-quoted string without an end, or a lone $",
}
_FOREIGN = "a character PostgreSQL does not know here"
_JUNK = "a number that runs into a word"


class MaskingError(ValueError):
    """The text cannot be tokenised without doubt. The message never quotes the text."""


@cache
def _lexer(standard_conforming_strings: bool | None) -> re.Pattern[str]:
    """A run of what stays, then at most one token that goes. It always matches, maybe nothing."""
    body = _BODIES[standard_conforming_strings]
    escape = rf"[eE]'{_ESCAPED}(?:{_CONTINUED}{_ESCAPED})*(?!{_CONTINUED})"
    exact = _STANDARD if standard_conforming_strings else _EITHER  # no backslash escapes in these
    unicode = rf"[uU]&'{exact}(?:{_CONTINUED}{exact})*{_UESCAPE}"
    return re.compile(
        rf"(?P<kept>(?:{_KEPT}){{0,2000}})"  # bounded: the engine's stack grows with the run
        rf"(?:(?P<number>{_NUMERIC})(?P<junk>[{_WORD}$])?"
        rf"|(?P<string>[nN]?'{body}|[bBxX]'{exact}|{escape}|{unicode})"
        r"|(?P<line>--[^\n\r]*)"
        r"|(?P<block>/\*)"
        rf"|(?P<dollar>\$(?:[{_START}][{_WORD}]*)?\$))?"
    )


class _MaskedText:
    """Collects the masked text and keeps neighbours from becoming one token."""

    def __init__(self) -> None:
        self._pieces: list[str] = [""]
        self._after = ""  # the placeholder last written, while only space follows it

    def keep(self, run: str) -> None:
        if self._after == _NUMBER and run[0] == "." and run[:2] != "..":
            self._pieces.append(" ")  # `1.5.a` is not `0.a`
        self._pieces.append(run)
        if self._after != _STRING or run.strip(_SPACE):
            self._after = ""

    def string(self) -> None:
        if self._after == _STRING:  # side by side they could read as one: make them one
            return
        glued = self._pieces[-1].endswith("&")  # `U&$$x$$` is not `U&'***'`
        self._pieces.append(f" {_STRING}" if glued else _STRING)
        self._after = _STRING

    def number(self, digits: str) -> None:
        glued = digits[0] == "." and _WORD_END.match(self._pieces[-1][-1:])  # `a.5` is not `a0`
        self._pieces.append(f" {_NUMBER}" if glued else _NUMBER)
        self._after = _NUMBER

    def text(self) -> str:
        return "".join(self._pieces)


def _fault(text: str, position: int, reason: str = "") -> MaskingError:
    reason = reason or _FAULTS.get(text[position], _FOREIGN)
    return MaskingError(f"SQL text cannot be masked: {reason}, at character {position + 1}")


def _comment_end(text: str, start: int) -> int:
    """The position behind the block comment opened at `start`; comments nest."""
    depth = 0
    for mark in _NESTING.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise _fault(text, start)


def _dollar_end(text: str, start: int, delimiter: str) -> int:
    """The position behind the dollar-quoted string opened at `start`."""
    end = text.find(delimiter, start + len(delimiter))
    if end < 0:
        raise _fault(text, start)
    return end + len(delimiter)


def _write(token: re.Match[str], masked: _MaskedText) -> int:
    """Write what stands for the token that goes; return the position behind it."""
    kind = token.lastgroup
    if kind == "number":
        masked.number(token["number"])
    elif kind == "string":
        masked.string()
    elif kind == "dollar":
        masked.string()
        return _dollar_end(token.string, token.start("dollar"), token["dollar"])
    elif kind == "block":
        masked.keep(" ")
        return _comment_end(token.string, token.start("block"))
    elif kind == "junk":
        raise _fault(token.string, token.start("number"), _JUNK)
    elif token.start() == token.end():
        raise _fault(token.string, token.start())
    return token.end()


def mask_sql(text: str, *, standard_conforming_strings: bool | None = None) -> str:
    """Replace every literal in `text` and drop every comment.

    Strings of every form (plain, ``E''``, ``U&''``, ``B''``, ``X''``, ``N''``, dollar-quoted;
    segments continued on a new line are one) become ``'***'``, numbers ``0``; a block comment
    becomes one space, so that no two tokens join. All else stays, character by character, and so
    does the one escape character behind a name: ``U&"d!0061t" UESCAPE '!'``. Masking the result
    again changes nothing.

    Args:
        text: SQL or PL/pgSQL, whole; whether it parses does not matter.
        standard_conforming_strings: what the server's setting of that name was for this text. None,
            unknown: a plain string with a quote behind an odd run of backslashes is refused,
            since the settings disagree on where it ends.

    Returns:
        The masked text.

    Raises:
        MaskingError: something is unterminated, a number runs into a word (an error since
            PostgreSQL 15), or a character stands outside a literal where PostgreSQL knows none
            (a backslash, a brace, a lone ``$``, a control character) or as good as never uses it
            (a backtick): text of another dialect or a template, whose strings may end elsewhere.
    """
    match = _lexer(standard_conforming_strings).match
    masked = _MaskedText()
    position = 0
    while position < len(text):
        token = match(text, position)
        if token is None:
            raise MaskingError(f"not a token, at character {position}")
        if token["kept"]:
            masked.keep(token["kept"])
        position = _write(token, masked)
    return masked.text()


class Masker:
    """What an extract masks its columns with: blanks and counts what cannot be masked.

    Args:
        enabled: the source's `mask` option; False hands every text back unchanged.
        standard_conforming_strings: the server's setting where it is known, see `mask_sql`.

    Attributes:
        blanked: how many texts were replaced by an empty one so far.
    """

    def __init__(self, enabled: bool, *, standard_conforming_strings: bool | None = None) -> None:
        self.blanked = 0
        self._enabled = enabled
        self._standard = standard_conforming_strings

    def __call__(self, text: str, language: str = "sql") -> str:
        """Mask one text.

        Args:
            text: the text as the source holds it.
            language: `pg_language.lanname` of the text. Only sql and plpgsql follow the lexical
                rules of PostgreSQL; text of any other is blanked.

        Returns:
            The masked text, or an empty one where it was blanked.
        """
        if not self._enabled or not text:
            return text
        if language in _LANGUAGES:
            try:
                return mask_sql(text, standard_conforming_strings=self._standard)
            except MaskingError:
                pass
        self.blanked += 1
        return ""
