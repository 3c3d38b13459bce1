"""What waits to be sent, by channel: a pure account of messages posted and delivered.

A message stays until its channel has taken it. What is new while one waits goes into the last
message that nobody tried to send yet, so that a channel that was away gets two, not a hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kada_dagster.operations.notices import Message, Notice

Outbox = Mapping[str, tuple[Message, ...]]
"""Messages by label of the channel, oldest first."""

MOST_NOTICES = 200
"""Notices of one message; more are counted."""


@dataclass(frozen=True)
class Attempt:
    """What came of sending the messages of a channel, in order, up to the first that failed.

    Attributes:
        delivered: ids of the messages it has taken.
        tried: ids of those that were tried, the failed one among them.
        trouble: why the last one failed, without secrets; empty where none did.
    """

    delivered: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    trouble: str = ""


def after_sending(
    outbox: Outbox, attempts: Mapping[str, Attempt], labels: Collection[str]
) -> dict[str, tuple[Message, ...]]:
    """What is left to send. What waits for a channel that is no longer configured is dropped.

    Args:
        outbox: before.
        attempts: what came of it.
        labels: of the channels there are.
    """
    left: dict[str, tuple[Message, ...]] = {}
    for label in labels:
        delivered = attempts[label].delivered if label in attempts else ()
        waiting = [one for one in outbox.get(label, ()) if one.id not in delivered]
        if waiting:
            left[label] = tuple(waiting)
    return left


def posted(
    outbox: Outbox,
    notices: Sequence[Notice],
    attempts: Mapping[str, Attempt],
    labels: Collection[str],
) -> dict[str, tuple[Message, ...]]:
    """The outbox with new notices for each channel.

    Args:
        outbox: what is left to send.
        notices: what is new.
        attempts: which messages were tried; they are sent as they are.
        labels: of the channels there are.
    """
    if not notices:
        return dict(outbox)
    tried = {label: attempt.tried for label, attempt in attempts.items()}
    return {label: _with(outbox.get(label, ()), notices, tried.get(label, ())) for label in labels}


def _with(
    waiting: tuple[Message, ...], notices: Sequence[Notice], tried: Collection[str]
) -> tuple[Message, ...]:
    if waiting and waiting[-1].id not in tried:
        *before, last = waiting
        return (*before, _message([*last.notices, *notices], last.left_out))
    return (*waiting, _message(notices, 0))


def _message(notices: Sequence[Notice], left_out: int) -> Message:
    return Message(tuple(notices[:MOST_NOTICES]), left_out + max(len(notices) - MOST_NOTICES, 0))
