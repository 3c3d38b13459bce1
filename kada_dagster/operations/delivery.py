"""Sending what waits: each channel in a thread of its own, all within one span of time.

A channel that hangs keeps no other waiting, and not the sensor either, whose tick Dagster breaks
off after a minute, with all that it was to remember.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock, Thread

from kada_dagster.errors import KadaError
from kada_dagster.operations.channel import Channel, TooLongError
from kada_dagster.operations.notices import Message
from kada_dagster.operations.outbox import Attempt, Outbox

SECONDS = 15.0
"""For all channels together."""


@dataclass
class _Sending:
    """The messages of one channel on their way, as far as they have come."""

    attempt: Attempt = field(default_factory=Attempt)
    remarks: list[str] = field(default_factory=list[str])
    is_over: bool = False
    lock: Lock = field(default_factory=Lock)

    def run(self, channel: Channel, messages: tuple[Message, ...]) -> None:
        for message in messages:
            if not self._begin(message):
                return
            try:
                remark = _send(channel, message)
            except KadaError as error:
                self._end(trouble=str(error))
                return
            except Exception as error:  # its words may hold anything
                self._end(trouble=f"{type(error).__name__}, an error nobody foresaw")
                return
            self._end(delivered=message, remark=remark)

    def result(self) -> tuple[Attempt, list[str]]:
        """What came of it by now; what comes later counts no more."""
        with self.lock:
            self.is_over = True
            return self.attempt, self.remarks

    def _begin(self, message: Message) -> bool:
        with self.lock:
            tried = (*self.attempt.tried, message.id)
            if not self.is_over:
                # Stands until there is an answer: it may be taken and we do not know.
                self.attempt = replace(self.attempt, tried=tried, trouble="no answer in time")
            return not self.is_over

    def _end(self, delivered: Message | None = None, trouble: str = "", remark: str = "") -> None:
        with self.lock:
            done = self.attempt.delivered + ((delivered.id,) if delivered else ())
            if not self.is_over:
                self.attempt = replace(self.attempt, delivered=done, trouble=trouble)
                self.remarks += [remark] if remark else []


def _send(channel: Channel, message: Message) -> str:
    """Send a message; of one that is too long, the first half, and so on. It would else be refused
    for ever, and with it all that comes later."""
    try:
        return channel.send(message)
    except TooLongError:
        kept = len(message.notices) // 2
        if not kept:
            raise
        more = len(message.notices) - kept
        remark = _send(channel, Message(message.notices[:kept], message.left_out + more))
        return remark or f"{message.left_out + more} alerts left out: the message was too long"


def deliver(
    channels: Mapping[str, Channel], outbox: Outbox, seconds: float = SECONDS
) -> tuple[dict[str, Attempt], list[str]]:
    """Send what waits, oldest first; a channel stops at the first message it does not take.

    Args:
        channels: by label.
        outbox: what waits; of channels that are not there nothing is sent.
        seconds: after which what has no answer counts as not sent.

    Returns:
        What came of it by channel, and what else is to be said.
    """
    sendings = {label: _Sending() for label in outbox if label in channels}
    threads = [
        Thread(target=sending.run, args=(channels[label], tuple(outbox[label])), daemon=True)
        for label, sending in sendings.items()
    ]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    results = {label: sending.result() for label, sending in sendings.items()}
    remarks = [f"{label}: {text}" for label, (_, texts) in results.items() for text in texts]
    return {label: attempt for label, (attempt, _) in results.items()}, remarks
