"""Edge jobs: which of them ended in a window, and how many pages of them must be read.

The API filters by nothing and lists the newest first (inferred, not documented); there is no end
of a job but the moment it was last updated. See `docs/hevo.md`, "Events".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kada_dagster.api.values import moment_ms, text, whole
from kada_dagster.hwm.window import Window

_UNDER_WAY = frozenset({"IN_PROGRESS", "CANCELLING"})
_FINISHED = frozenset(
    {
        *("COMPLETED", "COMPLETED_WITH_FAILURES", "FAILED", "CANCELLED", "SKIPPED"),
        *("DEFERRED", "DEFERRED_WITH_FAILURES"),
    }
)


def ended(job: dict[str, Any]) -> datetime | None:
    """When a job ended: its last update, else its creation and duration."""
    updated = moment_ms(job.get("updated_ts"))
    created, duration = moment_ms(job.get("created_ts")), whole(job.get("duration"))
    if updated is not None or created is None or duration is None:
        return updated
    try:
        return created + timedelta(milliseconds=duration)
    except OverflowError:
        return None


def is_finished(job: dict[str, Any]) -> bool | None:
    """Whether a job is over; None for a status nobody knows."""
    status = text(job.get("status")).upper()
    return True if status in _FINISHED else False if status in _UNDER_WAY else None


def is_in(window: Window, moment: datetime | None) -> bool:
    """Whether a moment lies in the window: `start <= moment < end`."""
    return moment is not None and window.start <= moment < window.end


@dataclass
class NewestFirst:
    """Follows the pages of a list that should be sorted by `created_ts`, the newest first.

    Attributes:
        horizon: jobs created before it do not matter.
        is_sorted: whether all seen so far came in that order.
    """

    horizon: datetime
    is_sorted: bool = True
    _last: datetime | None = None
    _fell: bool = False

    def is_enough(self, page: list[dict[str, Any]]) -> bool:
        """Take in a page. Returns whether no later page can hold a job that matters."""
        for job in page:
            self._follow(moment_ms(job.get("created_ts")))
        is_old = self._last is not None and self._last < self.horizon
        return bool(page) and self.is_sorted and self._fell and is_old

    def _follow(self, moment: datetime | None) -> None:
        if moment is None:
            self.is_sorted = False
            return
        if self._last is not None:
            self.is_sorted &= moment <= self._last
            self._fell |= moment < self._last
        self._last = moment
