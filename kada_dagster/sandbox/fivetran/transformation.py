"""Transformations: run when they are told to; their state is one of the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.sandbox.fivetran.refusal import conflict
from kada_dagster.sandbox.fivetran.times import SECOND, written, written_or_none


@dataclass(eq=False, kw_only=True)
class Transformation:
    """A transformation.

    Attributes:
        id: as in paths.
        created_at: moment.
        schedule: as the API has it.
        type: `DBT_CORE` or `QUICKSTART`.
        group_id, project_id: what lists are filtered by.
        outputs: names of its models.
        paused: whether it is.
        seconds: how long a run takes.
        ends_as: status of runs that are over.
        started, ended: moments of the last run.
        status: of the last run that is over; `NEW`: there was none.
    """

    id: str
    created_at: int
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"schedule_type": "INTEGRATED"})
    type: str = "DBT_CORE"
    group_id: str = ""
    project_id: str = ""
    outputs: tuple[str, ...] = ()
    paused: bool = False
    seconds: float = 120.0
    ends_as: str = "SUCCEEDED"
    started: int | None = None
    ended: int | None = None
    status: str = "NEW"

    def run(self, now: int) -> None:
        """Start a run.

        Raises:
            RefusedError: 409, it runs.
        """
        self.settle(now)
        if self.status == "RUNNING":
            raise conflict(f"Transformation with id '{self.id}' is running")
        self.started, self.ended, self.status = now, None, "RUNNING"

    def cancel(self, now: int) -> None:
        """End the run.

        Raises:
            RefusedError: 409, none runs.
        """
        self.settle(now)
        if self.status != "RUNNING":
            raise conflict(f"Transformation with id '{self.id}' is not running")
        self.ended, self.status = now, "CANCELED"

    def settle(self, now: int) -> None:
        """End a run whose time is over."""
        over = (self.started or 0) + round(self.seconds * SECOND)
        if self.status == "RUNNING" and over <= now:
            self.ended, self.status = over, self.ends_as

    def payload(self, now: int) -> dict[str, Any]:
        """The transformation as the API has it."""
        self.settle(now)
        return {
            "id": self.id,
            "status": self.status,
            "schedule": dict(self.schedule),
            "type": self.type,
            "paused": self.paused,
            "created_at": written(self.created_at),
            "created_by_id": "sandbox_owner",
            "last_started_at": written_or_none(self.started),
            "last_ended_at": written_or_none(self.ended),
            "output_model_names": list(self.outputs),
        }
