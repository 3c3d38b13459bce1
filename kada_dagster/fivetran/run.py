"""One action under way: what it may use, how long it has, and what it has counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.api.errors import ApiCallError, ApiError, ApiUnavailableError
from kada_dagster.api.stopping import Stop, current
from kada_dagster.fivetran.client import FivetranClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.errors import SyncTimeoutError
from kada_dagster.fivetran.options import StartOptions

_logger = logging.getLogger(__name__)
Report = Callable[[str], object]
"""Hears, in sentences, what happens."""

_FIRST_WAITS = (2.0, 3.0, 5.0, 8.0, 13.0)
_WAIT, _OFTEN, _LONG_WAIT = 20.0, 27, 30.0  # so often the one, which is ten minutes; then the other


def waits() -> Iterator[float]:
    """Seconds between reads: short while a quick sync may end, then longer."""
    return chain(_FIRST_WAITS, repeat(_WAIT, _OFTEN), repeat(_LONG_WAIT))


@dataclass
class Run:
    """What all parts of an action share.

    Attributes:
        client: of the account.
        connection_id: of the connection.
        options: what to do in each case.
        report: hears, in sentences, what happens.
        clock: of the waits and the deadline.
        stop: ends the waits when it is raised.
        polls: reads of the connection while waiting.
        last: how the connection was read last.
        is_ours: whether a sync was asked for, so that what runs may be stopped.
        schedule_before: type of the schedule before it was changed; None: it was not.
        hint: what to say besides when the time is up.
    """

    client: FivetranClient
    connection_id: str
    options: StartOptions = field(default_factory=StartOptions)
    report: Report = field(default_factory=lambda: logged)
    clock: Clock = field(default_factory=SystemClock)
    stop: Stop = field(default_factory=current.get)
    polls: int = 0
    last: Connection | None = None
    is_ours: bool = False
    schedule_before: str | None = None
    hint: str = ""

    def __post_init__(self) -> None:
        self._began, self._calls = self.clock.now(), self.client.api.calls
        self._patience = 0.0

    @property
    def seconds(self) -> float:
        """How long the action takes so far."""
        return self.clock.now() - self._began

    @property
    def calls(self) -> int:
        """Requests so far."""
        return self.client.api.calls - self._calls

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 after it."""
        return max(0.0, self.options.timeout - self.seconds)

    @property
    def name(self) -> str:
        """The connection in messages."""
        return self.last.name if self.last else self.connection_id

    def sleep(self, seconds: float) -> None:
        """Wait so long, or as long as the server asked for, but not beyond the deadline.

        Raises:
            StoppedError: the action is not wanted any more.
        """
        wait, self._patience = max(seconds, self._patience), 0.0
        self.stop.sleep(self.clock, min(wait, self.left))

    def read(self) -> Connection:
        """The connection, before anything was asked of it; tried again as any read is.

        Raises:
            KadaError: see `FivetranClient.connection`.
        """
        self.last = self.client.connection(self.connection_id, within=self.left)
        return self.last

    def glance(self) -> Connection | None:
        """The connection by one attempt while waiting; None where a later one may do better.

        Raises:
            ApiCallError: the connection is gone, or the key is not valid any more.
        """
        self.polls += 1
        try:
            self.last = self.client.connection(self.connection_id, within=0)
        except ApiCallError as error:
            if not is_passing(error):
                raise
            self._patience = error.retry_after or 0.0
            self.report(f"{error}; it is waited for all the same")
            return None
        return self.last

    def read_patiently(self, what: str) -> Connection:
        """The connection, read until that works.

        Args:
            what: to say when there is no more time.

        Raises:
            SyncTimeoutError: the deadline came first.
        """
        for wait in waits():
            if found := self.glance():
                return found
            if not self.left:
                break
            self.sleep(wait)
        raise self.timed_out(what)

    def timed_out(self, what: str) -> SyncTimeoutError:
        """The error of the deadline."""
        hint = f" ({self.hint})" if self.hint else ""
        message = (
            f"{self.name}: not done within timeout ({self.options.timeout:g} s): {what}; give it "
            f"more time{hint}, or look at {Connection(self.connection_id).url}"
        )
        return SyncTimeoutError(message, connection_id=self.connection_id)


def logged(said: str) -> None:
    """The report of those who give no other: the log."""
    _logger.info("%s", said)


def is_passing(error: ApiCallError) -> bool:
    """Whether the error may be gone at the next attempt: an outage, or a proxy's page."""
    if isinstance(error, ApiUnavailableError):
        return True
    return isinstance(error, ApiError) and (error.status is None or error.status < 400)
