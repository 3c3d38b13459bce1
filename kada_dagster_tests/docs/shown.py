"""Whether what a command printed is what the page shows, but for what changes from run to run."""

from __future__ import annotations

import doctest
import re

SHOWN_FOLDER = "/srv/kada"
"""What pages call the folder they are about."""
_CHANGES = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"\brun [0-9a-f]{8}\b", "run <id>"),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=  ?\S)", "<moment>"),
    (r"\b\d{4}-\d\d-\d\d[ T](?!00:00:00)\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "<moment>"),
    (r"\b127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:<port>"),
    (r"\b\d+\.\d+(s?)\b", r"<part>\1"),
    (r'"(polls|calls)": \d+', r'"\1": <n>'),
    (r"\bafter \d+ reads\b", "after <n> reads"),
    (r"\b[\d,]+( s\b| ms\b| calls?\b|( bytes\b))", r"<n>\1"),
)
"""Moments but those at midnight, which are bounds of windows; ids; measured times and sizes; how
often somebody looked before something was over."""
_CHECKER = doctest.OutputChecker()
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def settled(text: str) -> str:
    """The text without what changes."""
    for pattern, settled_as in _CHANGES:
        text = re.sub(pattern, settled_as, text, flags=re.MULTILINE)
    return text.replace("…", "...")


def difference(shown: str, printed: str, *, any_order: bool = False) -> str | None:
    """What differs; None where nothing does.

    Args:
        shown: on the page; `...` stands for any text.
        printed: by the command.
        any_order: of the lines, as where things are done side by side.
    """
    shown, printed = settled(shown), settled(printed)
    if any_order:
        shown, printed = ("\n".join(sorted(text.splitlines())) for text in (shown, printed))
    if _CHECKER.check_output(shown, printed, _FLAGS):
        return None
    return _CHECKER.output_difference(doctest.Example("", shown), printed, _FLAGS)
