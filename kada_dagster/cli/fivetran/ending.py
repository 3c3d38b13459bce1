"""What came of an action: lines for people on standard error, JSON for scripts on output."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from kada_dagster.cli.output import printable, tell
from kada_dagster.cli.session import Session


@dataclass(frozen=True)
class Ending:
    """How an action ended.

    Attributes:
        code: exit code.
        facts: the same for scripts.
        lines: for people; with none, the facts are what the command prints.
    """

    code: int
    facts: Any
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Log:
    """Writes one line for each event on standard error, with the time in UTC.

    The same on a terminal and in the log of a runner: no line moves, none holds a control
    character.
    """

    session: Session

    def __call__(self, text: str) -> None:
        """Write one event as one line."""
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        line = printable(" ".join(self.session.redacted(text).split()))
        tell(f"{now} {line}")


def json_text(value: Any) -> str:
    """JSON in lines; whatever could steer a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def counted(count: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment(at: datetime | None) -> str | None:
    """A moment as the API writes it: ISO 8601, UTC, with `Z`."""
    if at is None:
        return None
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} is not for JSON")


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]
