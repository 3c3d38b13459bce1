"""Delivers events to webhooks over HTTP, signed as the vendor signs them."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256

from kada_dagster.sandbox.fivetran.times import DAY, MINUTE
from kada_dagster.sandbox.fivetran.webhooks import Pending
from kada_dagster.sandbox.fivetran.world import FivetranWorld

SIGNATURE = "X-Fivetran-Signature-256"
"""Header of the signature: HMAC-SHA256 of the raw body in hexadecimal capitals."""

_SECONDS = 10.0


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event.

    Attributes:
        webhook_id: to whom.
        event: its name.
        body: as it was sent.
        status: of the answer; 0: there was none.
        message: what went wrong.
    """

    webhook_id: str
    event: str
    body: bytes
    status: int
    message: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return 200 <= self.status < 300


def signature(secret: str, body: bytes) -> str:
    """The signature of a body."""
    return hmac.new(secret.encode(), body, sha256).hexdigest().upper()


class WebhookCourier:
    """Posts what waits in a world.

    What is not taken is tried again, each time five minutes later than the time before, for a
    day; then the webhook is switched off.

    Args:
        world: whose events.
    """

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def deliver(self) -> list[Delivery]:
        """Post everything that is due by the clock. Returns what was tried, in order."""
        with self._world.timeline.settled() as now:
            due = [one for one in self._world.webhooks.pending if one.due <= now]
        return [self.post(one) for one in due]

    def post(self, pending: Pending) -> Delivery:
        """Post one event, and decide what becomes of it."""
        body = json.dumps(pending.body, separators=(",", ":")).encode()
        status, message = _posted(pending, body)
        done = Delivery(pending.webhook.id, pending.body["event"], body, status, message)
        with self._world.timeline.settled() as now:
            waiting = self._world.webhooks.pending
            pending.tries += 1
            pending.due = now + pending.tries * 5 * MINUTE
            if not done.is_taken and pending.due > pending.came + DAY:
                pending.webhook.active = False
            if done.is_taken or not pending.webhook.active:
                waiting[:] = [one for one in waiting if one is not pending]
        return done


def _posted(pending: Pending, body: bytes) -> tuple[int, str]:
    """Status and trouble of a POST."""
    import requests

    headers = {"Content-Type": "application/json"}
    if pending.webhook.secret:
        headers[SIGNATURE] = signature(pending.webhook.secret, body)
    try:
        answer = requests.post(pending.webhook.url, body, headers=headers, timeout=_SECONDS)
    except requests.RequestException as error:
        return 0, type(error).__name__
    return answer.status_code, "" if answer.ok else answer.reason
