"""How a sync goes, told in advance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["success", "failure", "breaks", "reschedule", "canceled", "pauses", "incomplete"]

NO_SPACE = "The destination reported: no space left on device"
RATE_LIMITED = "The source limits requests: daily quota is used up"
EXPIRED = "The authorization has expired. Reconnect the connection"


@dataclass(frozen=True)
class Outcome:
    """What will have become of a sync.

    Attributes:
        kind: how it ends.
        seconds: how long it takes.
        reason: text of what went wrong; empty: nothing did.
        wait: seconds from the end to the moment it is rescheduled for.
        task: code of the task that a breaking sync leaves.
        extract_mb, process_mb, load_mb: volumes of the stages; None: not known.
    """

    kind: Kind = "success"
    seconds: float = 60.0
    reason: str = ""
    wait: float = 0.0
    task: str = ""
    extract_mb: float | None = None
    process_mb: float | None = None
    load_mb: float | None = None

    @classmethod
    def success(
        cls,
        seconds: float = 60.0,
        *,
        extract_mb: float | None = 1.25,
        process_mb: float | None = None,
        load_mb: float | None = 0.9,
    ) -> Outcome:
        """It completes."""
        return cls(
            "success", seconds, extract_mb=extract_mb, process_mb=process_mb, load_mb=load_mb
        )

    @classmethod
    def failure(cls, reason: str = NO_SPACE, seconds: float = 30.0) -> Outcome:
        """It fails; the connection stays as it is."""
        return cls("failure", seconds, reason)

    @classmethod
    def breaks(
        cls, reason: str = EXPIRED, seconds: float = 30.0, *, task: str = "reconnect"
    ) -> Outcome:
        """It fails, and the connection is broken from then on."""
        return cls("breaks", seconds, reason, task=task)

    @classmethod
    def reschedule(
        cls, wait: float = 600.0, seconds: float = 10.0, *, reason: str = RATE_LIMITED
    ) -> Outcome:
        """It gives up for now, to be run again `wait` seconds after its end."""
        return cls("reschedule", seconds, reason, wait=wait)

    @classmethod
    def canceled(cls, seconds: float = 30.0) -> Outcome:
        """Somebody cancels it."""
        return cls("canceled", seconds, "Canceled by a user")

    @classmethod
    def pauses(cls, seconds: float = 30.0) -> Outcome:
        """Somebody pauses the connection while it runs."""
        return cls("pauses", seconds, "The connection was paused")

    @classmethod
    def incomplete(cls, seconds: float = 30.0) -> Outcome:
        """It ends without having done all."""
        return cls("incomplete", seconds, "The sync stopped before it was complete")


Usual = Outcome | Callable[[int], Outcome]
"""Outcome of what is not scripted: always the same, or by the number of the sync from 0."""

STATUSES: dict[Kind, str] = {
    "success": "COMPLETED",
    "failure": "FAILURE",
    "breaks": "FAILURE",
    "reschedule": "RESCHEDULED",
    "canceled": "CANCELED",
    "pauses": "PAUSED",
    "incomplete": "INCOMPLETE",
}
"""Words of the sync history."""
