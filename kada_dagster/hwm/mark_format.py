"""How a mark is written, whatever holds it: as a file, or as an object of a cloud store.

`<name>_hwm.txt` holds one line, `YYYY-MM-DD HH:MM:SS` (UTC). `<name>_hwm_ahead.json` lists what
was uploaded beyond a gap. `<name>_hwm_history.jsonl` is in `history`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.mark import merged
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm

MARK = "_hwm.txt"
AHEAD = "_hwm_ahead.json"
HISTORY = "_hwm_history.jsonl"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_AHEAD_KEY = "uploaded_ahead"


def check_mark_name(name: str) -> str:
    """Return a name that can begin a file name.

    Raises:
        ConfigError: it cannot, or would lead elsewhere.
    """
    if not _NAME.match(name):
        raise ConfigError(f"name: {name!r} cannot name a mark; use letters, digits, '_', '-', '.'")
    return name


def mark_text(mark: datetime) -> str:
    """The text `parse_mark` reads."""
    return format_hwm(mark) + "\n"


def parse_mark(data: bytes | None, place: str) -> datetime | None:
    """Read a mark.

    Args:
        data: what is stored; None where nothing is.
        place: where, for the message.

    Returns:
        The mark, UTC; `None` where nothing is stored.

    Raises:
        WatermarkError: it is not exactly one mark; names the place and the cure.
    """
    if data is None:
        return None
    try:
        return parse_hwm(_only_line(data), "its line")
    except (ConfigError, ValueError) as error:
        fault = "its line is not a moment" if isinstance(error, ConfigError) else error
        raise WatermarkError(
            f"high water mark {place}: {fault}; it must hold one line YYYY-MM-DD HH:MM:SS (UTC). "
            "Correct it, or set the mark with `kada hwm set`"
        ) from None  # the content stays out of the message: it may be any file


def _only_line(data: bytes) -> str:
    if not data:
        raise ValueError("the file is empty")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("the file starts with a byte order mark")
    line, newline, rest = data.partition(b"\n")
    if rest:
        raise ValueError("the file has more than one line")
    line = line[:-1] if newline and line.endswith(b"\r") else line
    return line.decode("ascii", errors="replace")


def parse_ahead(data: bytes | None, place: str) -> tuple[Window, ...]:
    """Read the spans uploaded ahead of a mark, merged; none where nothing is stored.

    Args:
        data: what is stored; None where nothing is.
        place: where, for the message.

    Raises:
        WatermarkError: it is not such a list; names the place and the cure.
    """
    try:
        return () if data is None else _spans(json.loads(data.decode()))
    except (ValueError, TypeError, KeyError, ConfigError, RecursionError):
        raise WatermarkError(
            f"high water mark {place}: not a list of uploaded windows as this program writes it. "
            "Delete it; the windows uploaded ahead of the mark must then be uploaded again"
        ) from None


def _spans(data: Any) -> tuple[Window, ...]:
    if set(data) != {_AHEAD_KEY} or not isinstance(data[_AHEAD_KEY], list):
        raise ValueError(_AHEAD_KEY)
    pairs: list[Any] = data[_AHEAD_KEY]
    if any(not isinstance(pair, dict) for pair in pairs):
        raise ValueError(_AHEAD_KEY)
    return merged(Window.parse(**pair) for pair in pairs)


def ahead_text(windows: Iterable[Window]) -> str:
    """The text `parse_ahead` reads."""
    pairs = [{"start_hwm": window.start_hwm, "end_hwm": window.end_hwm} for window in windows]
    return json.dumps({_AHEAD_KEY: pairs}, indent=1) + "\n"
