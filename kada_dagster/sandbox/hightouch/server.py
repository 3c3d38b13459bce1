"""The stand-in server: one workspace over HTTP on a free port of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from kada_dagster.sandbox.hightouch.answers import too_many, unauthorized
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.faults import Faults, failure
from kada_dagster.sandbox.hightouch.routes import Routes
from kada_dagster.sandbox.web import Answer, CallBudget, Request, StandIn

PREFIX = "/api/v1"
TOKEN = "ht-sandbox-never-to-be-stored"
"""The key the server takes, unless it is given another."""


class WriteAttemptedError(AssertionError):
    """Something other than GET was sent: a collector reads."""


class HightouchServer(StandIn):
    """Serves an estate.

    Args:
        estate: the workspace; it may change while it is served.
        faults: the switches; they may change, too.
        token: the key it takes.
        calls: how many calls it takes in `seconds`; None: any number.
        seconds: length of the budget's window.
        latency: seconds before every answer.
        clock: seconds that never go back, for the budget and for failures with an end.
        port: to listen on; 0: a free one.

    Attributes:
        faults: as given.
        budget: counts calls, and those refused.
    """

    def __init__(
        self,
        estate: HightouchEstate,
        faults: Faults | None = None,
        *,
        token: str = TOKEN,
        calls: int | None = 200,
        seconds: float = 10,
        latency: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        super().__init__(prefix=PREFIX, latency=latency, clock=clock, port=port)
        self.estate = estate
        self.faults = faults or Faults()
        self.token = token
        self.budget = CallBudget(calls, seconds, clock)
        self._routes = Routes(estate, self.faults)

    def fail(self, kind: str, path: str = "/", *, times: int | None = 1, after: int = 0) -> None:
        """Let answers fail: see `failure`."""
        self.failures.add(failure(kind, path, times, after))

    def answer(self, request: Request, authorization: str) -> Answer:
        """See `StandIn.answer`."""
        if request.method != "GET":
            return Answer(405, b"Method Not Allowed", "text/plain; charset=utf-8")
        refusal = self._refusal(authorization)
        if refusal:
            return refusal
        with self.lock:
            if self.faults.before_answer:
                self.faults.before_answer(request)
            return self._routes.answer(request.path, request.query)

    def _refusal(self, authorization: str) -> Answer | None:
        if not authorization:
            return unauthorized("No authorization header found")
        if authorization != f"Bearer {self.token}":
            return unauthorized("Token is invalid")
        return None if self.budget.admits() else too_many(self.faults.retry_after)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop.

        Raises:
            WriteAttemptedError: something other than GET was sent.
        """
        super().__exit__(kind, error, trace)
        sent = sorted({request.method for request in self.writes})
        if sent and kind is None:
            raise WriteAttemptedError(f"a collector reads, but this was sent: {sent}")
