"""What waits to be sent: every notice reaches every channel, in order, whatever is away when."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.operations.notices import Message, Notice
from kada_dagster.operations.outbox import MOST_NOTICES, Attempt, after_sending, posted

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LABELS = ("mail", "hook")


def notice(number: int) -> Notice:
    return Notice(f"n{number}", "failed", f"notice {number}", (), "", START)


def attempt(messages: tuple[Message, ...], taken: int) -> Attempt:
    """What comes of sending when a channel takes so many messages and no more."""
    ids = tuple(message.id for message in messages)
    trouble = "away" if taken < len(ids) else ""
    return Attempt(ids[:taken], ids[: taken + 1], trouble)


_round = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2))


@settings(deadline=None)
@given(st.lists(_round, max_size=20))
def test_every_notice_reaches_every_channel_once_and_in_order(
    rounds: list[tuple[int, int, int]],
) -> None:
    outbox: dict[str, tuple[Message, ...]] = {}
    received: dict[str, list[str]] = {label: [] for label in LABELS}
    tried: dict[str, dict[str, Message]] = {label: {} for label in LABELS}
    count = 0
    for new, *taken in [*rounds, (0, 9, 9), (0, 9, 9)]:
        attempts = {
            label: attempt(outbox[label], number)
            for label, number in zip(LABELS, taken, strict=True)
            if label in outbox
        }
        for label, found in attempts.items():
            by_id = {message.id: message for message in outbox[label]}
            for one in found.delivered:
                received[label] += [notice.id for notice in by_id[one].notices]
            for one in found.tried:  # a message that was tried is never another one later
                assert tried[label].setdefault(one, by_id[one]) == by_id[one]
        left = after_sending(outbox, attempts, LABELS)
        outbox = posted(left, [notice(count + n) for n in range(new)], attempts, LABELS)
        count += new
        for label in LABELS:
            assert len(outbox.get(label, ())) <= 2
    assert outbox == {}
    assert received == {label: [f"n{number}" for number in range(count)] for label in LABELS}


def test_a_message_does_not_grow_without_end() -> None:
    outbox: dict[str, tuple[Message, ...]] = {}
    for number in range(MOST_NOTICES + 30):
        outbox = posted(outbox, [notice(number)], {}, ["mail"])
    (message,) = outbox["mail"]
    assert (len(message.notices), message.left_out) == (MOST_NOTICES, 30)


def test_what_waits_for_a_channel_that_is_gone_is_dropped() -> None:
    outbox = posted({}, [notice(1)], {}, LABELS)
    assert set(after_sending(outbox, {}, ["hook"])) == {"hook"}


def test_the_same_notices_have_the_same_id() -> None:
    assert Message((notice(1), notice(2))).id == Message((notice(1), notice(2))).id
    assert Message((notice(1),)).id != Message((notice(2),)).id
