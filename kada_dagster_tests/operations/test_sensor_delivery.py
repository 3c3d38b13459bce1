"""Channels that are away, hang, or lose an answer: nothing is lost, and no other channel waits."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from kada_dagster_tests.api.http_server import Reply
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.mail_server import MailServer
from kada_dagster_tests.operations.site import WEBHOOK, Site

DAY = "2024-01-01 00:00:00"


@pytest.fixture
def failing(site: Site) -> Site:
    """A location whose source is away, its sensor has looked once."""
    site.sources[0] |= {"freshness": False, "retries": {"max_retries": 0}}
    site.alert()
    site.ticks(1)
    site.break_source()
    site.run(DAY)
    return site


def test_a_mail_server_that_was_down_gets_the_mail_once(
    failing: Site, inbox: Inbox, certificate: tuple[Path, Path]
) -> None:
    server = MailServer(*certificate)
    failing.alert(server.channel(), WEBHOOK)
    failing.ticks(3)  # the server is down
    assert len(inbox.posts) == 1, "the webhook does not wait"
    assert any("mail server 127.0.0.1" in said for said in failing.said)
    with server:
        failing.ticks(3)
    (received,) = server.mails
    assert received["Subject"] == "[kada] source docs: extract failed"
    assert received["Message-ID"] == f"<kada-{inbox.posts[0]['id']}@example.org>"
    assert len(inbox.posts) == 1


def test_what_happens_while_a_channel_is_away_is_one_more_message(
    failing: Site, inbox: Inbox
) -> None:
    inbox.replies = [Reply(b"", 503)] * 4
    failing.ticks(2)
    now = datetime.now(timezone.utc)
    failing.mend_source()
    for hours in (30, 60):
        (failing.folder / "docs_source" / "token.txt").write_text(f"no {hours * 'x'}")
        failing.run(DAY)
        failing.look_at(now + timedelta(hours=hours))
    failing.ticks(3)
    assert len(inbox.titles) == 6
    assert inbox.titles[:5] == [["source docs: extract failed"]] * 5
    assert inbox.titles[5] == ["source docs: extract failed", "source docs: extract failed again"]
    assert len({post["id"] for post in inbox.posts[:5]}) == 1


def test_a_tick_that_was_broken_off_sends_the_same_message_again(
    failing: Site, inbox: Inbox
) -> None:
    now = datetime.now(timezone.utc)
    failing.look_at(now)
    failing.look_at(now, remember=False)
    failing.look_at(now + timedelta(seconds=30))
    failing.look_at(now + timedelta(seconds=60))
    first, second = inbox.posts
    assert first == second
    keys = [seen.headers["idempotency-key"] for seen in inbox.server.seen]
    assert keys == [first["id"]] * 2


def test_a_channel_that_hangs_keeps_no_other_waiting(
    failing: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Inbox() as hanging:
        hanging.hang.clear()
        monkeypatch.setenv("TEST_HANGING_URL", hanging.url)
        slow = {**WEBHOOK, "url": "${TEST_HANGING_URL}", "timeout": 1}
        failing.alert(slow, WEBHOOK)
        failing.ticks(1)
        began = time.monotonic()
        failing.ticks(1)
        assert time.monotonic() - began < 10
        assert len(inbox.posts) == 1
        assert "webhook ${TEST_HANGING_URL}: does not answer in time" in failing.said[-1]
        hanging.hang.set()
        failing.ticks(2)
        assert hanging.titles == [["source docs: extract failed"]] * 2


def test_a_message_that_is_too_long_is_sent_in_part(failing: Site, inbox: Inbox) -> None:
    """Else it would be refused for ever, and all that comes later with it."""
    for name in ("wiki", "crm", "hr"):
        failing.add(name, freshness=False, retries={"max_retries": 0})
        failing.break_source(name)
        failing.run(DAY, name=name)
    inbox.replies = [Reply(b"", 413), Reply(b"", 413)]
    failing.ticks(3)
    assert [len(post["alerts"]) for post in inbox.posts] == [4, 2, 1]
    assert inbox.posts[-1]["left_out"] == 3
    assert any("3 alerts left out: the message was too long" in said for said in failing.said)


def test_a_secret_that_is_not_there_is_named_and_nothing_is_lost(
    failing: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_HOOK_URL")
    failing.ticks(2)
    assert "environment variable TEST_HOOK_URL is not set" in failing.said[-1]
    monkeypatch.setenv("TEST_HOOK_URL", inbox.url)
    failing.ticks(1)
    assert inbox.titles == [["source docs: extract failed"]]


def test_what_was_sent_is_not_sent_again_when_nothing_can_be_looked_at(
    failing: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise RuntimeError("pl4nted words of a database")

    failing.ticks(1)
    with monkeypatch.context() as patch:
        patch.setattr(type(failing.instance), "fetch_run_status_changes", gone)
        failing.ticks(3)
        assert failing.said[-1] == "not looked at anything: RuntimeError"
    assert len(inbox.posts) == 1
    failing.mend_source()
    assert failing.run(DAY).success
    failing.ticks(2)
    assert inbox.titles == [["source docs: extract failed"], ["source docs: works again"]]


def test_a_cursor_that_cannot_be_read_is_said(failing: Site, inbox: Inbox) -> None:
    failing.cursor = "{}"
    failing.ticks(1)
    assert failing.said[-1] == "the cursor could not be read: begun anew"
    failing.run(DAY)
    failing.ticks(2)
    assert inbox.titles == [["source docs: extract failed"]]
