"""Masking of what may quote data: the SQL of models is in `hevo.masking`, errors of runs here.

An error's text follows no grammar, so it cannot be masked in part: it fails closed.
"""

from __future__ import annotations

import re

LONGEST = 500
"""Characters of an error that are kept."""

_CODE = re.compile(r"\s*([A-Z]{2,40}(?:_[A-Z]{2,40}){1,9})\s*(?::|\Z)")
_MASK = "***"


def message(error: str, *, mask: bool) -> str:
    """What is kept of a run's error.

    Args:
        error: as the API has it; it may quote rows and SQL.
        mask: keep only the code it begins with, like `NON_UNIQUE_PRIMARY_KEY`
            (https://hightouch.com/docs/developer-tools/error-codes), else `***`.
    """
    if not error:
        return ""
    if mask:
        code = _CODE.match(error)
        return code[1] if code else _MASK
    return error if len(error) <= LONGEST else f"{error[:LONGEST]}…"
