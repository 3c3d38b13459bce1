"""Webhooks: registered, changed, tried, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from kada_dagster.sandbox.fivetran.call import Call, ok
from kada_dagster.sandbox.fivetran.courier import WebhookCourier
from kada_dagster.sandbox.fivetran.paging import in_json, page
from kada_dagster.sandbox.fivetran.refusal import invalid
from kada_dagster.sandbox.fivetran.webhooks import EVENTS
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer


class WebhookRoutes:
    """Answers about webhooks of a world."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world
        self._webhooks = world.webhooks

    def list(self, call: Call) -> Answer:
        """GET webhooks."""
        rows = [one.shown() for one in self._webhooks.registered.values()]
        return page("Webhooks retrieved successfully", rows, call.query, in_json)

    def one(self, _call: Call, id: str) -> Answer:
        """GET webhooks/{}."""
        return ok("Webhook details retrieved successfully", self._webhooks.find(id).shown())

    def of_account(self, call: Call) -> Answer:
        """POST webhooks/account."""
        return self._created("Account webhook has been created", call, None)

    def of_group(self, call: Call, group: str) -> Answer:
        """POST webhooks/group/{}."""
        self._world.estate.group(group)
        return self._created("Group webhook has been created", call, group)

    def _created(self, message: str, call: Call, group: str | None) -> Answer:
        fields = call.fields()
        for name in ("url", "events"):
            if name not in fields:
                raise invalid(f"{name} is required")
        _check(fields)
        made = self._world.add_webhook(
            fields["url"],
            fields["events"],
            fields.get("secret"),
            group=group,
            active=fields.get("active", True),
        )
        return ok(message, made.shown(), code="Created", status=201)

    def change(self, call: Call, id: str) -> Answer:
        """PATCH webhooks/{}: what becomes active is tried."""
        fields, webhook = call.fields(), self._webhooks.find(id)
        _check(fields)
        with self._world.timeline.settled():
            was_active = webhook.active
            for name in ("url", "events", "secret", "active"):
                setattr(webhook, name, fields.get(name, getattr(webhook, name)))
            if webhook.active and not was_active:
                self._webhooks.send_test(webhook)
        return ok("Webhook has been updated", webhook.shown())

    def delete(self, _call: Call, id: str) -> Answer:
        """DELETE webhooks/{}."""
        del self._webhooks.registered[self._webhooks.find(id).id]
        return ok(f"Webhook with id '{id}' has been deleted")

    def test(self, call: Call, id: str) -> Answer:
        """POST webhooks/{}/test: delivers an event and tells how it went."""
        webhook, event = self._webhooks.find(id), call.fields().get("event")
        if not isinstance(event, str):
            raise invalid("event is required")
        with self._world.timeline.settled():
            sent = self._webhooks.send_test(webhook, event)
        done = WebhookCourier(self._world).post(sent)
        data = {"succeed": done.is_taken, "status": done.status, "message": done.message}
        return ok("Webhook test completed successfully", data)


def _check(fields: Mapping[str, Any]) -> None:
    """Refuse what no webhook can have.

    Raises:
        RefusedError: 400.
    """
    if "url" in fields and not _may_be_called(str(fields["url"])):
        raise invalid("The url must begin with https://")
    events = fields.get("events", ["sync_end"])
    known = cast("list[Any]", events) if isinstance(events, list) else []
    if not known or not all(one in EVENTS for one in known):
        raise invalid("events must be a list of known events")


def _may_be_called(url: str) -> bool:
    """Only HTTPS; this machine is excepted, or nothing could be tried here."""
    parts = urlsplit(url)
    is_here = parts.hostname in ("127.0.0.1", "localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and is_here)
