"""Webhooks of the Fivetran stand-in: registered, signed, delivered, given up."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from threading import Event
from typing import Any

import pytest

from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, WebhookCourier
from kada_dagster.sandbox.fivetran.webhooks import EVENTS, Webhook
from kada_dagster.sandbox.web import Answer
from kada_dagster.sandbox.web.listener import Listener
from kada_dagster_tests.sandbox.fivetran_calls import served

SECRET = "webhook-secret"
BOTH = ("sync_start", "sync_end")


class Receiver:
    """Takes what is posted to it, with any status."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[tuple[Mapping[str, str], bytes]] = []
        self.listener = Listener(0, self._respond, Event())
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}/hook"

    def _respond(
        self, _method: str, _target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        self.taken.append((headers, body))
        return Answer(self.status)

    @property
    def events(self) -> list[Any]:
        return [json.loads(body) for _, body in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    from threading import Thread

    made = Receiver()
    thread = Thread(target=made.listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.listener.shutdown()
    thread.join()
    made.listener.close()


def one(*outcomes: Outcome) -> FivetranWorld:
    world = FivetranWorld()
    world.add_connection(id="one", schema="shop", schedule_type="manual")
    world.script("one", *outcomes)
    return world


def test_a_sync_is_told_when_it_starts_and_when_it_ends(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, BOTH, SECRET)
    courier = WebhookCourier(world)
    assert [one.event for one in courier.deliver()] == ["test_event"]
    world.start_sync("one")
    world.advance(60)
    assert [one.status for one in courier.deliver()] == [200, 200]
    assert courier.deliver() == []
    sync = world.syncs("one")[0]
    start, end = receiver.events[1:]
    assert end == {
        "event": "sync_end",
        "created": "2026-11-02T00:01:00.000Z",
        "connector_type": "postgres",
        "connector_id": "one",
        "connector_name": "shop",
        "sync_id": sync.sync_id,
        "destination_group_id": "warehouse",
        "data": {"status": "SUCCESSFUL"},
    }
    assert (start["event"], start["sync_id"]) == ("sync_start", sync.sync_id)


def test_the_test_event_has_no_sync(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, BOTH, SECRET)
    WebhookCourier(world).deliver()
    assert receiver.events == [
        {"event": "test_event", "created": "2026-11-02T00:00:00.000Z", "data": {}}
    ]


def test_older_payloads_name_the_group_otherwise(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, ("sync_end",), SECRET, payload="old")
    world.start_sync("one")
    world.advance(60)
    WebhookCourier(world).deliver()
    end = receiver.events[-1]
    assert end["group_id"] == "warehouse"
    assert not {"destination_group_id", "connector_name"} & set(end)


def test_the_signature_is_of_the_raw_body_in_capitals(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, BOTH, SECRET)
    WebhookCourier(world).deliver()
    ((headers, body),) = receiver.taken
    told = headers["x-fivetran-signature-256"]
    assert told == hmac.new(SECRET.encode(), body, sha256).hexdigest().upper()
    assert headers["content-type"] == "application/json"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, BOTH)
    WebhookCourier(world).deliver()
    assert "x-fivetran-signature-256" not in receiver.taken[0][0]


@pytest.mark.parametrize(
    ("outcome", "data"),
    [
        (Outcome.success(5), {"status": "SUCCESSFUL"}),
        (Outcome.failure("disk full", 5), {"status": "FAILURE", "reason": "disk full"}),
        (
            Outcome.breaks("key expired", 5),
            {"status": "FAILURE_WITH_TASK", "reason": "key expired", "taskType": "reconnect"},
        ),
        (Outcome.reschedule(60, 5), {"status": "RESCHEDULED"}),
        (Outcome.canceled(5), {"status": "CANCELED"}),
        (Outcome.incomplete(5), {"status": "NO_STATUS"}),
    ],
)
def test_every_outcome_has_its_word(outcome: Outcome, data: Any, receiver: Receiver) -> None:
    world = one(outcome)
    world.add_webhook(receiver.url, ("sync_end",))
    world.start_sync("one")
    world.advance(5)
    WebhookCourier(world).deliver()
    assert receiver.events[-1]["data"] == data


def test_other_events_are_told_to_who_wants_them(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, EVENTS)
    world.add_connection(id="two", schedule_type="manual")
    world.pause("one")
    world.resume("one")
    world.resync("one")
    world.advance(60)
    world.resync("one", {"public": [next(iter(world.schemas("one")["schemas"]["public"]["tables"]))]})  # type: ignore[index]  # fmt: skip  # noqa: E501
    with served(world) as caller:
        caller.patch("/connections/one", sync_frequency=5, run_setup_tests=False)
    world.delete_connection("two")
    WebhookCourier(world).deliver()
    assert [event["event"] for event in receiver.events] == [
        "test_event", "create_connector", "pause_connector", "resume_connector",
        "resync_connector", "sync_start", "sync_end", "resync_table", "sync_start",
        "edit_connector", "delete_connector",
    ]  # fmt: skip


def test_a_group_hears_of_its_own_connections_and_inactive_ones_of_nothing(
    receiver: Receiver,
) -> None:
    world = one()
    world.add_group("Other", id="other")
    world.add_connection(id="two", group="other", schedule_type="manual")
    world.add_webhook(receiver.url, ("sync_start",), group="other")
    world.add_webhook(receiver.url, ("sync_start",), active=False)
    world.start_sync("one")
    world.start_sync("two")
    WebhookCourier(world).deliver()
    assert [event.get("connector_id") for event in receiver.events] == [None, "two"]


def test_what_is_not_taken_is_tried_again_with_longer_waits(receiver: Receiver) -> None:
    world = one()
    world.add_webhook(receiver.url, BOTH)
    courier = WebhookCourier(world)
    receiver.status = 500
    tries: list[int] = []
    for minute in range(36):
        tries += [minute] * len(courier.deliver())
        world.advance(60)
    assert tries == [0, 5, 15, 30]
    receiver.status = 204
    world.advance(14 * 60)
    assert [one.is_taken for one in courier.deliver()] == [True]
    assert world.webhooks.pending == []


def test_after_a_day_of_failures_the_webhook_is_switched_off(receiver: Receiver) -> None:
    world = one()
    hook = world.add_webhook(receiver.url, BOTH)
    courier = WebhookCourier(world)
    receiver.status = 503
    for _ in range(25 * 12):
        courier.deliver()
        world.advance(300)
    assert (hook.active, world.webhooks.pending) == (False, [])
    world.start_sync("one")
    assert courier.deliver() == []


def test_a_receiver_that_is_not_there_is_no_answer() -> None:
    world = one()
    world.add_webhook("http://127.0.0.1:9/hook", BOTH)
    (done,) = WebhookCourier(world).deliver()
    assert (done.status, done.message, done.is_taken) == (0, "ConnectionError", False)


def test_webhooks_are_made_changed_tried_and_deleted_over_http(receiver: Receiver) -> None:
    world = one()
    body = {"url": receiver.url, "events": ["sync_end"], "secret": SECRET}
    with served(world) as caller:
        made = caller.post("/webhooks/account", body)
        assert (made.status_code, made.json()["code"]) == (201, "Created")
        hook = made.json()["data"]
        assert (hook["type"], hook["active"], hook["secret"]) == ("account", True, "******")
        of_group = caller.post("/webhooks/group/warehouse", {**body, "active": False})
        assert of_group.json()["data"]["group_id"] == "warehouse"
        assert caller.post("/webhooks/group/nobody", body).status_code == 404
        assert len(caller.data("/webhooks")["items"]) == 2
        path = f"/webhooks/{hook['id']}"
        assert caller.data(path) == hook
        tried = caller.post(f"{path}/test", {"event": "sync_end"}).json()["data"]
        assert tried == {"succeed": True, "status": 200, "message": ""}
        assert caller.post(f"{path}/test", {}).status_code == 400
        assert caller.patch(path, active=False).json()["data"]["active"] is False
        assert caller.patch(path, active=True).json()["data"]["active"] is True
        assert caller.ask("DELETE", path).status_code == 200
        assert caller.get(path).status_code == 404
    WebhookCourier(world).deliver()
    assert [event["event"] for event in receiver.events] == ["sync_end", "test_event", "test_event"]


@pytest.mark.parametrize(
    "body",
    [
        {"events": ["sync_end"]},
        {"url": "https://example.com/hook"},
        {"url": "http://example.com/hook", "events": ["sync_end"]},
        {"url": "ftp://127.0.0.1/hook", "events": ["sync_end"]},
        {"url": "https://example.com/hook", "events": []},
        {"url": "https://example.com/hook", "events": ["sync_finished"]},
        {"url": "https://example.com/hook", "events": "sync_end"},
    ],
)
def test_webhooks_that_cannot_be_are_refused(body: dict[str, Any]) -> None:
    world = one()
    with served(world) as caller:
        answer = caller.post("/webhooks/account", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")
    assert world.webhooks.registered == {}


def test_a_secret_is_never_shown() -> None:
    hook = Webhook(id="w", url="https://example.com", events=BOTH, secret=SECRET)
    assert SECRET not in json.dumps(hook.shown())
