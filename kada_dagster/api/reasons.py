"""What an API said about a call it refused, in one short line without secrets or HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, cast

from kada_dagster.api.values import object_of, text
from kada_dagster.secrets import redact

LONGEST = 200
_FIELDS = ("message", "error", "details")
_CODE = re.compile(r"[A-Za-z][\w.-]{0,79}", re.ASCII)
_TITLE = re.compile(r"<title[^<>]*>([^<]*)</title", re.IGNORECASE)
"""No part of it goes past the next `<`: else a page of `<title>` alone would take hours."""
_MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def reason_of(body: bytes, hidden: Iterable[str]) -> str:
    """The API's own message: the fields `message`, `error` and `details`, else the text.

    Args:
        body: of the answer, whatever it is.
        hidden: texts that must not be shown.

    Returns:
        At most 200 characters on one line; '' if there is nothing to show. Of an HTML page, only
        its title.
    """
    said = _INVISIBLE.sub(" ", redact(_said(body), hidden)).strip()
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def code_of(body: bytes, hidden: Iterable[str]) -> str:
    """The API's own code for what happened, the field `code`; '' if it is no single word.

    Args:
        body: of the answer, whatever it is.
        hidden: texts that must not be shown; a code that holds one is none.
    """
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = text(object_of(value).get("code"))
    return code if _CODE.fullmatch(code) and redact(code, hidden) == code else ""


def _said(body: bytes) -> str:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _of_text(body.decode(errors="replace"))
    if isinstance(value, dict):
        found = [_plain(cast("dict[str, Any]", value).get(name)) for name in _FIELDS]
        return ": ".join(dict.fromkeys(filter(None, found)))
    return _of_text(_plain(value))


def _of_text(said: str) -> str:
    if not _MARKUP.match(said):
        return said
    title = _TITLE.search(said)
    return f"an HTML page: {title[1].strip()}" if title else "an HTML page"


def _plain(value: object) -> str:
    """A scalar as text; an object by its own message, else it and lists as JSON."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        inner = [text(entries.get(name)) for name in _FIELDS]
        said = ": ".join(filter(None, inner))
        return said or (json.dumps(entries, ensure_ascii=False) if entries else "")
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return text(value)
