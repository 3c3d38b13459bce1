"""A connection of the sandbox: all that is known of it, shown or not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from kada_dagster.sandbox.fivetran.outcomes import Outcome, Usual
from kada_dagster.sandbox.fivetran.schema_config import SchemaConfig
from kada_dagster.sandbox.fivetran.service import Service
from kada_dagster.sandbox.fivetran.setup_tests import SetupTest
from kada_dagster.sandbox.fivetran.syncs import Scope, StartedBy, Sync
from kada_dagster.sandbox.fivetran.times import MINUTE, SECOND, to_milliseconds

DAILY = 1440
"""The frequency for which a time of day may be set."""

SetupState = Literal["incomplete", "connected", "broken"]


@dataclass(frozen=True)
class Start:
    """A sync that is to come. `scope`: as in `Sync`."""

    started_by: StartedBy = "schedule"
    scope: Scope | None = None


@dataclass(frozen=True)
class Notice:
    """A task or a warning of a connection; `details` is text by the document, `{}` in life."""

    code: str
    message: str = ""
    details: Any = field(default_factory=dict[str, Any])

    def payload(self) -> dict[str, Any]:
        """The notice as the API has it."""
        return {"code": self.code, "message": self.message, "details": self.details}


@dataclass(eq=False, kw_only=True)
class Connection:
    """A connection. Moments are microseconds since 1970.

    Attributes:
        id: as in paths.
        group_id: its group, and destination.
        service: its kind.
        schema: its name: `schema` or `schema.table` of the destination.
        created_at: moment it was made.
        anchor: a moment the schedule keeps to: syncs start whole periods from it.
        usual: outcome of syncs that are not scripted.
        layout: makes the schema configuration; None: there is none.
        period: seconds between syncs where `sync_frequency` is null.
        fields: keys of the answer that are set or replaced.
        status_fields: likewise of `status`.
        stop_seconds: how long a running sync needs to be stopped.
        outcomes, tests: scripted ones to come.
        ignores: requests for a sync that will have no effect.
        last_start: moment the schedule was last made use of; None: never.
        due: moment and cause of the next start.
        queued: a re-sync that waits for the connection to be resumed, or to be started.
        has_schemas: whether the schema configuration has been read from the source.
        state: of a connection that is a program: `/state`.
    """

    id: str
    group_id: str
    service: Service
    schema: str
    created_at: int
    anchor: int
    usual: Usual
    connected_by: str = "sandbox_owner"
    layout: Callable[[], SchemaConfig] | None = None
    sync_frequency: int | None = 60
    period: float = 3600.0
    daily_sync_time: str | None = None
    schedule: Mapping[str, Any] | None = None
    schedule_type: Literal["auto", "manual"] = "auto"
    paused: bool = False
    pause_after_trial: bool = False
    setup_state: SetupState = "connected"
    update_state: str = "on_schedule"
    schema_status: str | None = None
    is_historical: bool = False
    succeeded_at: int | None = None
    failed_at: int | None = None
    rescheduled_for: int | None = None
    tasks: list[Notice] = field(default_factory=list[Notice])
    warnings: list[Notice] = field(default_factory=list[Notice])
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    status_fields: dict[str, Any] = field(default_factory=dict[str, Any])
    stop_seconds: float = 0.0
    outcomes: deque[Outcome] = field(default_factory=deque[Outcome])
    tests: deque[tuple[SetupTest, ...]] = field(default_factory=deque[tuple[SetupTest, ...]])
    last_tests: tuple[SetupTest, ...] = ()
    ignores: int = 0
    running: Sync | None = None
    last_start: int | None = None
    due: tuple[int, Start] | None = None
    queued: Start | None = None
    syncs: list[Sync] = field(default_factory=list[Sync])
    has_schemas: bool = True
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    shown: dict[bool, dict[str, Any]] = field(default_factory=dict[bool, dict[str, Any]])
    dumped: bytes | None = None

    @property
    def sync_state(self) -> str:
        """Word of `status.sync_state`."""
        if self.running:
            return "syncing"
        if self.paused:
            return "paused"
        return "scheduled" if self.rescheduled_for is None else "rescheduled"

    @property
    def can_start(self) -> bool:
        """Whether a sync may start at all."""
        return not (self.running or self.paused or self.setup_state == "incomplete")

    @cached_property
    def config(self) -> SchemaConfig | None:
        """Its schema configuration, made when first asked for."""
        return self.layout() if self.layout else None

    def step(self) -> int:
        """Microseconds from one scheduled sync to the next."""
        frequency = self.sync_frequency
        if frequency is not None:
            return frequency * MINUTE
        return to_milliseconds(round(self.period * SECOND))

    def next_slot(self, after: int) -> int:
        """The first moment of the schedule that is later than a moment."""
        step, anchor = self.step(), self.anchor
        if self.sync_frequency == DAILY and self.daily_sync_time:
            hours, minutes = map(int, self.daily_sync_time.split(":"))
            anchor = (60 * hours + minutes) * MINUTE
        return anchor + ((after - anchor) // step + 1) * step

    def next_outcome(self) -> Outcome:
        """How the sync that starts now will go."""
        if self.outcomes:
            return self.outcomes.popleft()
        return self.usual(len(self.syncs)) if callable(self.usual) else self.usual

    def changed(self) -> None:
        """What was written of it is no longer true."""
        self.shown.clear()
        self.dumped = None
