"""What has moved a mark: one record a change, the same in every store.

As text it is a line of JSON for each change, oldest first. Lines that are something else (of a
writer that died, or another program) are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now

LONGEST_HISTORY = 1000
"""Changes a store keeps; the oldest go first."""


@dataclass(frozen=True)
class MarkChange:
    """One change of a mark, or of what was uploaded ahead of it.

    Attributes:
        at: when, UTC.
        action: `uploaded` (a window), `set` (by an operator) or `published` (by a script).
        window: the window uploaded; None for the other actions.
        before: the mark before; None where there was none.
        after: the mark afterwards; the same as `before` where a gap holds it.
    """

    at: datetime
    action: str
    window: Window | None
    before: datetime | None
    after: datetime | None

    @classmethod
    def now(
        cls, action: str, window: Window | None, before: MarkState, after: MarkState
    ) -> MarkChange:
        """A change that happens at this moment."""
        return cls(utc_now(), action, window, before.mark, after.mark)

    def to_json(self) -> str:
        """One line of JSON, without its end."""
        window = self.window
        fields = {
            "at": format_hwm(self.at),
            "action": self.action,
            "start_hwm": window and window.start_hwm,
            "end_hwm": window and window.end_hwm,
            "before": self.before and format_hwm(self.before),
            "after": self.after and format_hwm(self.after),
        }
        return json.dumps(fields)

    @classmethod
    def parse(cls, line: str) -> MarkChange:
        """Read what `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError, ConfigError: it is something else.
        """
        fields: dict[str, Any] = json.loads(line)
        start, end = fields["start_hwm"], fields["end_hwm"]
        return cls(
            parse_hwm(fields["at"]),
            str(fields["action"]),
            Window.parse(start, end) if start else None,
            _moment(fields["before"]),
            _moment(fields["after"]),
        )


def parse_history(data: bytes | None, limit: int = LONGEST_HISTORY) -> Sequence[MarkChange]:
    """The last changes in a text, oldest first.

    Args:
        data: the text; None where there is none.
        limit: how many at most.
    """
    changes: list[MarkChange] = []
    for line in reversed((data or b"").splitlines()):
        if len(changes) >= min(limit, LONGEST_HISTORY):
            break
        with suppress(ValueError, KeyError, TypeError, RecursionError, ConfigError):
            changes.append(MarkChange.parse(line.decode()))
    return changes[::-1]


def appended(data: bytes | None, change: MarkChange) -> bytes:
    """A text with one more change, and without the oldest where it grows too long."""
    lines = (data or b"").splitlines()[1 - LONGEST_HISTORY :]
    return b"".join(line + b"\n" for line in (*lines, change.to_json().encode()))


def _moment(text: str | None) -> datetime | None:
    return parse_hwm(text) if text else None
