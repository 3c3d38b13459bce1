"""Runs of a sync: what they will have been, and what the API shows of them at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from kada_dagster.sandbox.hightouch.faults import Ids
from kada_dagster.sandbox.hightouch.payload import as_json, iso, with_ids

FINISHED = ("success", "warning", "failed", "cancelled", "interrupted")
"""Statuses of runs that are over."""


@dataclass(frozen=True)
class Rows:
    """Counts of rows, as planned, done or failed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.added + self.changed + self.removed

    def payload(self) -> dict[str, int]:
        """The object in the answer."""
        return {
            "addedCount": self.added,
            "changedCount": self.changed,
            "removedCount": self.removed,
        }


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, with the whole of its life.

    Attributes:
        id: its number, unique within its sync at least.
        created_at: when it was asked for: from then on it is listed.
        started_at: when it began; a skewed clock may put it before `created_at`. None: a run that
            was given up before it began.
        finished_at: when it ended, by the API; None: it never does.
        shown_at: when its end is seen in the API; None: at `finished_at`.
        status: how it ended.
        size: rows of the query.
        planned, successful, failed: rows.
        error: text of the error; None is written as null, empty text leaves the key out.
        error_code: known: the vendor's code that the text begins with.
        ratio: the vendor's `completionRatio`.
    """

    id: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    shown_at: datetime | None = None
    status: str = "success"
    size: int = 0
    planned: Rows = Rows()
    successful: Rows = Rows()
    failed: Rows = Rows()
    error: str | None = ""
    error_code: str | None = None
    ratio: float = 1.0

    def __post_init__(self) -> None:
        for moment in (self.created_at, self.started_at, self.finished_at):
            if moment and (moment.tzinfo is None or moment.microsecond % 1000):
                raise ValueError(f"{moment.isoformat()}: moments are aware, in milliseconds")

    def is_over(self, now: datetime) -> bool:
        """Whether the API shows the run as finished."""
        shown = self.shown_at or self.finished_at
        return shown is not None and shown <= now

    def is_listed(self, now: datetime) -> bool:
        """Whether the API knows the run."""
        return min(self.created_at, self.started_at or self.created_at) <= now

    def started(self, now: datetime) -> datetime | None:
        """`startedAt` as it is shown."""
        begun = self.started_at is not None and (self.started_at <= now or self.is_over(now))
        return self.started_at if begun else None

    def shown_status(self, now: datetime) -> str:
        """`status` as it is shown."""
        if self.is_over(now):
            return self.status
        return "processing" if self.started(now) else "queued"

    def body(self, ids: Ids, now: datetime) -> bytes:
        """The run as it is answered."""
        if ids == "number" and self.is_over(now):
            return self._body
        return as_json(with_ids(self.payload(now), ids))

    @cached_property
    def _body(self) -> bytes:
        over = self.shown_at or self.finished_at
        assert over is not None
        return as_json(self.payload(over))

    def payload(self, now: datetime) -> dict[str, Any]:
        """The object in the answer: one that is not over lacks the moments to come."""
        whole = self._finished() if self.is_over(now) else self._running(now)
        return {key: value for key, value in whole.items() if value is not ...}

    def _finished(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "createdAt": iso(self.created_at),
            "startedAt": iso(self.started_at) if self.started_at else ...,
            "finishedAt": iso(self.finished_at) if self.finished_at else ...,
            "querySize": self.size,
            "status": self.status,
            "completionRatio": self.ratio,
            "plannedRows": self.planned.payload(),
            "successfulRows": self.successful.payload(),
            "failedRows": self.failed.payload(),
            "error": ... if self.error == "" else self.error,
        }

    def _running(self, now: datetime) -> dict[str, Any]:
        started = self.started(now)
        return {
            **self._finished(),
            "startedAt": iso(started) if started else ...,
            "finishedAt": ...,
            "status": self.shown_status(now),
            "completionRatio": 0.54 if started else 0,
            "successfulRows": Rows().payload(),
            "failedRows": Rows().payload(),
            "error": ...,
        }
