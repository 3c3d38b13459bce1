"""What Fivetran says of a connection, read tolerantly: null, missing and unknown values are fine.

Only fields that are documented and hold no secrets are kept. Of `config`, which may echo passwords,
tokens and keys of any service, only the names of places are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kada_dagster.api.values import flag, list_of, moment_iso, object_of, text, whole
from kada_dagster.fivetran.allowed import allowed

_SCALARS = (
    *("id", "group_id", "service", "service_version", "schema", "connected_by"),
    *("created_at", "succeeded_at", "failed_at", "paused", "pause_after_trial"),
    *("schedule_type", "sync_frequency", "daily_sync_time"),
    *("data_delay_sensitivity", "data_delay_threshold", "networking_method", "private_link_id"),
    *("proxy_agent_id", "hybrid_deployment_agent_id", "external_secrets_manager_id"),
    "destination_schema_names",
)
_STATUS = (
    *("setup_state", "schema_status", "sync_state", "update_state", "is_historical_sync"),
    "rescheduled_for",
)
_SCHEDULE = ("schedule_type", "cron", "interval", "time_of_day")
_NOTICE = ("code", "message")
_UNUSABLE = frozenset({"broken", "incomplete"})


@dataclass(frozen=True)
class Connection:
    """A connection as it was when it was read. Moments are in UTC, with microseconds.

    Attributes:
        id: as in paths.
        group_id: its group, which is its destination, too.
        service: its kind, as `google_sheets`.
        schema: its name, which is what it writes to: `schema` or `schema.table`.
        created_at: when it was made.
        succeeded_at: when a sync last succeeded; None: never.
        failed_at: when a sync last failed; None: never.
        paused: whether it is paused.
        schedule_type: `auto` or `manual`.
        sync_frequency: minutes between syncs; None where its schedule is another.
        setup_state: `incomplete`, `connected`, `broken`.
        sync_state: `scheduled`, `syncing`, `paused`, `rescheduled`.
        update_state: `on_schedule`, `delayed`.
        is_historical: whether its next sync, or the one that runs, reads all data.
        rescheduled_for: when the sync that was put off is to run.
        tasks: what somebody has to do, as messages.
        warnings: messages.
        connected_by: id of a user.
        raw: the answer, of which only documented fields without secrets.
        config: names of places in its configuration, see `allowed`; lists may have none.
        seen_at: when it was read, by the server's clock, in whole seconds; None if not known.
    """

    id: str
    group_id: str = ""
    service: str = ""
    schema: str = ""
    created_at: datetime | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    paused: bool = False
    schedule_type: str = ""
    sync_frequency: int | None = None
    setup_state: str = ""
    sync_state: str = ""
    update_state: str = ""
    is_historical: bool = False
    rescheduled_for: datetime | None = None
    tasks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    connected_by: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    config: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    seen_at: datetime | None = None

    @classmethod
    def read(cls, answer: object, seen_at: datetime | None = None) -> Connection:
        """The connection in an answer, an item of a list or the details; never raises.

        Args:
            answer: parsed JSON, without its envelope.
            seen_at: when it was given, by the server's clock.
        """
        given = object_of(answer)
        status = object_of(given.get("status"))
        return cls(
            **{name: text(given.get(name)) for name in ("id", "group_id", "service", "schema")},
            created_at=moment_iso(given.get("created_at")),
            succeeded_at=moment_iso(given.get("succeeded_at")),
            failed_at=moment_iso(given.get("failed_at")),
            paused=flag(given.get("paused")) is True,
            schedule_type=text(given.get("schedule_type")),
            sync_frequency=whole(given.get("sync_frequency")),
            setup_state=text(status.get("setup_state")).lower(),
            sync_state=text(status.get("sync_state")).lower(),
            update_state=text(status.get("update_state")).lower(),
            is_historical=flag(status.get("is_historical_sync")) is True,
            rescheduled_for=moment_iso(status.get("rescheduled_for")),
            tasks=_messages(status.get("tasks")),
            warnings=_messages(status.get("warnings")),
            connected_by=text(given.get("connected_by")),
            raw=_shown(given),
            config=allowed(given.get("config")),
            seen_at=seen_at,
        )

    @property
    def name(self) -> str:
        """The connection in messages: its name and id."""
        return f"{self.schema} ({self.id})" if self.schema else self.id

    @property
    def url(self) -> str:
        """Its page in Fivetran's dashboard."""
        return f"https://fivetran.com/dashboard/connections/{self.id}/status"

    @property
    def is_syncing(self) -> bool:
        """Whether a sync runs."""
        return self.sync_state == "syncing"

    @property
    def is_rescheduled(self) -> bool:
        """Whether its sync was put off."""
        return self.sync_state == "rescheduled"

    @property
    def is_usable(self) -> bool:
        """Whether it can sync: it is neither broken nor only half set up."""
        return self.setup_state not in _UNUSABLE


def _shown(given: Mapping[str, Any]) -> dict[str, Any]:
    status = object_of(given.get("status"))
    kept = _scalars(given, _SCALARS)
    if status:
        notices = {name: _notices(status.get(name)) for name in ("tasks", "warnings")}
        kept["status"] = {**_scalars(status, _STATUS), **notices}
    if schedule := object_of(given.get("schedule")):
        days = [text(day) for day in list_of(schedule.get("days_of_week"))]
        kept["schedule"] = {**_scalars(schedule, _SCHEDULE), "days_of_week": days}
    return kept


def _scalars(given: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    plain = (str, int, float, type(None))
    return {name: given[name] for name in names if isinstance(given.get(name, ()), plain)}


def _notices(value: object) -> list[dict[str, Any]]:
    return [_scalars(object_of(one), _NOTICE) for one in list_of(value)]


def _messages(value: object) -> tuple[str, ...]:
    """What tasks or warnings say; the code where one has no message."""
    given = (object_of(one) for one in list_of(value))
    said = (text(one.get("message")) or text(one.get("code")) for one in given)
    return tuple(filter(None, said))
