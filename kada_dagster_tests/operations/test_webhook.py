"""Webhooks over real HTTP: what is posted, and that no refusal gives the address away."""

from __future__ import annotations

import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.config.alerts import WebhookChannelSettings
from kada_dagster.errors import KadaError
from kada_dagster.operations.delivery import deliver
from kada_dagster.operations.notices import Message, Notice
from kada_dagster.operations.slack import slack_body
from kada_dagster.operations.texts import json_body
from kada_dagster.operations.webhook import WebhookChannel
from kada_dagster_tests.api.http_server import Reply
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import HOOK

AT = datetime(2026, 1, 5, tzinfo=timezone.utc)
MESSAGE = Message((Notice("n1", "failed", "source shop: failed", (("cause", "<x>"),), "", AT),))
OTHER = Message((Notice("n2", "failed", "source crm: failed", (), "", AT),))


def channel(**fields: Any) -> WebhookChannel:
    """A channel to the inbox."""
    given = {"type": "webhook", "url": "${TEST_HOOK_URL}", "timeout": 1}
    return WebhookChannel(WebhookChannelSettings.model_validate(given | fields))


def refusal(sent: WebhookChannel) -> str:
    """What is said when a message is not taken; never the address."""
    with pytest.raises(KadaError) as caught:
        sent.send(MESSAGE)
    assert "pl4nted" not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_json_and_slack_are_posted_as_they_are_made(inbox: Inbox) -> None:
    channel().send(MESSAGE)
    channel(format="slack").send(MESSAGE)
    assert inbox.posts == [json_body(MESSAGE, None), slack_body(MESSAGE, None)]
    first = inbox.server.seen[0]
    assert (first.method, first.path) == ("POST", HOOK)
    assert first.headers["content-type"] == "application/json"


def test_headers_are_looked_up_when_they_are_needed(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = channel(headers={"Authorization": "${TEST_HOOK_KEY}"})
    with pytest.raises(KadaError, match="TEST_HOOK_KEY is not set"):
        sent.send(MESSAGE)
    monkeypatch.setenv("TEST_HOOK_KEY", "Bearer pl4nted-key")
    inbox.replies = [Reply(b"no such key: Bearer pl4nted-key", 401)]
    assert refusal(sent) == "webhook ${TEST_HOOK_URL}: answers 401 no such key: ***"
    inbox.replies = [Reply(b"no such key: pl4nted-key", 401)]
    assert refusal(sent) == "webhook ${TEST_HOOK_URL}: answers 401 no such key: ***"
    assert inbox.server.seen[0].headers["authorization"] == "Bearer pl4nted-key"


def test_no_password_of_netrc_goes_to_a_webhook(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login me password pl4nted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("TEST_HOOK_KEY", "Bearer pl4nted-key")
    channel().send(MESSAGE)
    channel(headers={"Authorization": "${TEST_HOOK_KEY}"}).send(MESSAGE)
    sent = [one.headers.get("authorization") for one in inbox.server.seen]
    assert sent == [None, "Bearer pl4nted-key"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(b"no_service", 404), "answers 404 no_service"),
        (
            Reply(f"<pre>Cannot POST {HOOK}</pre>".encode(), 404),
            "answers 404 <pre>Cannot POST ***<",
        ),
        (Reply(b"no pl4nted-h00k of B000", 404), "answers 404 no *** of ***"),
        (Reply(b"x" * 100_000, 500), "answers 500 xxx"),
        (Reply(b"", 429, {"Retry-After": "30"}), "answers 429, too many requests; Retry-After 30"),
        (Reply(b"", 302, {"Location": "http://127.0.0.1:1/"}), "answers 302"),
    ],
)
def test_a_refusal_is_said_with_its_status(inbox: Inbox, answer: Reply, said: str) -> None:
    inbox.replies = [answer]
    found = refusal(channel())
    assert found.startswith(f"webhook ${{TEST_HOOK_URL}}: {said}")
    assert len(found) < 400
    assert len(inbox.posts) == 1, "nobody follows a redirect"


def test_nobody_there(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK_URL", f"http://127.0.0.1:1{HOOK}")
    assert refusal(channel()).endswith("cannot be reached")
    monkeypatch.setenv("TEST_HOOK_URL", f"https://127.0.0.1:{inbox.server.port}{HOOK}")
    assert "no TLS" in refusal(channel())


@pytest.mark.parametrize("url", ["ftp://x/pl4nted", "pl4nted", "http://[pl4nted", "http:///x"])
def test_an_address_that_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK_URL", url)
    assert "address" in refusal(channel())


def test_an_answer_that_does_not_come_is_not_waited_for(inbox: Inbox) -> None:
    inbox.hang.clear()
    assert refusal(channel()).endswith("does not answer in time")


def test_a_channel_stops_at_the_message_it_does_not_take(inbox: Inbox) -> None:
    inbox.replies = [Reply(b"", 503)]
    attempts, _ = deliver({"hook": channel()}, {"hook": (MESSAGE, OTHER)})
    assert attempts["hook"].delivered == ()
    assert attempts["hook"].tried == (MESSAGE.id,)
    attempts, _ = deliver({"hook": channel()}, {"hook": (MESSAGE, OTHER)})
    assert attempts["hook"].delivered == (MESSAGE.id, OTHER.id)
    assert attempts["hook"].trouble == ""


def test_what_has_no_answer_in_time_counts_as_tried(inbox: Inbox) -> None:
    """It may arrive all the same; nobody sends the next one meanwhile."""
    inbox.hang.clear()
    attempts, _ = deliver({"hook": channel()}, {"hook": (MESSAGE, OTHER)}, seconds=0.2)
    assert attempts["hook"].tried == (MESSAGE.id,)
    assert attempts["hook"].trouble == "no answer in time"


def test_an_error_nobody_foresaw_is_said_without_its_words() -> None:
    class Odd:
        def send(self, message: Message) -> str:
            raise RuntimeError(f"pl4nted {message.id}")

    attempts, _ = deliver({"odd": Odd()}, {"odd": (MESSAGE,)})
    assert attempts["odd"].trouble == "RuntimeError, an error nobody foresaw"
