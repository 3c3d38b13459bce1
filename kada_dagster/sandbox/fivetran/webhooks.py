"""Webhooks: the registered ones, and the events that wait to be delivered to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.refusal import not_found
from kada_dagster.sandbox.fivetran.service import MASK
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster.sandbox.fivetran.timeline import Timeline
from kada_dagster.sandbox.fivetran.times import written

EVENTS = ("sync_start", "sync_end", "status", "connection_successful", "connection_failure",
          "create_connector", "pause_connector", "resume_connector", "edit_connector",
          "delete_connector", "force_update_connector", "resync_connector", "resync_table",
          "dbt_run_start", "dbt_run_succeeded", "dbt_run_failed", "transformation_start",
          "transformation_succeeded", "transformation_failed", "transformation_run_start",
          "transformation_run_succeeded", "transformation_run_failed")  # fmt: skip
"""What may be subscribed to."""

_STATUSES = {
    "COMPLETED": "SUCCESSFUL",
    "FAILURE": "FAILURE",
    "CANCELED": "CANCELED",
    "RESCHEDULED": "RESCHEDULED",
    "PAUSED": "CANCELED",
    "INCOMPLETE": "NO_STATUS",
}
"""Words of webhooks, which differ from those of the sync history."""


@dataclass(eq=False, kw_only=True)
class Webhook:
    """A registered webhook.

    Attributes:
        id: as in paths.
        url: where events are posted to.
        events: those it is subscribed to.
        secret: what they are signed with; None: they are not.
        active: whether it gets any.
        group_id: the group whose events it gets; None: those of the account.
        created_at: moment.
        payload: the newer or the older form of bodies.
    """

    id: str
    url: str
    events: Sequence[str]
    secret: str | None = None
    active: bool = True
    group_id: str | None = None
    created_at: int = 0
    payload: Literal["new", "old"] = "new"

    def shown(self) -> dict[str, Any]:
        """The webhook as the API has it; its secret is masked."""
        made = {
            "id": self.id,
            "type": "group" if self.group_id else "account",
            "url": self.url,
            "events": list(self.events),
            "active": self.active,
            "secret": MASK if self.secret else "",
            "created_at": written(self.created_at),
            "created_by": "sandbox_owner",
        }
        return {**made, "group_id": self.group_id} if self.group_id else made


@dataclass(eq=False)
class Pending:
    """An event on its way. `tries`: deliveries that failed; `due`: moment of the next one."""

    webhook: Webhook
    body: dict[str, Any]
    came: int
    due: int
    tries: int = 0


class Webhooks:
    """The webhooks of an account.

    Args:
        timeline: the time.
        quirks: how moments are written.
    """

    def __init__(self, timeline: Timeline, quirks: Quirks) -> None:
        self._timeline, self._quirks = timeline, quirks
        self.registered: dict[str, Webhook] = {}
        self.pending: list[Pending] = []
        self._count = 0

    def add(self, webhook: Webhook) -> Webhook:
        """Register one; an active one is sent a test."""
        self.registered[webhook.id] = webhook
        if webhook.active:
            self.send_test(webhook)
        return webhook

    def new_id(self) -> str:
        """An id that no webhook has had."""
        self._count += 1
        return f"webhook_{self._count}"

    def find(self, id: str) -> Webhook:
        """The webhook of this id.

        Raises:
            RefusedError: 404.
        """
        if id not in self.registered:
            raise not_found("Webhook", id)
        return self.registered[id]

    def send_test(self, webhook: Webhook, event: str = "test_event") -> Pending:
        """Send a test, which has no `sync_id`."""
        return self._send(webhook, {"event": event, "created": self._now(), "data": {}})

    def tell(self, event: str, connection: Connection, sync: Sync | None) -> None:
        """Send an event to whom it may concern."""
        for webhook in self.registered.values():
            concerned = webhook.group_id in (None, connection.group_id)
            if webhook.active and concerned and event in webhook.events:
                self._send(webhook, self._body(webhook, event, connection, sync))

    def _send(self, webhook: Webhook, body: dict[str, Any]) -> Pending:
        now = self._timeline.now
        sent = Pending(webhook, body, now, now)
        self.pending.append(sent)
        return sent

    def _body(
        self, webhook: Webhook, event: str, connection: Connection, sync: Sync | None
    ) -> dict[str, Any]:
        """An event as of 2026, or as it was in years before."""
        is_new = webhook.payload == "new"
        body: dict[str, Any] = {
            "event": event,
            "created": self._now(),
            "connector_type": connection.service.id,
            "connector_id": connection.id,
        }
        if is_new:
            body["connector_name"] = connection.schema
        if sync:
            body["sync_id"] = sync.sync_id
        body["destination_group_id" if is_new else "group_id"] = connection.group_id
        return {**body, "data": _data(sync) if sync and sync.status else {}}

    def _now(self) -> str:
        return written(self._timeline.now, 3)


def _data(sync: Sync) -> dict[str, Any]:
    """`data` of the end of a sync."""
    status = _STATUSES[sync.status or ""]
    if status != "FAILURE":
        return {"status": status}
    task = sync.outcome.task
    failed = {"status": "FAILURE_WITH_TASK" if task else status, "reason": sync.reason}
    return {**failed, "taskType": task} if task else failed
