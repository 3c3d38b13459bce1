"""How many calls an account may make in a span of time, shared by all threads that call.

A call counts from before it is sent until the span after its answer has passed. Where in between
the server counts it does not matter then: no span of the server's clock sees too many.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from threading import Condition, Lock

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.api.stopping import GLANCE, Stop, current


class NoRoomError(Exception):
    """No place comes free in the time that there is.

    Attributes:
        seconds: until one does, as far as is known.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no call may be made for {seconds:g} s")
        self.seconds = seconds


class RateBudget:
    """At most `calls` in any `seconds`, first come, first served.

    Args:
        calls: calls that may be made in the span, at least 1.
        seconds: length of the sliding span.
        clock: what tells the time and waits; the machine's by default.
    """

    def __init__(self, calls: int, seconds: float, clock: Clock | None = None) -> None:
        if calls < 1 or seconds < 0:
            raise ValueError(f"a budget of {calls} calls in {seconds} s lets nothing through")
        self.calls, self.seconds, self.clock = calls, seconds, clock or SystemClock()
        self._changed = Condition()
        self._queue: deque[object] = deque()
        self._answered: deque[float] = deque()  # when the calls of the last span came back
        self._flying = 0
        self._closed_until = float("-inf")

    @contextmanager
    def call(self, within: float | None = None) -> Generator[None]:
        """Wait for a place, hold it for one call, and give it back a span after its end.

        Args:
            within: seconds to wait for it at most; None for as long as it takes.

        Raises:
            NoRoomError: there is none in that time.
            StoppedError: the work of this thread was stopped while it waited.
        """
        self._take(current.get(), None if within is None else self.clock.now() + within)
        try:
            yield
        finally:
            with self._changed:
                self._flying -= 1
                self._answered.append(self.clock.now())
                self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Let nobody start a call for so long: the server said that it had enough."""
        with self._changed:
            self._closed_until = max(self._closed_until, self.clock.now() + seconds)

    def _take(self, stop: Stop, end: float | None) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            stop.check()
            while (wait := self._try(ticket)) is None or wait > 0:
                _check_room(wait or 0.0, self.clock.now(), end)
                self.clock.sleep(min(wait or 0.0, GLANCE))
                stop.check()
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _try(self, ticket: object) -> float | None:
        """Take a place and return 0; else how long to wait, None when nobody knows."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._may_look(ticket), timeout=GLANCE):
                return None
            wait = self._seconds_to_wait()
            self._flying += wait <= 0
            return wait

    def _may_look(self, ticket: object) -> bool:
        """Whether it is this one's turn, and the time of the next place can be told."""
        return self._queue[0] is ticket and self._flying < self.calls

    def _seconds_to_wait(self) -> float:
        now = self.clock.now()
        while self._answered and self._answered[0] + self.seconds <= now:
            self._answered.popleft()
        wait = self._closed_until - now
        if self._flying + len(self._answered) >= self.calls:
            wait = max(wait, self._answered[0] + self.seconds - now)
        return max(wait, 0.0)


def _check_room(wait: float, now: float, end: float | None) -> None:
    if end is not None and now + wait > end:
        raise NoRoomError(wait)


_shared: dict[tuple[str, bytes, int, float], RateBudget] = {}
_sharing = Lock()


def shared_budget(service: str, account: str, calls: int, seconds: float) -> RateBudget:
    """The one budget of an account in this process, also for collectors that come later.

    Args:
        service: name of the service, as `Hevo`.
        account: whatever the service counts by: a key, a token. Only its digest is kept.
        calls: see `RateBudget`.
        seconds: see `RateBudget`.
    """
    digest = hashlib.sha256(account.encode(errors="surrogatepass")).digest()
    with _sharing:
        key = (service, digest, calls, seconds)
        return _shared.setdefault(key, RateBudget(calls, seconds))
