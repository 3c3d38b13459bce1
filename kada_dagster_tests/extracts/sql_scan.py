"""A second, slow lexer for PostgreSQL's SQL: the judge of what masking made of a text.

It follows the rules of ``src/backend/parser/scan.l`` one by one, the longest match winning as in
flex, under standard_conforming_strings = on. Nothing of `kada_dagster` is used here.
"""

from __future__ import annotations

import re

_ID = r"[A-Za-z_\x80-\U0010ffff][A-Za-z_0-9$\x80-\U0010ffff]*"
_TAG = r"\$([A-Za-z_\x80-\U0010ffff][A-Za-z_0-9\x80-\U0010ffff]*)?\$"
_INT = r"[0-9](_?[0-9])*"
_NUM = rf"({_INT}\.({_INT})?|\.{_INT})"
_NUMBERS = [
    _INT,
    _NUM,
    rf"({_INT}|{_NUM})[Ee][-+]?{_INT}",
    r"0[xX](_?[0-9A-Fa-f])+",
    r"0[oO](_?[0-7])+",
    r"0[bB](_?[01])+",
]
_RULES = [
    ("space", r"[ \t\n\r\f\v]+|--[^\n\r]*"),
    ("comment", r"/\*"),
    ("string", r"[bBxXnN]?'"),
    ("estring", r"[eE]'"),
    ("ustring", r"[uU]&'"),
    ("dollar", _TAG),
    ("quoted", r'([uU]&)?"'),
    ("name", _ID),
    ("range", rf"{_INT}\.\."),
    *(("number", number) for number in _NUMBERS),
    *(("fault", rf"{number}[A-Za-z_0-9$\x80-\U0010ffff]") for number in _NUMBERS),
    ("param", r"\$[0-9]+"),
    ("self", r"\.\.|[-,()\[\].;:+*/%^<>=~!@#&|?]"),
]
RULES = [(kind, re.compile(rule)) for kind, rule in _RULES]
_UESCAPE = re.compile(r"[ \t\n\r\f\v]*UESCAPE[ \t\n\r\f\v]*'[^'\"\\+0-9a-f\s]'(?!')", re.I)
_CONTINUED = re.compile(
    r"([ \t\f\v]|--[^\n\r]*(?=[\n\r]))*[\n\r]([ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'"
)


class LexerError(Exception):
    pass


def close_quote(text: str, at: int, quote: str, escapes: bool) -> int:
    """The position behind the closing quote; `at` stands behind the opening one."""
    while at < len(text):
        if (escapes and text[at] == "\\") or text.startswith(quote * 2, at):
            at += 2
        elif text[at] == quote:
            more = _CONTINUED.match(text, at + 1) if escapes else None
            if not more:
                return at + 1
            at = more.end()
        else:
            at += 1
    raise LexerError


def close_comment(text: str, at: int) -> int:
    depth = 1
    while depth:
        if at >= len(text):
            raise LexerError
        two = text[at : at + 2]
        depth += {"/*": 1, "*/": -1}.get(two, 0)
        at += 2 if two in ("/*", "*/") else 1
    return at


def unicode_escape(text: str, at: int) -> int:
    clause = _UESCAPE.match(text, at)
    return clause.end() if clause else at


def close_ustring(text: str, at: int) -> int:
    end = close_quote(text, at, "'", False)
    while more := _CONTINUED.match(text, end):
        end = close_quote(text, more.end(), "'", False)
    return unicode_escape(text, end)


def close_token(text: str, kind: str, found: str, end: int) -> int:
    if kind == "comment":
        return close_comment(text, end)
    if kind in ("string", "estring"):
        return close_quote(text, end, "'", kind == "estring")
    if kind == "ustring":
        return close_ustring(text, end)
    if kind == "quoted":
        closed = close_quote(text, end, '"', False)
        return unicode_escape(text, closed) if len(found) > 1 else closed
    if kind == "dollar":
        if (start := text.find(found, end)) < 0:
            raise LexerError
        return start + len(found)
    return end - 2 if kind == "range" else end


def scan(text: str) -> list[tuple[str, str]]:
    """Tokens of a text under standard_conforming_strings = on, as (kind, spelling)."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        found = [(rule.match(text, at), kind) for kind, rule in RULES]
        ends = [(match.end(), kind) for match, kind in found if match]
        end, kind = max(ends, key=lambda each: each[0], default=(at, "fault"))
        if kind == "fault":
            raise LexerError
        start, at = at, close_token(text, kind, text[at:end], end)
        kind = "number" if kind == "range" else kind
        kind = "string" if kind in ("estring", "ustring", "dollar") else kind
        tokens.append((kind, text[start:at]))
    return tokens


def skeleton(text: str) -> list[str]:
    """What masking must keep: tokens in order, literals by kind, strings side by side as one."""
    kept: list[str] = []
    for kind, spelling in scan(text):
        if (kind == "string" and kept[-1:] == ["<string>"]) or kind in ("space", "comment"):
            continue
        kept.append(f"<{kind}>" if kind in ("string", "number") else spelling)
    return kept
